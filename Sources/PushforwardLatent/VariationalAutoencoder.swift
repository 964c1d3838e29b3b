import PushforwardCore
import PushforwardModels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A variational autoencoder: a latent value z drawn from a prior, and columns drawn given z, with an encoder that says
/// which z a row may have come from.
///
/// Conditional when its specification has a context. A value; a copy is a snapshot. Rows are given in the columns' own units, missing cells as NaN; a missing cell is
/// left out of the likelihood, which is therefore that of the cells that are there.
///
/// - SeeAlso: Kingma and Welling (2014), "Auto-Encoding Variational Bayes", arXiv:1312.6114; Sohn et al. (2015),
///   "Learning Structured Output Representation using Deep Conditional Generative Models" (the conditional model).
public struct VariationalAutoencoder<Scalar: LatentScalar>: Sendable {
  /// The structure.
  public let network: LatentNetwork<Scalar>
  /// The numbers.
  public var parameters: Parameters<Scalar>
  /// What it was built from.
  public var specification: LatentSpecification { network.specification }

  /// A model with initial parameters drawn from `seed`.
  ///
  /// - Throws: `EngineError` when the specification contradicts itself.
  public init(_ specification: LatentSpecification, seed: UInt64 = 0) throws {
    network = try LatentNetwork(specification)
    parameters = Parameters(layout: network.layout, seed: seed)
  }

  /// A model of known structure and parameters.
  ///
  /// - Precondition: the parameters have the network's layout.
  public init(network: LatentNetwork<Scalar>, parameters: Parameters<Scalar>) {
    precondition(network.layout == parameters.layout, "parameters of another layout")
    self.network = network
    self.parameters = parameters
  }

  /// Rows in the model's own coding: real cells standardised, missing ones as a number far outside.
  ///
  /// - Throws: `EngineError.featureCount`; `LatentError.cell` for one that its column cannot hold.
  public func code(_ rows: Matrix<Double>) throws -> Matrix<Scalar> { try Self.code(rows, specification.columns) }

  static func code(_ rows: Matrix<Double>, _ columns: [ColumnLikelihood]) throws -> Matrix<Scalar> {
    guard rows.columns == columns.count else {
      throw EngineError.featureCount(operation: "autoencoder", expected: columns.count, found: rows.columns)
    }
    var coded = Matrix<Scalar>(rows: rows.rows, columns: rows.columns)
    for row in 0..<rows.rows {
      for (index, column) in columns.enumerated() {
        let cell = rows[row, index]
        if let expected = column.complaint(cell) {
          throw LatentError.cell(row: row + 1, column: index + 1, expected: expected, found: cell)
        }
        coded[row, index] = Scalar(column.code(cell))
      }
    }
    return coded
  }

  /// Where rows lie in the latent space.
  public struct Codes: Sendable {
    /// The latent value at the centre of each row's posterior, `rows x latentFeatures`.
    public var latent: Matrix<Scalar>
    /// Standard deviations of the encoder's normal distribution (before the posterior's flow, if there is one).
    public var deviation: Matrix<Scalar>
  }

  /// Maps rows to the latent space.
  ///
  /// - Parameters:
  ///   - rows: `rows x columns`, NaN for missing.
  ///   - context: `rows x contextFeatures`, or one row for all; `nil` for a plain autoencoder.
  ///   - workers: Threads to use; the calling thread alone when `nil`.
  /// - Returns: One latent value a row, and how sure of it the encoder is.
  /// - Throws: `EngineError`, `LatentError`.
  public func encode(
    _ rows: Matrix<Double>, context: Matrix<Scalar>? = nil, workers: WorkerPool? = nil
  ) throws -> Codes {
    let cells = try code(rows)
    let latent = specification.latentFeatures
    let found = try run(rows: rows.rows, context: context, workers: workers, outputs: 2 * latent) {
      tape, context, start in
      let encoding = try network.encode(Self.input(cells, start, tape), context: context, on: tape)
      let z = try network.latent(encoding, noise: tape.makeZeros(features: latent), on: tape).z
      return tape.concatenate(z, tape.exp(encoding.logDeviation))
    }
    return Codes(
      latent: found.selectingColumns(0..<latent), deviation: found.selectingColumns(latent..<2 * latent))
  }

  /// Maps latent values to rows: for each, the cells that stand for the columns' distributions.
  ///
  /// - Throws: `EngineError`.
  public func decode(
    _ latent: Matrix<Scalar>, context: Matrix<Scalar>? = nil, rendering: ColumnLikelihood.Rendering = .typical,
    workers: WorkerPool? = nil
  ) throws -> Matrix<Double> {
    let output = try decoderOutput(latent, context: context, workers: workers)
    return cells(of: output) { column, parameters, _, _ in
      column.cell(parameters, floor: specification.scaleFloor, rendering)
    }
  }

