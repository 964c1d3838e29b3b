import PushforwardCore

/// A masked autoregressive network: output block `d` depends on the context and on features before `d` only.
///
/// Degrees: features `1...D`, context (and auxiliary inputs) 0; a hidden unit of degree m sees inputs of degree
/// `<= m`, an output of feature d sees hidden units of degree `< d`. Hidden units are sorted by degree, so every weight
/// matrix is block lower-triangular and half of the arithmetic does not exist. The input is the context above the
/// features; the output holds `outputsPerFeature` consecutive rows a feature.
///
/// - SeeAlso: Germain et al. (2015), "MADE: Masked Autoencoder for Distribution Estimation", arXiv:1502.03509.
public struct MADE<Scalar: TileScalar>: Sendable {
  /// Features of the input, context not counted.
  public let features: Int
  /// Features of the context.
  public let contextFeatures: Int
  /// Rows of output for each feature.
  public let outputsPerFeature: Int
  /// Degrees of the hidden units, sorted, one list a layer.
  public let hiddenDegrees: [[Int]]
  let stack: LayerStack<Scalar>

  /// Adds a network's parameters to `layout` under `name`.
  ///
  /// - Parameters:
  ///   - features: Features of the input, context not counted.
  ///   - contextFeatures: Features of the context.
  ///   - outputsPerFeature: Rows of output for each feature.
  ///   - settings: Widths, activation, residual blocks, dropout.
  ///   - hiddenDegrees: Sorted degrees of each hidden layer; evenly spread when `nil`.
  ///   - outputGain: Scale of the output layer's initial weights.
  ///   - layout: Where the parameters are added.
  ///   - name: Their common prefix.
  public init(
    features: Int, contextFeatures: Int = 0, outputsPerFeature: Int, settings: NetworkSettings,
    hiddenDegrees: [[Int]]? = nil, outputGain: Double = 1, layout: inout ParameterLayout, name: String
  ) {
    let degrees =
      hiddenDegrees
      ?? settings.hidden.map { Self.evenDegrees(units: $0, features: features, hasContext: contextFeatures > 0) }
    precondition(degrees.allSatisfy { zip($0, $0.dropFirst()).allSatisfy(<=) }, "hidden degrees must be sorted")
    self.features = features
    self.contextFeatures = contextFeatures
    self.outputsPerFeature = outputsPerFeature
    self.hiddenDegrees = degrees
    var masks: [TriangularMask] = []
    var below = [Int](repeating: 0, count: contextFeatures) + Array(1...max(features, 1)).prefix(features)
    for layer in degrees {
      masks.append(Self.mask(rows: layer.map { $0 + 1 }, columns: below))
      below = layer
    }
    let outputDegrees = (0..<features * outputsPerFeature).map { $0 / outputsPerFeature + 1 }
    masks.append(Self.mask(rows: outputDegrees, columns: below))
    stack = LayerStack(
      widths: [features + contextFeatures] + degrees.map(\.count) + [features * outputsPerFeature], masks: masks,
      settings: settings, outputGain: outputGain, layout: &layout, name: name)
  }

  /// Degrees spread evenly over the units: from 0 when there is a context (or a single feature), else from 1, to D-1.
  static func evenDegrees(units: Int, features: Int, hasContext: Bool) -> [Int] {
    let lowest = hasContext || features < 2 ? 0 : 1
    let choices = max(features - lowest, 1)
    return (0..<units).map { lowest + $0 * choices / units }
  }

  /// Row `o` may use the columns whose degree is below `rows[o]`; both sorted.
  private static func mask(rows: [Int], columns: [Int]) -> TriangularMask {
    var extent = 0
    let extents = rows.map { row in
      while extent < columns.count && columns[extent] < row { extent += 1 }
      return Int32(extent)
    }
    return TriangularMask(extents: extents, columns: columns.count)
  }

  /// Applies the network: `features * outputsPerFeature x lanes` a tile.
  ///
  /// - Throws: `EngineError.featureCount`.
  @_specialize(where Scalar == Float)
  public func callAsFunction(_ x: Variable, context: Variable? = nil, on tape: Tape<Scalar>) throws -> Variable {
    stack.apply(try joined(x, context: context, on: tape), on: tape)
  }

  /// The context above the features.
  func joined(_ x: Variable, context: Variable?, on tape: Tape<Scalar>) throws -> Variable {
    guard x.features == features else {
      throw EngineError.featureCount(operation: "MADE", expected: features, found: x.features)
    }
    if contextFeatures == 0 { return x }
    guard let context, context.features == contextFeatures else {
      throw EngineError.featureCount(
        operation: "MADE, context", expected: contextFeatures, found: context?.features ?? 0)
    }
    return tape.concatenate(context, x)
  }
}
