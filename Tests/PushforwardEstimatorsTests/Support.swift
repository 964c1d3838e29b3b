import Foundation
import Pushforward

/// Draws of known distributions as tables.
///
/// Same seed, same table.
enum Draws {
  /// Standard normal numbers, `rows x columns`.
  static func normal(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix<Double> {
    RandomStream(seed: seed, purpose: .test).normal(rows: rows, columns: columns)
  }

  /// Uniform numbers on (0, 1), `rows x columns`.
  static func uniform(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix<Double> {
    RandomStream(seed: seed, purpose: .test).split(1).uniform(rows: rows, columns: columns)
  }

  /// Two columns with means 2 and -1, standard deviations 3 and 0.5, correlation 0.8.
  static func correlated(_ rows: Int, seed: UInt64) throws -> Table {
    let e = normal(rows, 2, seed: seed)
    return try Table(numbers: [
      "a": (0..<rows).map { 2 + 3 * e[$0, 0] },
      "b": (0..<rows).map { -1 + 0.5 * (0.8 * e[$0, 0] + 0.6 * e[$0, 1]) },
    ])
  }

  /// Two narrow normals in the plane, at (-1, 0) and (1, 1) with standard deviation 0.3, one twice as likely.
  static func mixture(_ rows: Int, seed: UInt64) throws -> Table {
    let (e, u) = (normal(rows, 2, seed: seed), uniform(rows, 1, seed: seed))
    return try Table(numbers: [
      "a": (0..<rows).map { (u[$0, 0] < 2.0 / 3 ? -1 : 1) + 0.3 * e[$0, 0] },
      "b": (0..<rows).map { (u[$0, 0] < 2.0 / 3 ? 0 : 1) + 0.3 * e[$0, 1] },
    ])
  }

  /// The density that `mixture` draws from, in nats.
  static func mixtureLogProb(_ a: Double, _ b: Double) -> Double {
    func normal(_ x: Double, _ y: Double) -> Double {
      exp(-0.5 * (x * x + y * y) / 0.09) / (2 * .pi * 0.09)
    }
    return log(2.0 / 3 * normal(a + 1, b) + 1.0 / 3 * normal(a - 1, b - 1))
  }

  /// `y` given `x` and `kind`: normal with mean `sin 2x` or `2 + cos 2x` and standard deviation 0.3.
  static func conditional(_ rows: Int, seed: UInt64) throws -> Table {
    let (e, u) = (normal(rows, 1, seed: seed), uniform(rows, 2, seed: seed))
    let x = (0..<rows).map { 4 * u[$0, 0] - 2 }
    let isFirst = (0..<rows).map { u[$0, 1] < 0.5 }
    return try Table([
      ("x", .numbers(NumberColumn(x))),
      ("kind", .categories(CategoryColumn(isFirst.map { $0 ? "first" : "second" }))),
      (
        "y",
        .numbers(
          NumberColumn((0..<rows).map { (isFirst[$0] ? sin(2 * x[$0]) : 2 + cos(2 * x[$0])) + 0.3 * e[$0, 0] }))
      ),
    ])
  }
}

/// A fit of a second at most.
func quick(_ model: ModelKind, epochs: Int = 30, seed: UInt64 = 1) -> FitOptions {
  var options = FitOptions(model: model, seed: seed)
  options.transforms = 2
  options.hidden = [16, 16]
  options.batchSize = 64
  options.maximumEpochs = epochs
  options.learningRate = 1e-2
  options.dropout = 0
  options.workers = 2
  return options
}

func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

/// The largest distance between the empirical distribution of some values and the standard normal one
/// (Kolmogorov-Smirnov).
func distanceFromNormal(_ values: [Double]) -> Double {
  let count = Double(values.count)
  return values.sorted().enumerated().reduce(0) { largest, item in
    let p = 0.5 * erfc(-item.element / 2.0.squareRoot())
    return max(largest, abs(p - Double(item.offset) / count), abs(p - Double(item.offset + 1) / count))
  }
}

/// An answer that was to be one of levels.
struct NotLevels: Error { let found: String }

/// Levels of a category column and the probability of each in each row.
func predictedLevels(
  _ model: any TableModel, _ table: Table, target: String
) throws -> (levels: [String], probabilities: [[Double]]) {
  let found = try model.predict(table, target: target, options: PredictionOptions(), workers: nil)
  guard case .levels(let levels, let probabilities) = found.answer else { throw NotLevels(found: "\(found.answer)") }
  return (levels, probabilities)
}
