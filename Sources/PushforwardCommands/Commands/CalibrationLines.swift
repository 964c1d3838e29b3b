import PushforwardEstimators
import PushforwardEvaluation
import PushforwardTables

/// How rows rank among a model's draws, as lines for a person.
enum CalibrationLines {
  /// A table with a line for whole rows and one for each column of numbers.
  static func lines(_ calibration: JointCalibration) -> [String] {
    let intervals = QuantityPrediction.intervals.map { "in \(Int($0 * 100)) %" }
    let ranks = [("regions of highest density", calibration.regions)] + calibration.columns.map { ($0.name, $0) }
    return [
      "",
      "\(Format.count(calibration.rowCount, "row")) ranked among \(Format.count(calibration.draws, "draw")) under the same"
        + " conditions:",
    ]
      + Format.table(
        [[""] + intervals + ["uniform, p"]]
          + ranks.map { name, found in
            [name] + found.coverage.map { Format.fixed($0.found * 100, 1) + " %" }
              + [Format.significant(found.uniformityProbability, 2)]
          })
  }
}

extension Table {
  /// At most that many rows, evenly spaced.
  func evenlySpaced(_ count: Int) -> Table {
    rowCount <= count ? self : selecting(rows: (0..<count).map { $0 * rowCount / count })
  }
}
