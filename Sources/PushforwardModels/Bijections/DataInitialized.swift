import PushforwardCore

/// A bijection whose parameters can start from data: the trainer shows it the first batch before the first step.
public protocol DataInitialized<Scalar>: Bijection {
  /// Sets parameters from rows of data.
  ///
  /// - Parameters:
  ///   - parameters: The model's, changed in place.
  ///   - rows: What arrives at the bijection, `rows x features`.
  ///   - context: `rows x contextFeatures` (as the bijection reads it), or `nil`.
  ///   - inverse: Whether the rows arrive at the inverse direction (of an `Inverted` bijection).
  /// - Throws: `EngineError` when shapes do not fit.
  func initialize(
    _ parameters: inout Parameters<Scalar>, from rows: Matrix<Scalar>, context: Matrix<Scalar>?, inverse: Bool
  ) throws
}

extension Composition: DataInitialized {
  /// Walks through the parts in order, each seeing the rows that those before it (already initialised) hand on.
  public func initialize(
    _ parameters: inout Parameters<Scalar>, from rows: Matrix<Scalar>, context: Matrix<Scalar>?, inverse: Bool
  ) throws {
    var current = rows
    let ordered = inverse ? parts.reversed() : parts
    guard let last = ordered.lastIndex(where: { $0 is any DataInitialized<Scalar> }) else { return }
    for (index, part) in ordered[...last].enumerated() {
      if let part = part as? any DataInitialized<Scalar> {
        try part.initialize(&parameters, from: current, context: context, inverse: inverse)
      }
      if index < last {
        current = try part.applied(to: current, context: context, parameters: parameters, inverse: inverse)
      }
    }
  }
}

extension Inverted: DataInitialized {
  /// The inner bijection sees the rows at its other end.
  public func initialize(
    _ parameters: inout Parameters<Scalar>, from rows: Matrix<Scalar>, context: Matrix<Scalar>?, inverse: Bool
  ) throws {
    if let bijection = bijection as? any DataInitialized<Scalar> {
      try bijection.initialize(&parameters, from: rows, context: context, inverse: !inverse)
    }
  }
}

extension Bijection {
  /// One direction on plain rows.
  func applied(
    to rows: Matrix<Scalar>, context: Matrix<Scalar>?, parameters: Parameters<Scalar>, inverse: Bool
  ) throws -> Matrix<Scalar> {
    try parameters.withUnsafePointer { pointer in
      let tape = Tape<Scalar>()
      tape.begin(rows: rows.rows, parameters: pointer)
      let (x, given) = (try tape.input(rows), try context.map { try tape.input($0) })
      return tape.matrix(
        inverse
          ? try inverseWithLogDet(x, context: given, on: tape).x
          : try forwardWithLogDet(x, context: given, on: tape).z)
    }
  }
}

extension FlowNetwork {
  /// Starts the parts that can start from data (`ActNorm`, `BatchNormalization`) from these rows.
  ///
  /// Training calls it once, with the first batch, before the first step.
  ///
  /// - Throws: `EngineError.featureCount` or `.rowCount`.
  public func initialize(
    _ parameters: inout Parameters<Scalar>, from rows: Matrix<Scalar>, context: Matrix<Scalar>? = nil
  ) throws {
    guard let bijection = bijection as? any DataInitialized<Scalar>, rows.rows > 0 else { return }
    guard (context?.columns ?? 0) == specification.contextFeatures else {
      throw EngineError.featureCount(
        operation: "flow, context", expected: specification.contextFeatures, found: context?.columns ?? 0)
    }
    let inner = try parameters.withUnsafePointer { pointer in
      try context.map { context in
        let tape = Tape<Scalar>()
        tape.begin(rows: context.rows, parameters: pointer)
        return tape.matrix(try embedded(try tape.input(context), on: tape)!)
      }
    }
    try bijection.initialize(&parameters, from: rows, context: inner, inverse: false)
  }
}

/// Mean and standard deviation of each column, summed in Double; 0 and 1 where they are not finite.
struct ColumnMoments {
  var mean: [Double]
  var deviation: [Double]

  /// Moments of a matrix's columns; deviations below `floor` (constant columns) become 1.
  init<Scalar: TileScalar>(_ rows: Matrix<Scalar>, floor: Double = 1e-6) {
    let count = Double(max(rows.rows, 1))
    mean = []
    deviation = []
    for column in 0..<rows.columns {
      let values = rows.column(column).map { Double($0) }
      let center = values.reduce(0, +) / count
      let spread = (values.reduce(0) { $0 + ($1 - center) * ($1 - center) } / count).squareRoot()
      mean.append(center.isFinite ? center : 0)
      deviation.append(spread > floor && spread.isFinite ? spread : 1)
    }
  }
}
