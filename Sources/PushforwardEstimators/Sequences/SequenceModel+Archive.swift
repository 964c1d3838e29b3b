import PushforwardMixtures
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

    enum CodingKeys: String, CodingKey {
      case schema, record, emission, lengths, sequence
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
    try archive.describe(
      Description(
        schema: schema, record: record, leftOut: leftOut, emission: part.store(in: &archive, prefix: "emission."),
        perState: hidden.emission.perState, lengths: lengths, sequence: sequence))
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
      hidden = try HiddenMarkovModel(
        chain: MarkovChain(
          initial: archive.values("initial", shape: [states]),
          transition: archive.values("transition", shape: [states, states])),
        emission: ComponentEmission(part.mixture, perState: perState))
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
}
