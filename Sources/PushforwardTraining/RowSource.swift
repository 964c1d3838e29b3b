import PushforwardCore

/// Where training rows come from: a matrix, an encoded table, draws of nothing.
public protocol RowSource<Scalar>: Sendable {
  /// `Float` or `Double`.
  associatedtype Scalar: TileScalar
  /// Number of rows.
  var rowCount: Int { get }
  /// Features of a row; may be 0 when the objective draws its own.
  var features: Int { get }
  /// Features of a row's context; 0 when there is none.
  var contextFeatures: Int { get }
  /// Names of the features, for messages.
  var featureNames: [String] { get }
  /// Whether rows have weights.
  var isWeighted: Bool { get }

  /// Told before the first `load` of a pass, from one thread; sources that jitter prepare it here.
  ///
  /// - Parameters:
  ///   - epoch: The pass; `nil` when validating.
  ///   - workers: Threads to use.
  func beginEpoch(_ epoch: Int?, workers: WorkerPool)

  /// Brings rows of a pass to hand, from one thread: after `beginEpoch`, and whenever fewer than a batch of those at hand
  /// are left.
  ///
  /// A source that is too large for memory brings a part of its rows, drawn from all over it. One that holds its rows
  /// brings them all at the first call of a pass and is not called again.
  ///
  /// - Parameters:
  ///   - kept: Rows at hand that have not been used yet, by their numbers; they become the first rows of the next part.
  ///   - workers: Threads to use.
  /// - Returns: How many rows are at hand now; `load` knows them by the numbers from 0.
  /// - Throws: What reading throws.
  func advance(keeping kept: ArraySlice<Int32>, workers: WorkerPool) throws -> Int

  /// Writes rows, row-major.
  ///
  /// - Parameters:
  ///   - rows: Numbers of the rows, among those at hand.
  ///   - epoch: The pass, so that jitter differs from one to the next; `nil` when validating (no jitter).
  ///   - x: Where the rows go, `features` numbers each.
  ///   - context: Where their contexts go, `contextFeatures` numbers each.
  ///   - weights: Where their weights go, if the source is weighted.
  func load(
    _ rows: UnsafeBufferPointer<Int32>, epoch: Int?, x: UnsafeMutablePointer<Scalar>,
    context: UnsafeMutablePointer<Scalar>, weights: UnsafeMutablePointer<Scalar>)
}

extension RowSource {
  /// Nothing to prepare.
  public func beginEpoch(_ epoch: Int?, workers: WorkerPool) {}

  /// All rows are at hand.
  public func advance(keeping kept: ArraySlice<Int32>, workers: WorkerPool) throws -> Int { rowCount }
}

/// Rows held in matrices.
public struct MatrixSource<Scalar: TileScalar>: RowSource {
  /// `rows x features`.
  public let x: Matrix<Scalar>
  /// `rows x contextFeatures`.
  public let context: Matrix<Scalar>?
  /// One weight a row; all equal when `nil`.
  public let weights: [Scalar]?
  /// See `RowSource`.
  public let featureNames: [String]

  /// See `RowSource`.
  public var rowCount: Int { x.rows }
  /// See `RowSource`.
  public var features: Int { x.columns }
  /// See `RowSource`.
  public var contextFeatures: Int { context?.columns ?? 0 }
  /// See `RowSource`.
  public var isWeighted: Bool { weights != nil }

  /// A source over matrices.
  ///
  /// - Throws: `EngineError.rowCount` when the parts have unequal numbers of rows.
  public init(
    _ x: Matrix<Scalar>, context: Matrix<Scalar>? = nil, weights: [Scalar]? = nil, featureNames: [String]? = nil
  ) throws {
    if let context, context.rows != x.rows {
      throw EngineError.rowCount(operation: "context", expected: x.rows, found: context.rows)
    }
    if let weights, weights.count != x.rows {
      throw EngineError.rowCount(operation: "weights", expected: x.rows, found: weights.count)
    }
    self.x = x
    self.context = context
    self.weights = weights
    self.featureNames = featureNames ?? (0..<x.columns).map { "feature \($0)" }
  }

  /// See `RowSource`.
  public func load(
    _ rows: UnsafeBufferPointer<Int32>, epoch: Int?, x out: UnsafeMutablePointer<Scalar>,
    context contextOut: UnsafeMutablePointer<Scalar>, weights weightsOut: UnsafeMutablePointer<Scalar>
  ) {
    Self.gather(x, rows, out)
    if let context { Self.gather(context, rows, contextOut) }
    if let weights {
      for (position, row) in rows.enumerated() { weightsOut[position] = weights[Int(row)] }
    }
  }

  /// Copies rows of a matrix.
  static func gather(
    _ matrix: Matrix<Scalar>, _ rows: UnsafeBufferPointer<Int32>, _ out: UnsafeMutablePointer<Scalar>
  ) {
    let columns = matrix.columns
    matrix.values.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress else { return }
      for (position, row) in rows.enumerated() {
        (out + position * columns).update(from: base + Int(row) * columns, count: columns)
      }
    }
  }
}

/// Rows without features, for an objective that draws its own: `rowCount` draws an epoch.
public struct DrawSource<Scalar: TileScalar>: RowSource {
  /// See `RowSource`.
  public let rowCount: Int
  /// See `RowSource`.
  public var features: Int { 0 }
  /// See `RowSource`.
  public var contextFeatures: Int { 0 }
  /// See `RowSource`.
  public var featureNames: [String] { [] }
  /// See `RowSource`.
  public var isWeighted: Bool { false }

  /// A source of `rowsPerEpoch` draws.
  public init(rowsPerEpoch: Int) { rowCount = rowsPerEpoch }

  /// See `RowSource`.
  public func load(
    _ rows: UnsafeBufferPointer<Int32>, epoch: Int?, x: UnsafeMutablePointer<Scalar>,
    context: UnsafeMutablePointer<Scalar>, weights: UnsafeMutablePointer<Scalar>
  ) {}
}
