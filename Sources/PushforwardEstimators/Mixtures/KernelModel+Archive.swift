import PushforwardCore
import PushforwardMixtures
import PushforwardTables

extension KernelModel {
  private struct Description: Codable {
    var schema: Schema
    var record: FitRecord
    var leftOut: [PushforwardTables.Encoder.LeftOut]
    var encoding: MixedEncoding
    var kernels: Int
    var bandwidths: [Double]
    var noise: [Double]
    /// Two a column.
    var bounds: [Double]

    enum CodingKeys: String, CodingKey {
      case schema, record, encoding, kernels, bandwidths, noise, bounds
      case leftOut = "left_out"
    }
  }

  /// Puts the model into a file: centres, codes and weights as tensors.
  public func store(in archive: inout ModelArchive) throws {
    let count = density.weights.count
    try archive.describe(
      Description(
        schema: schema, record: record, leftOut: leftOut, encoding: encoding, kernels: count,
        bandwidths: density.bandwidths, noise: density.noise,
        bounds: density.bounds.flatMap { [$0.lowerBound, $0.upperBound] }))
    try archive.add("weights", shape: [count], density.weights)
    if density.features > 0 { try archive.add("centres", shape: [count, density.features], density.centres.values) }
    if !density.codes.isEmpty {
      try archive.add("codes", shape: [count, density.levels.count], density.codes)
    }
  }

  /// Reads the model back.
  ///
  /// - Throws: `EstimatorError.notAModel`, `SafeTensorsError`.
  public init(from archive: ModelArchive) throws {
    let stored = try archive.description(as: Description.self)
    let (count, encoding) = (stored.kernels, stored.encoding)
    let (d, width) = (encoding.numbers.count, encoding.categories.count)
    guard (1...1 << 31).contains(count), d <= 1 << 16, stored.bounds.count == 2 * d,
      (0..<d).allSatisfy({ stored.bounds[2 * $0] <= stored.bounds[2 * $0 + 1] })
    else { throw archive.damage("\(count) kernels of \(d) columns with \(stored.bounds.count / 2) ranges") }
    let weights = try archive.values("weights", shape: [count], as: Double.self)
    let centres = try d > 0 ? archive.values("centres", shape: [count, d], as: Double.self) : []
    let codes = try width > 0 ? archive.values("codes", shape: [count, width], as: Int32.self) : []
    do {
      let rows = try MixtureRows(
        numbers: Matrix(rows: count, columns: d, values: centres), codes: codes,
        levels: encoding.levels, weights: weights)
      density = try KernelDensity(
        rows, bandwidths: stored.bandwidths, noise: stored.noise,
        bounds: (0..<d).map { stored.bounds[2 * $0]...stored.bounds[2 * $0 + 1] })
    } catch {
      throw archive.damage("\(error)")
    }
    (schema, record, leftOut) = (stored.schema, stored.record, stored.leftOut)
    self.encoding = encoding
    guard encoding.isConsistent else { throw archive.damage("its columns do not fit each other") }
  }
}
