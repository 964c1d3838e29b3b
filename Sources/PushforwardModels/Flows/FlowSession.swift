import PushforwardCore

/// A flow made ready to answer one row after another: its tape and buffers are kept, so that a warm call allocates
/// nothing but its result.
///
/// Not `Sendable`: one session a thread. The flow is a copy; later changes of the original do not show.
public final class FlowSession<Scalar: TileScalar> {
  /// The flow.
  public let flow: Flow<Scalar>
  private let tape = Tape<Scalar>()
  /// How rows are answered where all parts of the flow have a packed form; the tape serves the others.
  private let program: RowProgram<Scalar>?
  private let features: Int
  private let contextFeatures: Int

  /// A session over a flow.
  public init(_ flow: Flow<Scalar>) {
    self.flow = flow
    program = RowProgram(flow)
    features = flow.specification.features
    contextFeatures = flow.specification.contextFeatures
  }

  /// `log p(row | context)` in nats.
  ///
  /// - Parameters:
  ///   - row: `features` numbers.
  ///   - context: `contextFeatures` numbers; `nil` if the flow is unconditional.
  /// - Returns: One number.
  /// - Throws: `EngineError.featureCount`.
  public func logProb(_ row: [Scalar], context: [Scalar]? = nil) throws -> Scalar {
    if let program {
      return try running(program, row, context) { program, context in program.logProb(context: context).logProb }
    }
    return try withRow(row, context) { x, context in
      tape.pointer(try flow.network.logProb(x, context: context, on: tape).logProb)[0]
    }
  }

  /// Maps a row to base space.
  ///
  /// - Throws: `EngineError.featureCount`.
  public func encode(_ row: [Scalar], context: [Scalar]? = nil) throws -> [Scalar] {
    if let program {
      return try running(program, row, context) { program, context in values(program.logProb(context: context).z) }
    }
    return try withRow(row, context) { x, context in
      values(try flow.network.logProb(x, context: context, on: tape).z)
    }
  }

  /// Maps a base value to a row.
  ///
  /// - Throws: `EngineError.featureCount`.
  public func decode(_ z: [Scalar], context: [Scalar]? = nil) throws -> [Scalar] {
    if let program {
      return try running(program, z, context) { program, context in values(program.decode(context: context)) }
    }
    return try withRow(z, context) { z, context in
      values(try flow.network.decode(z, context: context, on: tape).x)
    }
  }

  /// Draws one row: number `row` of the sample that `Flow.sample` draws from the same seed.
  ///
  /// - Throws: `EngineError.featureCount`.
  public func sample(seed: UInt64, row: UInt64, context: [Scalar]? = nil) throws -> [Scalar] {
    if let program {
      return try running(program, nil, context) { program, context in
        Scalar.normal(seed, RandomPurpose.base.rawValue, row, program.input, features, 1, 1)
        return values(program.decode(context: context))
      }
    }
    return try flow.parameters.withUnsafePointer { parameters in
      tape.begin(rows: 1, parameters: parameters)
      let z = flow.network.drawBase(stream: RandomStream(seed: seed, purpose: .base), firstRow: row, on: tape)
      return values(try flow.network.decode(z, context: context.map(input), on: tape).x)
    }
  }

  /// Puts the row into the program and runs `body` with the context's memory.
  private func running<Result>(
    _ program: RowProgram<Scalar>, _ row: [Scalar]?, _ context: [Scalar]?,
    _ body: (RowProgram<Scalar>, UnsafePointer<Scalar>?) throws -> Result
  ) throws -> Result {
    if let row {
      guard row.count == features else {
        throw EngineError.featureCount(operation: "flow", expected: features, found: row.count)
      }
      row.withUnsafeBufferPointer { program.input.update(from: $0.baseAddress!, count: features) }
    }
    guard (context?.count ?? 0) == contextFeatures else {
      throw EngineError.featureCount(
        operation: "flow, context", expected: contextFeatures, found: context?.count ?? 0)
    }
    guard contextFeatures > 0, let context else { return try body(program, nil) }
    return try context.withUnsafeBufferPointer { try body(program, $0.baseAddress) }
  }

  private func withRow<Result>(
    _ row: [Scalar], _ context: [Scalar]?, _ body: (Variable, Variable?) throws -> Result
  ) throws -> Result {
    try flow.parameters.withUnsafePointer { parameters in
      tape.begin(rows: 1, parameters: parameters)
      return try body(input(row), context.map(input))
    }
  }

  private func input(_ row: [Scalar]) -> Variable {
    row.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress else { return tape.makeZeros(features: 0) }
      return tape.input(rowMajor: base, features: row.count, stride: row.count)
    }
  }

  private func values(_ variable: Variable) -> [Scalar] { values(tape.pointer(variable)) }

  private func values(_ pointer: UnsafeMutablePointer<Scalar>) -> [Scalar] {
    Array(UnsafeBufferPointer(start: pointer, count: features))
  }
}
