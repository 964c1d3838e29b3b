import PushforwardCore

/// A normalizing flow: a bijection, a base distribution and their parameters.
///
/// A value; a copy is a snapshot.
///
/// All rows are in the flow's own (encoded) space; log-densities are nats per row.
public struct Flow<Scalar: TileScalar>: Sendable {
  /// The structure.
  public let network: FlowNetwork<Scalar>
  /// The numbers.
  public var parameters: Parameters<Scalar>
  /// What it was built from.
  public var specification: FlowSpecification { network.specification }

  /// A flow with initial parameters drawn from `seed`.
  ///
  /// - Throws: `EngineError` when the specification contradicts itself.
  public init(_ specification: FlowSpecification, seed: UInt64 = 0) throws {
    network = try FlowNetwork(specification)
    parameters = Parameters(layout: network.layout, seed: seed)
  }

  /// A flow of known structure and parameters.
  ///
  /// - Precondition: the parameters have the network's layout.
  public init(network: FlowNetwork<Scalar>, parameters: Parameters<Scalar>) {
    precondition(network.layout == parameters.layout, "parameters of another layout")
    self.network = network
    self.parameters = parameters
  }

  /// The same flow in another precision.
  public func converted<Other: TileScalar>(to type: Other.Type = Other.self) throws -> Flow<Other> {
    Flow<Other>(network: try FlowNetwork(specification), parameters: parameters.converted())
  }

  /// `log p(x | context)` of each row, in nats.
  ///
  /// - Parameters:
  ///   - x: `rows x features`.
  ///   - context: `rows x contextFeatures`, or one row for all; `nil` if the flow is unconditional.
  ///   - workers: Threads to use; the calling thread alone when `nil`.
  /// - Returns: One log-density a row, in nats.
  /// - Throws: `EngineError.featureCount` or `.rowCount`.
  public func logProb(
    _ x: Matrix<Scalar>, context: Matrix<Scalar>? = nil, workers: WorkerPool? = nil
  ) throws -> [Scalar] {
    try run(x, context: context, workers: workers, outputs: 1) { tape, x, context in
      try network.logProb(x, context: context, on: tape).logProb
    }.values
  }

  /// Maps rows to base space.
  ///
  /// - Throws: `EngineError.featureCount` or `.rowCount`.
  public func encode(
    _ x: Matrix<Scalar>, context: Matrix<Scalar>? = nil, workers: WorkerPool? = nil
  ) throws -> Matrix<Scalar> {
    try run(x, context: context, workers: workers, outputs: specification.features) { tape, x, context in
      try network.logProb(x, context: context, on: tape).z
    }
  }

  /// Maps base space to rows.
  ///
  /// - Throws: `EngineError.featureCount` or `.rowCount`.
  public func decode(
    _ z: Matrix<Scalar>, context: Matrix<Scalar>? = nil, workers: WorkerPool? = nil
  ) throws -> Matrix<Scalar> {
    try run(z, context: context, workers: workers, outputs: specification.features) { tape, z, context in
      try network.decode(z, context: context, on: tape).x
    }
  }

  /// Draws rows.
  ///
  /// Row `i` is the same whatever `count` and the number of workers.
  ///
  /// - Parameters:
  ///   - count: Number of rows.
  ///   - context: One row for all, or a row for each draw.
  ///   - seed: Same seed, same rows.
  ///   - firstRow: Number of the first row, to draw a long sample in pieces.
  ///   - workers: Threads to use; the calling thread alone when `nil`.
  /// - Returns: `count x features`.
  /// - Throws: `EngineError.featureCount` or `.rowCount`.
  public func sample(
    count: Int, context: Matrix<Scalar>? = nil, seed: UInt64, firstRow: UInt64 = 0, workers: WorkerPool? = nil
  ) throws -> Matrix<Scalar> {
    let stream = RandomStream(seed: seed, purpose: .base)
    let features = specification.features
    return try run(
      rows: count, x: nil, context: context, workers: workers, outputs: features
    ) { tape, _, context, start in
      let z = specification.base.sample(
        features: features, stream: stream, firstRow: firstRow + UInt64(start), on: tape)
      return try network.decode(z, context: context, on: tape).x
    }
  }

  private func run(
    _ x: Matrix<Scalar>, context: Matrix<Scalar>?, workers: WorkerPool?, outputs: Int,
    _ body: (Tape<Scalar>, Variable, Variable?) throws -> Variable
  ) throws -> Matrix<Scalar> {
    guard x.columns == specification.features else {
      throw EngineError.featureCount(operation: "flow", expected: specification.features, found: x.columns)
    }
    return try run(
      rows: x.rows, x: x, context: context, workers: workers, outputs: outputs
    ) { tape, x, context, _ in
      try body(tape, x!, context)
    }
  }

  /// Deals rows out in pieces of a few tiles; each worker has its own tape.
  private func run(
    rows: Int, x: Matrix<Scalar>?, context: Matrix<Scalar>?, workers: WorkerPool?, outputs: Int,
    _ body: (Tape<Scalar>, Variable?, Variable?, _ start: Int) throws -> Variable
  ) throws -> Matrix<Scalar> {
    if let context, context.rows != rows && context.rows != 1 {
      throw EngineError.rowCount(operation: "context", expected: rows, found: context.rows)
    }
    return try RowRunner<Scalar>(rows: rows, workers: workers).run(parameters: parameters, outputs: outputs) {
      tape, start in
      let input = x.map { matrix in
        matrix.values.withUnsafeBufferPointer {
          tape.input(
            rowMajor: $0.baseAddress! + start * matrix.columns, features: matrix.columns, stride: matrix.columns)
        }
      }
      let given = context.map { matrix in
        matrix.values.withUnsafeBufferPointer {
          // One row for all: stride 0 repeats it.
          let single = matrix.rows == 1
          return tape.input(
            rowMajor: $0.baseAddress! + (single ? 0 : start * matrix.columns), features: matrix.columns,
            stride: single ? 0 : matrix.columns)
        }
      }
      return try body(tape, input, given, start)
    }
  }
}
