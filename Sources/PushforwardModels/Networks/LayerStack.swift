import PushforwardCore

/// The layers shared by `MLP` (no masks) and `MADE` (block-triangular masks).
struct LayerStack<Scalar: TileScalar>: Sendable {
  /// In order: hidden layers, then the output layer.
  let layers: [LinearOperation<Scalar>]
  let settings: NetworkSettings
  private let dropout: DropoutOperation<Scalar>?

  /// - Parameters:
  ///   - widths: Input, hidden layers, output.
  ///   - masks: One for each layer, or `nil` when all is connected.
  ///   - settings: Activation, residual blocks, dropout.
  ///   - outputGain: Scale of the output layer's initial weights.
  ///   - layout: Where the parameters are added.
  ///   - name: Their common prefix.
  init(
    widths: [Int], masks: [TriangularMask]?, settings: NetworkSettings, outputGain: Double,
    layout: inout ParameterLayout, name: String
  ) {
    self.settings = settings
    dropout = settings.dropout > 0 ? DropoutOperation(rate: settings.dropout) : nil
    let last = widths.count - 2
    layers = (0...last).map { index in
      let mask = masks?[index]
      let layerName = index == last ? "\(name).output" : "\(name).hidden.\(index)"
      let residualTail = settings.residual && index > 0 && index < last && index % 2 == 0
      let gain = index == last ? outputGain : residualTail ? 0.1 : settings.activation == .relu ? 2.0.squareRoot() : 1
      let weight = layout.add(
        "\(layerName).weight", rows: widths[index + 1], columns: widths[index], role: .weight,
        initializer: .fanIn(gain: gain, extents: mask?.extents))
      let bias = layout.add("\(layerName).bias", rows: widths[index + 1], role: .bias)
      // In a residual network the entry and the second layer of a block are linear: their activation comes later.
      let linear = index == last || (settings.residual && index % 2 == 0)
      return LinearOperation(
        weight: weight, bias: bias, mask: mask, activation: linear ? .identity : settings.activation)
    }
  }

  var output: LinearOperation<Scalar> { layers[layers.count - 1] }
  var hiddenCount: Int { layers.count - 1 }

  /// Everything but the output layer.
  @_specialize(where Scalar == Float)
  func hidden(_ x: Variable, on tape: Tape<Scalar>) -> Variable {
    var value = x
    if !settings.residual || hiddenCount == 0 {
      for layer in layers.dropLast() { value = dropped(layer(value, on: tape), on: tape) }
      return value
    }
    value = layers[0](value, on: tape)
    for block in stride(from: 1, to: hiddenCount, by: 2) {
      let inner = layers[block](activated(value, on: tape), on: tape)
      value = layers[block + 1](dropped(inner, on: tape), residual: value, on: tape)
    }
    return activated(value, on: tape)
  }

  @_specialize(where Scalar == Float)
  func apply(_ x: Variable, on tape: Tape<Scalar>) -> Variable {
    output(hidden(settings.boundsInput ? tape.apply(.softLimit, x) : x, on: tape), on: tape)
  }

  private func dropped(_ x: Variable, on tape: Tape<Scalar>) -> Variable {
    guard let dropout, tape.isTraining else { return x }
    return tape.record(dropout, x, outputFeatures: x.features)
  }

  private func activated(_ x: Variable, on tape: Tape<Scalar>) -> Variable {
    settings.activation.function.map { tape.apply($0, x) } ?? x
  }
}

extension LinearOperation {
  /// Applies the layer, adding `residual` before the activation.
  func callAsFunction(_ x: Variable, residual: Variable? = nil, on tape: Tape<Scalar>) -> Variable {
    tape.record(self, x, residual, outputFeatures: weight.rows)
  }
}

extension Activation {
  /// The same function as an operation of its own; `nil` for the identity.
  var function: UnaryFunction? {
    switch self {
    case .identity: nil
    case .relu: .relu
    case .tanh: .tanh
    case .silu: .silu
    case .elu: .elu
    case .softplus: .softplus
    case .sigmoid: .sigmoid
    }
  }
}
