import PushforwardCore

/// A few numbers that a layer needs for each row: slices of the model's parameters, plus, when there is a context, what
/// a small network computes from it.
struct RowParameters<Scalar: TileScalar>: Sendable {
  /// A part: its name, how many numbers, how they start.
  struct Part {
    let name: String
    let count: Int
    var initializer = Initializer.zeros
  }

  private let repeats: [ParameterBroadcastOperation<Scalar>]
  private let picks: [GatherOperation<Scalar>]
  private let network: MLP<Scalar>?

  var contextFeatures: Int { network?.contextFeatures ?? 0 }

  /// Adds the parts' slices, and the network if there are both settings and a context, to `layout` under `name`.
  init(
    _ parts: [Part], contextFeatures: Int, settings: NetworkSettings?, layout: inout ParameterLayout, name: String
  ) {
    var repeats: [ParameterBroadcastOperation<Scalar>] = []
    var picks: [GatherOperation<Scalar>] = []
    var start = 0
    for part in parts {
      let slice = layout.add(
        "\(name).\(part.name)", rows: part.count, role: .bias, initializer: part.initializer)
      repeats.append(ParameterBroadcastOperation(slice))
      picks.append(GatherOperation(index: Array(start..<start + part.count)))
      start += part.count
    }
    self.repeats = repeats
    self.picks = picks
    if let settings, contextFeatures > 0 {
      network = MLP(
        inputs: 0, contextFeatures: contextFeatures, outputs: start, settings: settings,
        outputGain: Autoregressive<Scalar>.outputGain, layout: &layout, name: "\(name).conditioner")
    } else {
      network = nil
    }
  }

  /// The parts, each `count x lanes` a tile.
  ///
  /// `shape` is any value of the pass.
  func callAsFunction(shape: Variable, context: Variable?, on tape: Tape<Scalar>) throws -> [Variable] {
    let shared = repeats.map { tape.record($0, shape, outputFeatures: $0.slice.count) }
    guard let network else { return shared }
    let computed = try network(nil, context: context, on: tape)
    return zip(shared, picks).map { value, pick in
      tape.add(value, tape.record(pick, computed, outputFeatures: pick.outputFeatures))
    }
  }
}
