import CKernels

/// The operations without settings, one instance of each a tape.
struct StandardOperations<Scalar: TileScalar> {
  let unary = UnaryOperation<Scalar>()
  let binary = BinaryOperation<Scalar>()
  let scale = ScaleOperation<Scalar>()
  let sumFeatures = SumFeaturesOperation<Scalar>()
  let logSumExp = LogSumExpOperation<Scalar>()
  let broadcast = BroadcastFeaturesOperation<Scalar>()
  let concatenate = ConcatenateOperation<Scalar>()
  let standardNormal = StandardNormalOperation<Scalar>()
  let accumulate = AccumulateOperation<Scalar>()
}

/// Functions of one value that the tape can differentiate.
public enum UnaryFunction: Sendable, CaseIterable {
  case exp, log, log1p, expm1, tanh, sigmoid, softplus, silu, relu, elu, squareRoot, square, reciprocal, negate,
    absolute, normalCDF, normalQuantile, sine, cosine, logSigmoid, logit, softLimit

  package var kernel: Int32 {
    let code =
      switch self {
      case .exp: PF_OP_EXP
      case .log: PF_OP_LOG
      case .log1p: PF_OP_LOG1P
      case .expm1: PF_OP_EXPM1
      case .tanh: PF_OP_TANH
      case .sigmoid: PF_OP_SIGMOID
      case .softplus: PF_OP_SOFTPLUS
      case .silu: PF_OP_SILU
      case .relu: PF_OP_RELU
      case .elu: PF_OP_ELU
      case .squareRoot: PF_OP_SQRT
      case .square: PF_OP_SQUARE
      case .reciprocal: PF_OP_RECIPROCAL
      case .negate: PF_OP_NEGATE
      case .absolute: PF_OP_ABS
      case .normalCDF: PF_OP_NORMAL_CDF
      case .normalQuantile: PF_OP_NORMAL_QUANTILE
      case .sine: PF_OP_SIN
      case .cosine: PF_OP_COS
      case .logSigmoid: PF_OP_LOG_SIGMOID
      case .logit: PF_OP_LOGIT
      case .softLimit: PF_OP_SOFT_LIMIT
      }
    return Int32(code.rawValue)
  }
}

/// Functions of two values of one shape.
public enum BinaryFunction: Sendable, CaseIterable {
  case add, subtract, multiply, divide, maximum, minimum

  package var kernel: Int32 {
    let code =
      switch self {
      case .add: PF_OP_ADD
      case .subtract: PF_OP_SUB
      case .multiply: PF_OP_MUL
      case .divide: PF_OP_DIV
      case .maximum: PF_OP_MAX
      case .minimum: PF_OP_MIN
      }
    return Int32(code.rawValue)
  }
}

final class UnaryOperation<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  @_specialize(where Scalar == Float)
  override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    Scalar.unary(Int32(node.choice), context.input(node, 0), context.output(node), context.outputCount(node))
  }
  @_specialize(where Scalar == Float)
  override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    guard let dx = context.inputGradient(node, 0) else { return }
    Scalar.unaryBackward(
      Int32(node.choice), context.input(node, 0), context.output(node), context.outputGradient(node), dx,
      context.outputCount(node))
  }
}

final class BinaryOperation<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  @_specialize(where Scalar == Float)
  override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    Scalar.binary(
      Int32(node.choice), context.input(node, 0), context.input(node, 1), context.output(node),
      context.outputCount(node))
  }
  @_specialize(where Scalar == Float)
  override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    Scalar.binaryBackward(
      Int32(node.choice), context.input(node, 0), context.input(node, 1), context.outputGradient(node),
      context.inputGradient(node, 0), context.inputGradient(node, 1), context.outputCount(node))
  }
}

/// `y = attribute * x + shift`; the shift is given as `choice`'s bit pattern, since the node has one number only.
final class ScaleOperation<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  @_specialize(where Scalar == Float)
  override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    let shift = Double(bitPattern: UInt64(bitPattern: Int64(node.choice)))
    Scalar.scaleShift(
      context.input(node, 0), Scalar(node.attribute), Scalar(shift), context.output(node), context.outputCount(node))
  }
  @_specialize(where Scalar == Float)
  override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    guard let dx = context.inputGradient(node, 0) else { return }
    Scalar.axpy(Scalar(node.attribute), context.outputGradient(node), dx, context.outputCount(node))
  }
}

