/// How a parameter slice starts.
public enum Initializer: Codable, Sendable, Equatable {
  /// All zero.
  case zeros
  /// All one value.
  case constant(Double)
  /// Uniform on `[-1, 1] * gain * sqrt(3 / fanIn)`: variance `gain^2 / fanIn`. With `extents`, row `o` has
  /// `fanIn = extents[o]` and nothing beyond it: masked entries start, and stay, zero.
  case fanIn(gain: Double, extents: [Int32]?)
  /// Ones on the diagonal, zeros elsewhere.
  case identity
  /// Normal with the given standard deviation.
  case normal(deviation: Double)
  /// These values, row-major.
  case values([Double])

  func fill<Scalar: TileScalar>(_ out: UnsafeMutablePointer<Scalar>, slice: ParameterSlice, stream: Int, seed: UInt64) {
    switch self {
    case .zeros:
      Scalar.fill(out, 0, slice.count)
    case .constant(let value):
      Scalar.fill(out, Scalar(value), slice.count)
    case .identity:
      Scalar.fill(out, 0, slice.count)
      for index in 0..<min(slice.rows, slice.columns) { out[index * slice.columns + index] = 1 }
    case .values(let values):
      precondition(values.count == slice.count, "\(slice.name): initial values do not fit")
      for index in 0..<slice.count { out[index] = Scalar(values[index]) }
    case .fanIn, .normal:
      let random = RandomStream(seed: seed, purpose: .initialization).split(UInt64(stream))
      // Drawn in Double and rounded, so Float and Double models of one seed start alike.
      for row in 0..<slice.rows {
        let draws: Matrix<Double>
        let scale: Double
        var used = slice.columns
        if case .fanIn(let gain, let extents) = self {
          used = extents.map { Int($0[row]) } ?? slice.columns
          draws = random.uniform(rows: 1, columns: slice.columns, firstRow: UInt64(row))
          scale = gain * (3 / Double(max(used, 1))).squareRoot()
        } else {
          draws = random.normal(rows: 1, columns: slice.columns, firstRow: UInt64(row))
          guard case .normal(let deviation) = self else { return }
          scale = deviation
        }
        for column in 0..<slice.columns {
          let value = if case .fanIn = self { 2 * draws.values[column] - 1 } else { draws.values[column] }
          out[row * slice.columns + column] = column < used ? Scalar(scale * value) : 0
        }
      }
    }
  }
}
