import PushforwardCore
import PushforwardMixtures
import PushforwardSequences
import PushforwardTables

extension SequenceModel {
  /// Predicts a column of each row given the row's other cells and the rows before it in its sequence, the column's cells there
  /// included: one step ahead, as `score` goes.
  ///
  /// Exact; a flow's quantities by draws of them, weighted.
  ///
  /// - Throws: `TableError`, `EstimatorError.badSequences`.
  public func predict(
    _ table: Table, target: String, options: PredictionOptions, workers: WorkerPool?
  ) throws -> ColumnPrediction {
    guard columns.contains(target) else { throw TableError.unknownColumn(name: target, available: columns) }
    let feature = encoding.numbers.firstIndex { $0.name == target }
    if table.rowCount == 0 || feature.map({ encoding.numbers[$0].schema.kind == .date }) ?? false {
      return try predictionByDraws(table, target: target, options: options, workers: workers)
    }
    let asked = try Question(self, table, target, workers)
    guard let feature else {
      let place = encoding.categories.firstIndex { $0.name == target }!
      return ColumnPrediction(
        target: target,
        answer: .levels(
          encoding.categories[place].levels ?? [], probabilities: try levelShares(place, asked, workers)),
        logProb: asked.logProb, cdf: nil, method: .exact)
    }
    let column = encoding.numbers[feature]
    let step = column.roundingStep.flatMap { RecordingStep($0) }
    let cells = asked.rows.mixture.numbers
    let all = 0..<table.rowCount
    if let flow {
      let samples = try drawn(flow.emission, feature, asked, options, workers)
      return ColumnPrediction(
        target: target,
        answer: .numbers(
          mean: samples.map { $0.mean { column.decode($0, step: nil) } },
          quantiles: samples.map { $0.quantiles(options.levels).map { column.decode($0, step: step) } }),
        logProb: asked.logProb,
        cdf: all.map { cells[$0, feature].isNaN ? .nan : samples[$0].share(below: cells[$0, feature]) },
        method: .draws(options.draws))
    }
    let plain = try hidden.emission.mixture.predicting(column: feature, asked.others.mixture, workers: workers)
    let prediction = NumberPrediction(
      weights: weights(plain.weights, asked.states), means: plain.means, deviations: plain.deviations)
    return ColumnPrediction(
      target: target,
      answer: .numbers(
        mean: all.map { prediction.mean($0) { column.decode($0, step: nil) } },
        quantiles: all.map { row in
          prediction.quantiles(row, options.levels).map { column.decode($0, step: step) }
        }),
      logProb: asked.logProb,
      cdf: all.map { cells[$0, feature].isNaN ? .nan : prediction.cdf($0, cells[$0, feature]) }, method: .exact)
  }

  /// A table with a column to predict, and what the chain says of it.
  private struct Question {
    let rows: MixedEncoding.Rows
    /// The rows without the column.
    let others: MixedEncoding.Rows
    /// P(state | rows before), `rows x states`.
    let before: Matrix<Double>
    /// P(state | rows before, the row's other cells).
    let states: Matrix<Double>
    /// log p(cell | rows before, the row's other cells); NaN where the cell is missing.
    let logProb: [Double]

