import CKernels
import PushforwardCore

/// A part of a flow that can be made ready for one row at a time.
protocol RowCompilable<Scalar> {
  associatedtype Scalar: TileScalar
  /// The steps from data to base space; `nil` when there is no such form.
  func rowSteps(_ parameters: UnsafePointer<Scalar>) -> [RowStep<Scalar>]?
}

/// One step of a `RowProgram`.
enum RowStep<Scalar: TileScalar> {
  case network(RowNetwork<Scalar>)
  /// Feature `i` of the result is feature `forward[i]` of what came before; `inverse` undoes it.
  case order(forward: AlignedBuffer<Int32>, inverse: AlignedBuffer<Int32>)
}

/// An autoregressive layer with weights packed for one row (see `pf_row_network.h`).
final class RowNetwork<Scalar: TileScalar> {
  let plan: OpaquePointer
  let packed: AlignedBuffer<Scalar>
  let scratch: AlignedBuffer<Scalar>
  private let description: LayerDescription<Scalar>

  /// `nil` for layers that have no such form.
  init?(_ description: LayerDescription<Scalar>, parameters: UnsafePointer<Scalar>) {
    guard let plan = pf_row_network_create(description.made) else { return nil }
    self.plan = plan
    self.description = description
    packed = AlignedBuffer(count: pf_row_network_size(plan))
    scratch = AlignedBuffer(count: pf_row_network_scratch(plan))
    Scalar.rowNetworkPack(plan, parameters, packed.pointer)
  }

  deinit { pf_row_network_destroy(plan) }
}

/// A flow made ready for one row at a time: each layer is one call, its weights packed in the order they are read.
///
/// Not `Sendable`: it owns the scratch of its calls.
final class RowProgram<Scalar: TileScalar> {
  private let steps: [RowStep<Scalar>]
  private let features: Int
  private var value: AlignedBuffer<Scalar>
  private var next: AlignedBuffer<Scalar>
  private let total = AlignedBuffer<Scalar>(count: 1)

  /// `nil` when a part of the flow has no such form.
  init?(_ flow: Flow<Scalar>) {
    let network = flow.network
    guard network.embedding == nil, network.specification.base == .standardNormal,
      let bijection = network.bijection as? any RowCompilable<Scalar>,
      let steps = flow.parameters.withUnsafePointer({ bijection.rowSteps($0) })
    else { return nil }
    self.steps = steps
    features = network.specification.features
    value = AlignedBuffer(count: features)
    next = AlignedBuffer(count: features)
  }

  /// Where a row goes in: `features` numbers.
  var input: UnsafeMutablePointer<Scalar> { value.pointer }

  /// Encodes the input and returns `log p(x | context)` in nats, with z in `result` of as many numbers.
  func logProb(context: UnsafePointer<Scalar>?) -> (logProb: Scalar, z: UnsafeMutablePointer<Scalar>) {
    total.pointer[0] = 0
    for step in steps {
      switch step {
      case .network(let network):
        Scalar.rowNetworkForward(
          network.plan, network.packed.pointer, context, value.pointer, next.pointer, total.pointer,
          network.scratch.pointer)
      case .order(let forward, _):
        Scalar.gatherFeatures(value.pointer, forward.pointer, next.pointer, features, features, 1, 1)
      }
      swap(&value, &next)
    }
    Scalar.standardNormalLogDensity(value.pointer, total.pointer, features, 1, 1)
    return (total.pointer[0], value.pointer)
  }

  /// Decodes the input.
  func decode(context: UnsafePointer<Scalar>?) -> UnsafeMutablePointer<Scalar> {
    for step in steps.reversed() {
      switch step {
      case .network(let network):
        Scalar.rowNetworkInverse(
          network.plan, network.packed.pointer, context, value.pointer, next.pointer, total.pointer,
          network.scratch.pointer)
      case .order(_, let inverse):
        Scalar.gatherFeatures(value.pointer, inverse.pointer, next.pointer, features, features, 1, 1)
      }
      swap(&value, &next)
    }
    return value.pointer
  }
}