final class SumFeaturesOperation<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  @_specialize(where Scalar == Float)
  override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    Scalar.sumFeatures(
      context.input(node, 0), context.output(node), context.inputFeatures(node, 0), context.tiles, context.lanes)
  }
  @_specialize(where Scalar == Float)
  override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    guard let dx = context.inputGradient(node, 0) else { return }
    Scalar.broadcastFeatures(
      context.outputGradient(node), dx, context.inputFeatures(node, 0), context.tiles, context.lanes)
  }
}

final class BroadcastFeaturesOperation<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  @_specialize(where Scalar == Float)
  override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    Scalar.fill(context.output(node), 0, context.outputCount(node))
    Scalar.broadcastFeatures(
      context.input(node, 0), context.output(node), context.outputFeatures(node), context.tiles, context.lanes)
  }
  @_specialize(where Scalar == Float)
  override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    guard let dx = context.inputGradient(node, 0) else { return }
    let count = context.tape.elementCount(features: 1)
    let mark = context.tape.scratchMark
    let sum = context.tape.makeScratch(count: count)
    Scalar.sumFeatures(
      context.outputGradient(node), sum, context.outputFeatures(node), context.tiles, context.lanes)
    Scalar.axpy(1, sum, dx, count)
    context.tape.releaseScratch(to: mark)
  }
}

final class LogSumExpOperation<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  @_specialize(where Scalar == Float)
  override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    Scalar.logSumExpFeatures(
      context.input(node, 0), context.output(node), context.inputFeatures(node, 0), context.tiles, context.lanes)
  }
  @_specialize(where Scalar == Float)
  override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    guard let dx = context.inputGradient(node, 0) else { return }
    Scalar.logSumExpFeaturesBackward(
      context.input(node, 0), context.output(node), context.outputGradient(node), dx, context.inputFeatures(node, 0),
      context.tiles, context.lanes)
  }
}

/// Features of the first input above those of the second.
final class ConcatenateOperation<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  @_specialize(where Scalar == Float)
  override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    let first = context.inputFeatures(node, 0) * context.lanes
    let second = context.inputFeatures(node, 1) * context.lanes
    let (a, b, out) = (context.input(node, 0), context.input(node, 1), context.output(node))
    for tile in 0..<context.tiles {
      (out + tile * (first + second)).update(from: a + tile * first, count: first)
      (out + tile * (first + second) + first).update(from: b + tile * second, count: second)
    }
  }
  @_specialize(where Scalar == Float)
  override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    let first = context.inputFeatures(node, 0) * context.lanes
    let second = context.inputFeatures(node, 1) * context.lanes
    let dy = context.outputGradient(node)
    let (da, db) = (context.inputGradient(node, 0), context.inputGradient(node, 1))
    for tile in 0..<context.tiles {
      if let da { Scalar.axpy(1, dy + tile * (first + second), da + tile * first, first) }
      if let db { Scalar.axpy(1, dy + tile * (first + second) + first, db + tile * second, second) }
    }
  }
}

/// Adds the standard normal's log-density of the input to the accumulator.
///
/// The output is an empty value.
final class StandardNormalOperation<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  @_specialize(where Scalar == Float)
  override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    Scalar.standardNormalLogDensity(
      context.input(node, 0), context.accumulator(node)!, context.inputFeatures(node, 0), context.tiles, context.lanes)
  }
  @_specialize(where Scalar == Float)
  override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    guard let dx = context.inputGradient(node, 0) else { return }
    Scalar.standardNormalLogDensityBackward(
      context.input(node, 0), context.accumulatorGradient(node), dx, context.inputFeatures(node, 0), context.tiles,
      context.lanes)
  }
}

/// Adds `attribute` times a one-feature value to the accumulator.
final class AccumulateOperation<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  @_specialize(where Scalar == Float)
  override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    Scalar.axpy(
      Scalar(node.attribute), context.input(node, 0), context.accumulator(node)!, context.tape.elementCount(features: 1)
    )
  }
  @_specialize(where Scalar == Float)
  override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    guard let dx = context.inputGradient(node, 0) else { return }
    Scalar.axpy(
      Scalar(node.attribute), context.accumulatorGradient(node), dx, context.tape.elementCount(features: 1))
  }
}
