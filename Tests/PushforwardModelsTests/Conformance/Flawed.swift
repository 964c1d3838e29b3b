import PushforwardCore
import PushforwardModels

/// Mistakes that the conformance suite must find.
enum Flaw: String, CaseIterable, Sendable {
  case wrongLogDetSign, wrongInverse, hiddenDependence, missingGradient, missingParameterGradient, wrongContextGradient
  case batchDependent, imprecise, overflows, acceptsAnyShape, batchShapedResult, claimsNoDerivative

  /// The check that is there to find it.
  var finder: Check {
    switch self {
    case .wrongLogDetSign: .jacobian
    case .wrongInverse: .roundTrip
    case .hiddenDependence: .differences
    case .missingGradient, .missingParameterGradient, .wrongContextGradient, .claimsNoDerivative: .gradients
    case .batchDependent: .batch
    case .imprecise: .precision
    case .overflows: .extremes
    case .acceptsAnyShape: .shapes
    case .batchShapedResult: .empty
    }
  }
}

/// A sound bijection with one flaw put in.
///
/// Without a flaw: the sound one, through the same code.
struct Flawed<Scalar: TileScalar>: Bijection {
  let inner: any Bijection<Scalar>
  let flaw: Flaw?

  var features: Int { inner.features }
  var contextFeatures: Int { inner.contextFeatures }
  var forwardIsDifferentiable: Bool { flaw != .claimsNoDerivative }

  func forward(
    _ x: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    var (x, given) = (x, context)
    switch flaw {
    case .acceptsAnyShape: x = tape.select(x, features: Array(0..<features))
    case .missingGradient: x = tape.record(Detach<Scalar>(), x, outputFeatures: x.features)
    case .wrongContextGradient:
      given = context.map { tape.record(Detach<Scalar>(), $0, outputFeatures: $0.features) }
    case .batchDependent: x = tape.record(AddFirstLane<Scalar>(), x, outputFeatures: x.features)
    case .imprecise: x = tape.affine(tape.affine(x, scale: 1, shift: 3e4), scale: 1, shift: -3e4)
    case .overflows:
      let clear = tape.subtract(tape.exp(tape.affine(x, scale: 1e-4)), tape.exp(tape.affine(x, scale: 1e-4)))
      x = tape.add(x, clear)
    default: break
    }
    let own = tape.makeZeros(features: 1)
    var z = try inner.forward(x, context: given, logAbsDet: own, on: tape)
    switch flaw {
    case .missingParameterGradient: z = tape.record(Detach<Scalar>(), z, outputFeatures: z.features)
    case .hiddenDependence: z = tape.add(z, tape.apply(.tanh, tape.select(z, features: [1, 0])))
    case .batchShapedResult:
      if tape.rows == 0 { return tape.makeZeros(features: features + 1) }
    default: break
    }
    tape.accumulate(own, into: logAbsDet, scale: flaw == .wrongLogDetSign ? -1 : 1)
    return z
  }

  func inverse(
    _ z: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    let x = try inner.inverse(z, context: context, logAbsDet: logAbsDet, on: tape)
    return flaw == .wrongInverse ? tape.affine(x, scale: 1, shift: 1e-6) : x
  }
}

/// The identity whose derivative was forgotten.
private final class Detach<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    context.output(node).update(from: context.input(node, 0), count: context.outputCount(node))
  }
  override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {}
}

/// Lets every row depend on the first row of its tile.
private final class AddFirstLane<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    let (x, y) = (context.input(node, 0), context.output(node))
    for index in 0..<context.outputCount(node) { y[index] = x[index] + 0.01 * x[index - index % context.lanes] }
  }
  override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    if let dx = context.inputGradient(node, 0) {
      Scalar.axpy(1, context.outputGradient(node), dx, context.outputCount(node))
    }
  }
}
