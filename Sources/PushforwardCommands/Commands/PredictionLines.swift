import PushforwardEstimators
import PushforwardEvaluation

/// How well columns were foretold, as lines for a person and as JSON.
enum PredictionLines {
  /// A table of the quantities and one of the categories.
  static func lines(_ predictions: [(name: String, evaluation: PredictionEvaluation)]) -> [String] {
    var quantities: [[String]] = []
    var categories: [[String]] = []
    for (name, evaluation) in predictions {
      switch evaluation {
      case .quantity(let found, let method):
        quantities.append(
          [
            name, Format.significant(found.rootMeanSquaredError, 4), Format.significant(found.meanAbsoluteError, 4),
            Format.significant(found.rankedProbabilityScore, 4),
            found.logLikelihood.map { Format.fixed($0.mean, 4) } ?? "",
          ] + found.coverage.map { Format.fixed($0.found * 100, 1) + " %" }
            + [found.uniformityProbability.map { Format.significant($0, 2) } ?? "", words(method)])
      case .category(let found, let method):
        categories.append([
          name, Format.fixed(found.accuracy * 100, 2) + " %", Format.fixed(found.logLoss, 4),
          Format.fixed(found.brierScore, 4), Format.fixed(found.calibrationError, 4), words(method),
        ])
      }
    }
    var lines: [String] = []
    if !quantities.isEmpty {
      let intervals = QuantityPrediction.intervals.map { "in \(Int($0 * 100)) %" }
      lines += ["", "each quantity given all other columns:"]
      lines += Format.table(
        [["", "rmse", "mae", "crps", "log-likelihood"] + intervals + ["uniform, p", "by"]] + quantities)
    }
    if !categories.isEmpty {
      lines += ["", "each category given all other columns:"]
      lines += Format.table([["", "accuracy", "log-loss", "Brier", "calibration error", "by"]] + categories)
    }
    return lines
  }

  /// The measures under their stable keys, with the method.
  static func json(_ evaluation: PredictionEvaluation) -> JSONValue {
    switch evaluation {
    case .quantity(let found, let method): json(try? JSONValue(encoding: found), method)
    case .category(let found, let method): json(try? JSONValue(encoding: found), method)
    }
  }

  private static func json(_ value: JSONValue?, _ method: ColumnPrediction.Method) -> JSONValue {
    guard case .object(let members)? = value else { return .null }
    return .object(members + [JSONValue.Member(name: "method", value: .string(words(method)))])
  }

  private static func words(_ method: ColumnPrediction.Method) -> String {
    switch method {
    case .exact: "formula"
    case .quadrature: "quadrature"
    case .learned: "the network"
    case .draws(let count): "\(count) draws"
    }
  }
}
