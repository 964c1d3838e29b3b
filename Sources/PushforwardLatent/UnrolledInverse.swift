import PushforwardCore
import PushforwardModels

/// An autoregressive layer from its sampling side, with derivatives: `forward` is the layer's inverse.
///
/// On a recording tape the inverse is unrolled: the network is applied as often as there are features, each time to what
/// the last pass found; after pass d the first d features are exact, so the value and its derivative are. Without
/// recording it is the layer's own inverse, one pass.
struct UnrolledInverse<Scalar: TileScalar>: Bijection {
  private let layer: Autoregressive<Scalar>
  private let map: TransformerOperation<Scalar>

  var features: Int { layer.features }
  var contextFeatures: Int { layer.contextFeatures }

  init(_ layer: Autoregressive<Scalar>) {
    self.layer = layer
    map = TransformerOperation(layer.transformer, inverse: true)
  }

  func forward(
    _ x: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    if !tape.recordsGradients { return try layer.inverse(x, context: context, logAbsDet: logAbsDet, on: tape) }
    try check(x, context: context)
    var value = x
    for pass in 1...features {
      let parameters = try layer.made(value, context: context, on: tape)
      let accumulator = pass == features ? logAbsDet : tape.makeZeros(features: 1)
      value = tape.record(map, x, parameters, outputFeatures: features, accumulator: accumulator)
    }
    return value
  }

  func inverse(
    _ z: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    try layer.forward(z, context: context, logAbsDet: logAbsDet, on: tape)
  }
}