  /// Encodes rows and decodes them again.
  ///
  /// - Throws: `EngineError`, `LatentError`.
  public func reconstruct(
    _ rows: Matrix<Double>, context: Matrix<Scalar>? = nil, rendering: ColumnLikelihood.Rendering = .typical,
    workers: WorkerPool? = nil
  ) throws -> Matrix<Double> {
    let latent = try encode(rows, context: context, workers: workers).latent
    return try decode(latent, context: context, rendering: rendering, workers: workers)
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
  ///   - rendering: What to show of the columns' distributions; a draw from them when `nil`.
  ///   - workers: Threads to use; the calling thread alone when `nil`.
  /// - Returns: `count x columns`.
  /// - Throws: `EngineError`.
  public func sample(
    count: Int, context: Matrix<Scalar>? = nil, seed: UInt64, firstRow: UInt64 = 0,
    rendering: ColumnLikelihood.Rendering? = nil, workers: WorkerPool? = nil
  ) throws -> Matrix<Double> {
    let stream = RandomStream(seed: seed, purpose: .base)
    let outputs = specification.columns.reduce(0) { $0 + $1.parameterCount }
    let output = try run(rows: count, context: context, workers: workers, outputs: outputs) { tape, context, start in
      let z = try network.drawPrior(stream: stream, firstRow: firstRow + UInt64(start), context: context, on: tape)
      return try network.decode(z, context: context, on: tape)
    }
    if let rendering {
      return cells(of: output) { column, parameters, _, _ in
        column.cell(parameters, floor: specification.scaleFloor, rendering)
      }
    }
    return drawCells(output, seed: seed, firstRow: firstRow)
  }

  /// A draw of every column from a decoder's output.
  func drawCells(_ output: Matrix<Scalar>, seed: UInt64, firstRow: UInt64) -> Matrix<Double> {
    let uniform = RandomStream(seed: seed, purpose: .discrete)
    return cells(of: output) { column, parameters, row, index in
      column.draw(
        parameters, floor: specification.scaleFloor,
        uniform: uniform.uniform(row: firstRow + UInt64(row), index: UInt32(index)))
    }
  }

  /// The decoder's numbers for latent values.
  func decoderOutput(
    _ latent: Matrix<Scalar>, context: Matrix<Scalar>?, workers: WorkerPool?
  ) throws -> Matrix<Scalar> {
    guard latent.columns == specification.latentFeatures else {
      throw EngineError.featureCount(
        operation: "decoder", expected: specification.latentFeatures, found: latent.columns)
    }
    let outputs = specification.columns.reduce(0) { $0 + $1.parameterCount }
    return try run(rows: latent.rows, context: context, workers: workers, outputs: outputs) { tape, context, start in
      try network.decode(Self.input(latent, start, tape), context: context, on: tape)
    }
  }

  private func cells(
    of output: Matrix<Scalar>,
    _ cell: (_ column: ColumnLikelihood, _ parameters: ArraySlice<Double>, _ row: Int, _ index: Int) -> Double
  ) -> Matrix<Double> {
    let columns = specification.columns
    let counts = columns.map(\.parameterCount)
    var result = Matrix<Double>(rows: output.rows, columns: columns.count)
    for row in 0..<output.rows {
      let numbers = output.row(row).map(Double.init)
      var place = 0
      for (index, column) in columns.enumerated() {
        result[row, index] = cell(column, numbers[place..<place + counts[index]], row, index)
        place += counts[index]
      }
    }
    return result
  }

  /// The rows of a matrix that belong to the tape's pass, which begins at `start`.
  static func input(_ matrix: Matrix<Scalar>, _ start: Int, _ tape: Tape<Scalar>) -> Variable {
    matrix.values.withUnsafeBufferPointer {
      tape.input(
        rowMajor: $0.baseAddress! + start * matrix.columns, features: matrix.columns, stride: matrix.columns)
    }
  }

  /// Runs a tape function over rows in pieces, with their context.
  func run(
    rows: Int, context: Matrix<Scalar>?, workers: WorkerPool?, outputs: Int,
    _ body: (Tape<Scalar>, _ context: Variable?, _ start: Int) throws -> Variable
  ) throws -> Matrix<Scalar> {
    let expected = specification.contextFeatures
    guard (context?.columns ?? 0) == expected else {
      throw EngineError.featureCount(
        operation: "autoencoder, context", expected: expected, found: context?.columns ?? 0)
    }
    if let context, context.rows != rows && context.rows != 1 {
      throw EngineError.rowCount(operation: "context", expected: rows, found: context.rows)
    }
    return try RowRunner<Scalar>(rows: rows, workers: workers).run(parameters: parameters, outputs: outputs) {
      tape, start in
      guard let context, expected > 0 else { return try body(tape, nil, start) }
      let given = context.values.withUnsafeBufferPointer { values in
        // One row for all: stride 0 repeats it.
        let single = context.rows == 1
        return tape.input(
          rowMajor: values.baseAddress! + (single ? 0 : start * expected), features: expected,
          stride: single ? 0 : expected)
      }
      return try body(tape, given, start)
    }
  }
}

extension Matrix {
  /// Neighbouring columns.
  func selectingColumns(_ range: Range<Int>) -> Matrix {
    Matrix(
      rows: rows, columns: range.count,
      values: (0..<rows).flatMap { values[$0 * columns + range.lowerBound..<$0 * columns + range.upperBound] })
  }
}
