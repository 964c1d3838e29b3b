import PushforwardCore

/// Rows of numbers and categories, some cells missing, each row with a weight.
public struct MixtureRows: Sendable {
  /// Numbers, `rows x features`; NaN marks a missing cell.
  public let numbers: Matrix<Double>
  /// Codes of the categories, row-major `rows x levels.count`, each in `0..<levels[column]`; -1 marks a missing cell.
  public let codes: [Int32]
  /// Number of levels of each category column.
  public let levels: [Int]
  /// One weight a row, not negative; all 1 where there are none.
  ///
  /// A weight of 2 is the row twice.
  public let weights: [Double]?
  /// Standard deviation of the error with which each number was measured, shaped as `numbers`; `nil`: none has any.
  ///
  /// A mixture is that of the numbers without their errors: a row counts by the density of number plus normal error.
  public let errors: Matrix<Double>?

  /// Number of rows.
  public var count: Int { numbers.rows }

  /// Rows, checked.
  ///
  /// - Parameters:
  ///   - numbers: `rows x features`, finite or NaN; may have no columns.
  ///   - codes: Row-major, one a row and category column.
  ///   - levels: Levels of each category column, each at least 1.
  ///   - weights: One a row, finite, not negative.
  ///   - errors: `rows x features`, finite, not negative; those of missing cells are not looked at.
  /// - Throws: `MixtureError.size` or `.value`.
  public init(
    numbers: Matrix<Double>, codes: [Int32] = [], levels: [Int] = [], weights: [Double]? = nil,
    errors: Matrix<Double>? = nil
  ) throws(MixtureError) {
    if let errors, (errors.rows, errors.columns) != (numbers.rows, numbers.columns) {
      throw .size(what: "errors of measurement", expected: numbers.values.count, found: errors.values.count)
    }
    if let errors, let bad = errors.values.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
      throw .value(
        what: "error of row \(bad / numbers.columns), column \(bad % numbers.columns)",
        expected: "a finite number, not negative", found: "\(errors.values[bad])")
    }
    if codes.count != numbers.rows * levels.count {
      throw .size(what: "category codes", expected: numbers.rows * levels.count, found: codes.count)
    }
    if let weights, weights.count != numbers.rows {
      throw .size(what: "weights", expected: numbers.rows, found: weights.count)
    }
    for (column, count) in levels.enumerated() where count < 1 {
      throw .value(what: "levels of category \(column)", expected: "at least 1", found: "\(count)")
    }
    if let bad = numbers.values.firstIndex(where: { $0.isInfinite }) {
      throw .value(
        what: "row \(bad / numbers.columns), column \(bad % numbers.columns)", expected: "a finite number or NaN",
        found: "\(numbers.values[bad])")
    }
    for (place, code) in codes.enumerated() where code < -1 || Int(code) >= levels[place % levels.count] {
      throw .value(
        what: "row \(place / levels.count), category \(place % levels.count)",
        expected: "-1 to \(levels[place % levels.count] - 1)", found: "\(code)")
    }
    if let weights, let bad = weights.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
      throw .value(what: "weight of row \(bad)", expected: "a finite number, not negative", found: "\(weights[bad])")
    }
    self.numbers = numbers
    self.codes = codes
    self.levels = levels
    self.weights = weights
    self.errors = errors
  }

  /// The rows of the given numbers, in that order.
  public func selecting(_ indices: [Int]) -> MixtureRows {
    let width = levels.count
    return MixtureRows(
      unchecked: numbers.selectingRows(indices),
      codes: indices.flatMap { codes[$0 * width..<($0 + 1) * width] }, levels: levels,
      weights: weights.map { weights in indices.map { weights[$0] } }, errors: errors?.selectingRows(indices))
  }

  init(
    unchecked numbers: Matrix<Double>, codes: [Int32], levels: [Int], weights: [Double]?, errors: Matrix<Double>? = nil
  ) {
    self.numbers = numbers
    self.codes = codes
    self.levels = levels
    self.weights = weights
    self.errors = errors
  }

  /// Weighted mean and standard deviation of each column over its present cells; (0, 0) where there are none.
  func moments() -> [(mean: Double, deviation: Double)] {
    let width = numbers.columns
    return (0..<width).map { column in
      var (total, sum) = (0.0, 0.0)
      numbers.values.withUnsafeBufferPointer { values in
        for row in 0..<count {
          let (x, weight) = (values[row * width + column], weights?[row] ?? 1)
          if !x.isNaN {
            total += weight
            sum += weight * x
          }
        }
      }
      if total <= 0 { return (0, 0) }
      let mean = sum / total
      var squares = 0.0
      numbers.values.withUnsafeBufferPointer { values in
        for row in 0..<count {
          let x = values[row * width + column]
          if !x.isNaN { squares += (weights?[row] ?? 1) * (x - mean) * (x - mean) }
        }
      }
      return (mean, (squares / total).squareRoot())
    }
  }
}
