import PushforwardCore
import PushforwardMixtures
import PushforwardSequences
import PushforwardTables

extension SequenceModel {
  /// What comes after the end of each sequence.
  public struct Forecast: Sendable {
    /// Name of the sequence of each forecast; `nil` without a sequence column.
    public var sequences: [String?]
    /// Rows after the last one, from 1, of each forecast.
    public var steps: [Int]
    /// For each modelled column, in order, its distribution in each forecast.
    public var columns: [(name: String, answer: ColumnPrediction.Answer)]
  }

  /// The distributions of the next rows of each sequence, step by step: exact, but for a flow's quantities, whose means and
  /// quantiles come from 4,000 draws a state.
  ///
  /// - Parameters:
  ///   - table: The sequences so far.
  ///   - steps: Rows to look ahead, at least 1.
  ///   - levels: Quantiles wanted, in (0, 1).
  ///   - workers: Threads.
  /// - Returns: A distribution a column, sequence and step.
  /// - Throws: `EngineError.invalidSetting`, `TableError`, `EstimatorError`.
  public func forecast(
    _ table: Table, steps: Int, levels: [Double], workers: WorkerPool? = nil
  ) throws -> Forecast {
    if steps < 1 {
      throw EngineError.invalidSetting(name: "steps", expected: "at least 1", found: "\(steps)")
    }
    if table.rowCount == 0 { throw EstimatorError.tooFewRows(expected: 1, found: 0, note: nil) }
    let layout = try SequenceColumn.layout(sequence, of: table)
    let filtered = try chain.filter(
      densities(encoding.rows(table).mixture, workers), layout.sequences, workers: workers
    ).probabilities
    let predicted = (0..<layout.sequences.count).flatMap { sequence in
      let last = layout.sequences.rows(sequence).upperBound - 1
      var now = (0..<chain.states).map { filtered[last, $0] }
      return (0..<steps).map { _ in
        now = chain.advanced(now)
        return now
      }
    }
    let normal = flow?.emission.base ?? hidden.emission
    let mixtures = try predicted.map { try normal.mixed($0) }
    let drawn = try flow.map { try StateDraws($0.emission, seed: record.seed) }
    let columns = try encoding.modelled.map { name -> (name: String, answer: ColumnPrediction.Answer) in
      if let drawn, let feature = encoding.numbers.firstIndex(where: { $0.name == name }) {
        return (name, drawn.answer(encoding.numbers[feature], feature, predicted, levels))
      }
      return (name, try answer(name, mixtures, levels))
    }
    return Forecast(
      sequences: layout.labels.flatMap { [String?](repeating: $0, count: steps) },
      steps: layout.labels.flatMap { _ in Array(1...steps) }, columns: columns)
  }

  private func answer(
    _ name: String, _ mixtures: [GaussianMixture], _ levels: [Double]
  ) throws -> ColumnPrediction.Answer {
    let nothing = try MixtureRows(
      numbers: Matrix(rows: 1, columns: encoding.numbers.count, repeating: .nan),
      codes: encoding.levels.map { _ in -1 }, levels: encoding.levels)
    guard let feature = encoding.numbers.firstIndex(where: { $0.name == name }) else {
      let place = encoding.categories.firstIndex { $0.name == name }!
      return .levels(
        encoding.categories[place].levels ?? [],
        probabilities: try mixtures.map { try $0.predicting(category: place, nothing).row(0) })
    }
    let column = encoding.numbers[feature]
    let step = column.roundingStep.flatMap { RecordingStep($0) }
    var means: [Double] = []
    var quantiles: [[Double]] = []
    for mixture in mixtures {
      let prediction = try mixture.predicting(column: feature, nothing)
      means.append(prediction.mean(0) { column.decode($0, step: nil) })
      quantiles.append(levels.map { column.decode(prediction.quantile(0, $0), step: step) })
    }
    return .numbers(mean: means, quantiles: quantiles)
  }
}

/// Draws of flow emissions, as many of each state.
private struct StateDraws {
  private static let perState = 4000
  private let rows: MixtureRows
  private let states: Int

  init(_ emission: FlowEmission, seed: UInt64) throws {
    states = emission.states
    rows = try emission.sample((0..<Int32(states)).flatMap { [Int32](repeating: $0, count: Self.perState) }, seed: seed)
  }

  /// A column's distribution under each set of the states' probabilities.
  func answer(
    _ column: EncodedColumn, _ feature: Int, _ probabilities: [[Double]], _ levels: [Double]
  ) -> ColumnPrediction.Answer {
    let values = rows.numbers.column(feature)
    let order = values.indices.sorted { values[$0] < values[$1] }
    let step = column.roundingStep.flatMap { RecordingStep($0) }
    let decoded = values.map { column.decode($0, step: nil) }
    let means = (0..<states).map { state in
      decoded[state * Self.perState..<(state + 1) * Self.perState].reduce(0, +) / Double(Self.perState)
    }
    return .numbers(
      mean: probabilities.map { zip($0, means).reduce(0) { $0 + $1.0 * $1.1 } },
      quantiles: probabilities.map { own in
        WeightedSample(
          values: order.map { values[$0] }, weights: order.map { own[$0 / Self.perState] }
        ).quantiles(levels).map { column.decode($0, step: step) }
      })
  }
}