    init(_ model: SequenceModel, _ table: Table, _ target: String, _ workers: WorkerPool?) throws {
      let (encoding, chain) = (model.encoding, model.chain)
      let layout = try SequenceColumn.layout(model.sequence, of: table).sequences
      rows = try encoding.rows(table, absent: true)
      others = try encoding.rows(table, absent: true, hiding: [target])
      let whole = try model.densities(rows.mixture, workers)
      let part = try model.densities(others.mixture, workers)
      let filtered = try chain.filter(whole, layout, workers: workers).probabilities
      let k = chain.states
      var (before, states) = (Matrix<Double>(rows: table.rowCount, columns: k), Matrix<Double>(rows: 0, columns: k))
      states.values.reserveCapacity(table.rowCount * k)
      var logProb = [Double](repeating: .nan, count: table.rowCount)
      let cells = table[target]
      for sequence in 0..<layout.count {
        for row in layout.rows(sequence) {
          let own =
            row == layout.rows(sequence).lowerBound
            ? chain.initial : chain.advanced((0..<k).map { filtered[row - 1, $0] })
          let joint = (0..<k).map { Logarithm.of(own[$0]) + part[row, $0] }
          let total = Logarithm.sum(joint)
          for state in 0..<k { before[row, state] = own[state] }
          states.values += total.isFinite ? joint.map { Logarithm.exponential($0 - total) } : own
          if !(cells?.isMissing(row: row) ?? true) {
            let full = Logarithm.sum((0..<k).map { Logarithm.of(own[$0]) + whole[row, $0] })
            logProb[row] = full - total + rows.logDet[row] - others.logDet[row]
          }
        }
      }
      self.before = before
      self.states = Matrix(rows: table.rowCount, columns: k, values: states.values)
      self.logProb = logProb
    }
  }

  /// Weights of components: their shares of their states, and the states' probabilities.
  private func weights(_ responsibilities: Matrix<Double>, _ states: Matrix<Double>) -> Matrix<Double> {
    let (perState, prior) = (hidden.emission.perState, hidden.emission.mixture.weights)
    var out = responsibilities
    for row in 0..<out.rows {
      for state in 0..<states.columns {
        let range = state * perState..<(state + 1) * perState
        let sum = range.reduce(0.0) { $0 + responsibilities[row, $1] }
        let priorSum = range.reduce(0.0) { $0 + prior[$1] }
        for k in range {
          // A state that is all but impossible by itself keeps its own weights: its components' shares have underflowed.
          let share = sum > 1e-290 ? responsibilities[row, k] / sum : prior[k] / priorSum
          out[row, k] = states[row, state] * share
        }
      }
    }
    return out
  }

  private func levelShares(_ place: Int, _ asked: Question, _ workers: WorkerPool?) throws -> [[Double]] {
    let mixture = (flow?.emission.base ?? hidden.emission).mixture
    let shares =
      flow == nil
      ? weights(try mixture.responsibilities(asked.others.mixture, workers: workers), asked.states) : asked.states
    let width = encoding.levels[place]
    let table = mixture.probabilities[place]
    return (0..<shares.rows).map { row in
      (0..<width).map { level in
        (0..<shares.columns).reduce(0.0) { $0 + shares[row, $1] * table[$1 * width + level] }
      }
    }
  }

  /// Draws of a quantity in each row, on the model's scale: from each state that may be, weighted by its probability and by how
  /// much likelier the flow makes the draw than the state's normal distribution, from which it came.
  private func drawn(
    _ emission: FlowEmission, _ feature: Int, _ asked: Question, _ options: PredictionOptions, _ workers: WorkerPool?
  ) throws -> [WeightedSample] {
    let normal = try emission.base.logDensities(asked.others.mixture, workers: workers)
    var samples: [WeightedSample] = []
    for begin in stride(from: 0, to: asked.states.rows, by: 128) {
      let block = begin..<min(begin + 128, asked.states.rows)
      var found = [[(value: Double, log: Double)]](repeating: [], count: block.count)
      for state in 0..<emission.states {
        let rows = block.filter { asked.states[$0, state] > 1e-5 }
        if rows.isEmpty { continue }
        let drawn = try emission.completions(
          asked.others.mixture.selecting(rows), state: state, draws: options.draws, workers: workers)
        for (place, row) in rows.enumerated() {
          let joint = Logarithm.of(asked.before[row, state]) + normal[row, state]
          for number in place * options.draws..<(place + 1) * options.draws {
            found[row - begin].append((drawn.numbers[number, feature], joint + drawn.logRatios[number]))
          }
        }
      }
      samples += found.map { own in
        let top = own.reduce(-Double.infinity) { max($0, $1.log) }
        return WeightedSample(
          sorting: own.map { ($0.value, top.isFinite ? Logarithm.exponential($0.log - top) : 1) })
      }
    }
    return samples
  }
}
