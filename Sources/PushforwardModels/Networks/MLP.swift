import PushforwardCore

/// A multilayer perceptron, plain or with residual blocks, its input optionally preceded by a context.
///
/// Plain: hidden layers `activation(W h + b)`, then a linear output. Residual (all hidden widths equal): a linear
/// entry, then for each further pair of layers a block `h + W2 act(W1 act(h) + b1) + b2`, then a linear output.
public struct MLP<Scalar: TileScalar>: Sendable {
  /// Features of the input, context not counted.
  public let inputs: Int
  /// Features of the context, 0 when there is none.
  public let contextFeatures: Int
  /// Features of the output.
  public let outputs: Int
  private let core: LayerStack<Scalar>

  /// Adds a network's parameters to `layout` under `name`.
  ///
  /// - Parameters:
  ///   - inputs: Features of the input, context not counted.
  ///   - contextFeatures: Features of the context, 0 when there is none.
  ///   - outputs: Features of the output.
  ///   - settings: Widths, activation, residual blocks, dropout.
  ///   - outputGain: Scale of the output layer's initial weights; small values make a flow start near the identity.
  ///   - layout: Where the parameters are added.
  ///   - name: Their common prefix.
  public init(
    inputs: Int, contextFeatures: Int = 0, outputs: Int, settings: NetworkSettings, outputGain: Double = 1,
    layout: inout ParameterLayout, name: String
  ) {
    self.inputs = inputs
    self.contextFeatures = contextFeatures
    self.outputs = outputs
    core = LayerStack(
      widths: [inputs + contextFeatures] + settings.hidden + [outputs], masks: nil, settings: settings,
      outputGain: outputGain, layout: &layout, name: name)
  }

  /// Applies the network.
  ///
  /// - Returns: `outputs x lanes` a tile.
  /// - Throws: `EngineError.featureCount`.
  @_specialize(where Scalar == Float)
  public func callAsFunction(_ x: Variable?, context: Variable? = nil, on tape: Tape<Scalar>) throws -> Variable {
    let used = contextFeatures > 0 ? context : nil
    guard (x?.features ?? 0) == inputs else {
      throw EngineError.featureCount(operation: "MLP", expected: inputs, found: x?.features ?? 0)
    }
    guard (used?.features ?? 0) == contextFeatures else {
      throw EngineError.featureCount(
        operation: "MLP, context", expected: contextFeatures, found: used?.features ?? 0)
    }
    let joined: Variable
    switch (used, x) {
    case (let context?, let x?): joined = tape.concatenate(context, x)
    case (let only?, nil), (nil, let only?): joined = only
    case (nil, nil): joined = tape.makeZeros(features: 0)
    }
    return core.apply(joined, on: tape)
  }
}

/// The shape of a hidden network.
public struct NetworkSettings: Codable, Sendable, Equatable {
  /// Widths of the hidden layers.
  public var hidden: [Int]
  /// Activation of the hidden layers.
  public var activation: Activation
  /// Residual blocks of two layers (needs hidden widths all equal, their number odd: entry and pairs).
  public var residual: Bool
  /// Probability of setting a hidden unit to zero while training.
  public var dropout: Double
  /// Whether the network sees its inputs beyond 10 in magnitude drawn in, smoothly, to below 20.
  ///
  /// Inputs are standardised, so this touches what is far outside the data. There a network would go on as a linear
  /// function, without limit, and the inverse of a flow would lose all digits in single precision.
  public var boundsInput: Bool

  /// Two layers of 128 with ReLU by default.
  public init(
    hidden: [Int] = [128, 128], activation: Activation = .relu, residual: Bool = false, dropout: Double = 0,
    boundsInput: Bool = true
  ) {
    self.hidden = hidden
    self.activation = activation
    self.residual = residual
    self.dropout = dropout
    self.boundsInput = boundsInput
  }

  /// Throws `EngineError.invalidSetting` when the settings contradict each other.
  public func validate() throws {
    if let width = hidden.first(where: { $0 < 1 }) {
      throw EngineError.invalidSetting(name: "hidden width", expected: "at least 1", found: "\(width)")
    }
    if !(0..<1).contains(dropout) {
      throw EngineError.invalidSetting(name: "dropout", expected: "at least 0 and below 1", found: "\(dropout)")
    }
    if residual && (Set(hidden).count > 1 || hidden.count % 2 == 0) {
      throw EngineError.invalidSetting(
        name: "hidden widths of a residual network", expected: "an odd number of equal widths", found: "\(hidden)")
    }
  }
}
