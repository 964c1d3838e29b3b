import PushforwardCore
import PushforwardMixtures
import PushforwardSequences
import PushforwardTables

extension SequenceModel {
  /// What the rows of a table say of the states.
  public struct States: Sendable {
    /// The likeliest path: one state a row, from 0.
    public var path: [Int32]
    /// P(state | all rows of the sequence), `rows x states`.
    public var probabilities: Matrix<Double>
  }

  /// The likeliest states of a table's rows and their posterior probabilities.
  ///
  /// - Throws: `TableError`, `EstimatorError.badSequences`.
  public func states(_ table: Table, workers: WorkerPool? = nil) throws -> States {
    if table.rowCount == 0 { return States(path: [], probabilities: Matrix(rows: 0, columns: hidden.states)) }
    let layout = try SequenceColumn.layout(sequence, of: table).sequences
    let rows = try encoding.rows(table).mixture
    let densities = try hidden.emission.logDensities(rows, workers: workers)
    return States(
      path: try hidden.chain.viterbi(densities, layout, workers: workers).path,
      probabilities: try hidden.chain.smooth(densities, layout, workers: workers).probabilities.matrix)
  }

  /// What comes after the end of each sequence.
  public struct Forecast: Sendable {
    /// Name of the sequence of each forecast; `nil` without a sequence column.
    public var sequences: [String?]
    /// Rows after the last one, from 1, of each forecast.
    public var steps: [Int]
    /// For each modelled column, in order, its distribution in each forecast.
    public var columns: [(name: String, answer: ColumnPrediction.Answer)]
  }

  /// The distributions of the next rows of each sequence, step by step, exact.
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
    let predicted = try hidden.predictedStates(
      encoding.rows(table).mixture, layout.sequences, steps: steps, workers: workers)
    let mixtures = try predicted.flatMap { try $0.map { try hidden.emission.mixed($0) } }
    let columns = try encoding.modelled.map { name -> (name: String, answer: ColumnPrediction.Answer) in
      (name, try answer(name, mixtures, levels))
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
