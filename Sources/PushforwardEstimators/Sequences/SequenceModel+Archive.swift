import PushforwardMixtures
import PushforwardModels
import PushforwardSequences
import PushforwardTables

extension SequenceModel {
  private struct Description: Codable {
    var schema: Schema
    var record: FitRecord
    var leftOut: [PushforwardTables.Encoder.LeftOut]
    var emission: MixturePart.Stored
    var perState: Int
    var lengths: [Int]
    var sequence: SequenceColumn?
    // Since there are flows as emissions; absent in older files.
    var flow: FlowSpecification?
    var memoryless: MixturePart.Stored?

    enum CodingKeys: String, CodingKey {
      case schema, record, emission, lengths, sequence, flow, memoryless
      case leftOut = "left_out"
      case perState = "components_a_state"
    }
  }

  /// Puts the model into a file: the chain's and the emissions' numbers as tensors.
  public func store(in archive: inout ModelArchive) throws {
    let part = MixturePart(encoding: encoding, mixture: hidden.emission.mixture)
    let states = hidden.states
    try archive.add("initial", shape: [states], hidden.chain.initial)
    try archive.add("transition", shape: [states, states], hidden.chain.transition)
    if let flow {
      try archive.add("flow_initial", shape: [states], flow.chain.initial)
      try archive.add("flow_transition", shape: [states, states], flow.chain.transition)
      for (column, table) in flow.emission.base.mixture.probabilities.enumerated() {
        try archive.add("flow_probabilities.\(column)", shape: [states, encoding.levels[column]], table)
      }
      try archive.add(flow.emission.flow.parameters, layout: flow.emission.flow.network.layout)
    }
    let alone = try memoryless.map {
      try MixturePart(encoding: encoding, mixture: $0).store(in: &archive, prefix: "memoryless.")
    }
    try archive.describe(
      Description(
        schema: schema, record: record, leftOut: leftOut, emission: part.store(in: &archive, prefix: "emission."),
        perState: hidden.emission.perState, lengths: lengths, sequence: sequence,
        flow: flow?.emission.flow.specification, memoryless: alone))
  }

  /// Reads the model back.
  ///
  /// - Throws: `EstimatorError.notAModel`, `SafeTensorsError`.
  public init(from archive: ModelArchive) throws {
    let description = try archive.description(as: Description.self)
    let part = try MixturePart(description.emission, from: archive, prefix: "emission.")
    let perState = description.perState
    guard part.encoding.isConsistent, perState >= 1, part.mixture.components % perState == 0,
      !description.lengths.isEmpty, description.lengths.allSatisfy({ $0 >= 1 && $0 <= Int(Int32.max) })
    else { throw archive.damage("its states, columns or lengths do not fit each other") }
    let states = part.mixture.components / perState
    do {
      let normal = try HiddenMarkovModel(
        chain: MarkovChain(
          initial: archive.values("initial", shape: [states]),
          transition: archive.values("transition", shape: [states, states])),
        emission: ComponentEmission(part.mixture, perState: perState))
      hidden = normal
      flow = try description.flow.map { try Self.flow($0, on: normal, part.encoding, archive) }
      memoryless = try description.memoryless.map { try MixturePart($0, from: archive, prefix: "memoryless.").mixture }
    } catch let error as SequenceError {
      throw archive.damage("\(error)")
    } catch let error as MixtureError {
      throw archive.damage("\(error)")
    }
    schema = description.schema
    record = description.record
    leftOut = description.leftOut
    encoding = part.encoding
    lengths = description.lengths
    sequence = description.sequence
  }

  private static func flow(
    _ specification: FlowSpecification, on hidden: ComponentHiddenMarkovModel, _ encoding: MixedEncoding,
    _ archive: ModelArchive
  ) throws -> FlowHiddenMarkovModel {
    do {
      try specification.validate()
    } catch {
      throw archive.damage("\(error)")
    }
    let states = hidden.states
    guard specification.features == encoding.numbers.count, specification.contextFeatures == states else {
      throw archive.damage("its columns, states and flow have different sizes")
    }
    let network = try FlowNetwork<Float>(specification)
    let parameters = try archive.parameters(
      layout: network.layout,
      besides: ["initial", "transition", "emission.", "memoryless.", "flow_initial", "flow_transition", "flow_prob"])
    let base = try hidden.emission.replacing(
      probabilities: encoding.levels.enumerated().map { column, width in
        try archive.values("flow_probabilities.\(column)", shape: [states, width])
      })
    return try HiddenMarkovModel(
      chain: MarkovChain(
        initial: archive.values("flow_initial", shape: [states]),
        transition: archive.values("flow_transition", shape: [states, states])),
      emission: FlowEmission(base: base, flow: Flow(network: network, parameters: parameters)))
  }
}
