import PushforwardCore
import PushforwardTables
import PushforwardTraining

/// The rows of a table on the model's scale, spread over their recording cells anew each epoch.
final class EncodedSource: RowSource, @unchecked Sendable {
  typealias Scalar = Float

  private let encoder: Encoder
  private let rows: PreparedRows
  private let indices: [Int]
  private let seed: UInt64
  private let context: Matrix<Float>?
  private let rowWeights: [Float]?
  /// Values of the epoch at hand; replaced by `beginEpoch`, before any worker reads.
  private var values: [Float] = []
  /// Values without jitter.
  let exact: EncodedRows

  var rowCount: Int { indices.count }
  var features: Int { encoder.columns.count }
  var contextFeatures: Int { encoder.conditionWidth }
  var featureNames: [String] { encoder.columns.map(\.name) }
  var isWeighted: Bool { rowWeights != nil }
  /// Whether any column is spread at all.
  private var isJittered: Bool { encoder.columns.contains { $0.jitterWidth > 0 } }

  /// The prepared rows with the numbers `indices`; `weights` has one for each prepared row.
  init(encoder: Encoder, rows: PreparedRows, indices: [Int], weights: [Double]?, seed: UInt64) {
    self.encoder = encoder
    self.rows = rows
    self.indices = indices
    self.seed = seed
    exact = encoder.encode(rows, indices: indices)
    let width = encoder.conditionWidth
    context =
      width == 0
      ? nil
      : Matrix(
        rows: indices.count, columns: width,
        values: indices.flatMap { row in rows.conditions[row * width..<(row + 1) * width].map { Float($0) } })
    rowWeights = weights.map { weights in indices.map { Float(weights[$0]) } }
    values = exact.floats
  }

  /// The conditions of the rows.
  var conditions: Matrix<Float>? { context }
  /// The rows without jitter.
  var matrix: Matrix<Float> { Matrix(rows: rowCount, columns: features, values: exact.floats) }
  /// The rows' weights.
  var weights: [Double]? { rowWeights.map { $0.map { Double($0) } } }

  func beginEpoch(_ epoch: Int?, workers: WorkerPool) {
    guard let epoch, isJittered else {
      values = exact.floats
      return
    }
    let piece = 1024
    let pieces = (rowCount + piece - 1) / piece
    let epochSeed = RandomStream(seed: seed, purpose: .jitter).split(UInt64(epoch)).seed
    let width = features
    var fresh = [Float](repeating: 0, count: rowCount * width)
    fresh.withUnsafeMutableBufferPointer { out in
      let out = out.baseAddress!
      workers.run(items: pieces) { item, _ in
        let range = item * piece..<min((item + 1) * piece, rowCount)
        let encoded = encoder.encode(rows, indices: Array(indices[range]), jitterSeed: epochSeed).floats
        encoded.withUnsafeBufferPointer {
          (out + range.lowerBound * width).update(from: $0.baseAddress!, count: $0.count)
        }
      }
    }
    values = fresh
  }

  func load(
    _ rows: UnsafeBufferPointer<Int32>, epoch: Int?, x: UnsafeMutablePointer<Float>,
    context contextOut: UnsafeMutablePointer<Float>, weights weightsOut: UnsafeMutablePointer<Float>
  ) {
    CachedSource.gather(values, width: features, rows, to: x)
    if let context { CachedSource.gather(context.values, width: context.columns, rows, to: contextOut) }
    if let rowWeights { CachedSource.gather(rowWeights, width: 1, rows, to: weightsOut) }
  }
}
