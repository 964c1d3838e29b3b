/// The map of one modelled column between its own units and the model's scale.
public enum ColumnTransform: Sendable, Codable, Equatable {
  /// Shift and scale, perhaps after a logarithm.
  case standard(StandardTransform)
  /// Monotone Gaussianisation.
  case marginal(MarginalTransform)

  private enum CodingKeys: String, CodingKey { case standard, marginal }

  /// Reads a transform: an object with one key, its name.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if container.contains(.marginal) {
      self = .marginal(try container.decode(MarginalTransform.self, forKey: .marginal))
    } else {
      self = .standard(try container.decode(StandardTransform.self, forKey: .standard))
    }
  }

  /// Writes an object with one key, the transform's name.
  public func encode(to encoder: any Swift.Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .standard(let transform): try container.encode(transform, forKey: .standard)
    case .marginal(let transform): try container.encode(transform, forKey: .marginal)
    }
  }

  /// Maps a finite value in the column's units to `z`, with `log(dz/dx)` in nats.
  public func forward(_ x: Double) -> (z: Double, logDet: Double) {
    switch self {
    case .standard(let transform): transform.forward(x)
    case .marginal(let transform): transform.forward(x)
    }
  }

  /// Maps `z` back to the column's units.
  public func inverse(_ z: Double) -> Double {
    switch self {
    case .standard(let transform): transform.inverse(z)
    case .marginal(let transform): transform.inverse(z)
    }
  }
}
