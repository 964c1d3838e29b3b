/// What a model says of one column of some rows, given the rows' other cells.
public struct ColumnPrediction: Sendable {
  /// The distribution of the column's cells.
  public enum Answer: Sendable {
    /// A quantity: its mean a row, and its quantiles at the levels asked for, `quantiles[row][level]`, in the column's units.
    case numbers(mean: [Double], quantiles: [[Double]])
    /// A category: its levels, and their probabilities, `probabilities[row][level]`.
    case levels([String], probabilities: [[Double]])
  }

  /// How the answer was found.
  public enum Method: Sendable, Equatable {
    /// From the model's own formulas.
    case exact
    /// From the model's density along the column, integrated by adaptive bisection.
    case quadrature
    /// From the network's learned answer to the very question.
    case learned
    /// From this many draws a row.
    case draws(Int)
  }

  /// Name of the column.
  public var target: String
  /// The distributions.
  public var answer: Answer
  /// `log p(cell | the row's other cells)` of the cells that are present, nats in the column's units.
  ///
  /// NaN where the cell is missing; `nil` when the method has no density.
  public var logProb: [Double]?
  /// The distribution function at the cells that are present: uniform if the model is right.
  ///
  /// NaN where the cell is missing; for cells that have a mass, a place drawn between the values below and at the cell. `nil`
  /// for categories.
  public var cdf: [Double]?
  /// How the answer was found.
  public var method: Method
  /// How many equal draws each row's weighted ones are worth, NaN where they are alike; `nil`: no weights.
  public var effectiveSizes: [Double]?

  /// Makes a prediction.
  public init(target: String, answer: Answer, logProb: [Double]?, cdf: [Double]?, method: Method) {
    self.target = target
    self.answer = answer
    self.logProb = logProb
    self.cdf = cdf
    self.method = method
  }
}

/// How a column is to be predicted.
public struct PredictionOptions: Sendable {
  /// The quantiles wanted, levels in (0, 1).
  public var levels: [Double]
  /// Draws a row, where the answer comes from draws.
  public var draws: Int
  /// Seed of the draws.
  public var seed: UInt64
  /// Number of the first row, to predict a long table in pieces.
  public var firstRow: Int

  /// Makes options.
  public init(levels: [Double] = [0.05, 0.5, 0.95], draws: Int = 200, seed: UInt64 = 0, firstRow: Int = 0) {
    self.levels = levels
    self.draws = draws
    self.seed = seed
    self.firstRow = firstRow
  }
}
