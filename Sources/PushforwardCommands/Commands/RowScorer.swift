import PushforwardEstimators
import PushforwardEvaluation
import PushforwardTables

/// What `score` prints of each row.
struct RowScorer: Sendable {
  /// What a cell's surprise is measured against.
  enum Surprise: Sendable {
    /// All other cells of the row.
    case others
    /// The cells of the columns before it.
    case before
  }

  let model: any TableModel
  let tail: ScoreDistribution?
  let surprise: Surprise?

  /// The column of results, with six decimals: what is behind that is rounding.
  static let column = "log_prob"
  /// Standard errors of estimates.
  private static let errorColumn = "standard_error"
  private static let tailColumn = "tail_probability"

  /// Rows, and how many lack something.
  struct Count: Sendable {
    var rows = 0
    var unscored = 0
    var nonFinite = 0
    var withoutTail = 0
    var note: String?

    mutating func add(_ other: Count) {
      rows += other.rows
      unscored += other.unscored
      nonFinite += other.nonFinite
      withoutTail += other.withoutTail
      note = note ?? other.note
    }
  }

  /// Names of the columns.
  var names: [String] {
    [Self.column] + (isEstimate ? [Self.errorColumn] : []) + (tail == nil ? [] : [Self.tailColumn])
      + (surprise == nil ? [] : model.columns.map(Self.surpriseColumn))
  }

  private var isEstimate: Bool { model.traits.likelihood == .estimate }

  /// Decimals of the columns.
  var decimals: [String: Int] {
    Dictionary(names.map { ($0, $0.hasPrefix("surprise(") ? 4 : 6) }, uniquingKeysWith: { $1 })
  }

  /// The results of a piece.
  ///
  /// - Throws: as `TableModel.score`, `.scoreCells`, `.scoreColumns`.
  func score(_ piece: Table) throws -> (Table, Count) {
    let scores = try model.score(piece, workers: nil)
    var count = Count(rows: piece.rowCount)
    count.unscored = piece.rowCount - scores.scoredRows.count
    count.nonFinite = scores.scoredRows.count { !scores.logProb[$0].isFinite }
    count.note = model.traits.acceptsMissing ? scores.leftOutNote : nil
    var results = [(name: Self.column, column: Column.numbers(results: scores.logProb))]
    if isEstimate {
      // Rows with a log_prob are exact where nothing says otherwise.
      let errors = scores.standardErrors ?? scores.logProb.map { $0.isNaN ? .nan : 0 }
      results.append((Self.errorColumn, .numbers(results: errors)))
    }
    if let tail {
      // A part of a row is not compared with whole rows.
      let isPart = tail.hasGaps ? [] : Self.gaps(piece, model)
      let shares = scores.logProb.enumerated().map { row, value in
        isPart.isEmpty || !isPart[row] ? tail.share(below: value) : .nan
      }
      count.withoutTail = isPart.indices.count { isPart[$0] && !scores.logProb[$0].isNaN }
      results.append((Self.tailColumn, .numbers(results: shares)))
    }
    if let surprise {
      let cells =
        switch surprise {
        case .others: try model.scoreCells(piece, workers: nil)
        case .before: try model.scoreColumns(piece, workers: nil)
        }
      let byName = Dictionary(cells.columns.map { ($0.name, $0.logProb) }, uniquingKeysWith: { $1 })
      for name in model.columns {
        let values = byName[name] ?? [Double](repeating: .nan, count: piece.rowCount)
        results.append((Self.surpriseColumn(name), .numbers(results: values.map { -$0 })))
      }
    }
    return (try Table(results), count)
  }

  /// What a person should know of the whole.
  func notes(_ count: Count) -> [String] {
    let rows = Format.count(count.rows, "row")
    var notes: [String] = []
    if count.unscored > 0 { notes.append("\(count.unscored) of \(rows) have a missing cell and no log_prob") }
    if count.nonFinite > 0 { notes.append("\(count.nonFinite) of \(rows) have a log_prob that is not finite") }
    if count.withoutTail > 0 {
      notes.append(
        "\(count.withoutTail) of \(rows) have a missing cell and no tail_probability, which is told of whole rows")
    }
    if let note = count.note { notes.append(note) }
    return notes
  }

  /// Whether each row lacks a cell of the model's columns.
  static func gaps(_ table: Table, _ model: any TableModel) -> [Bool] {
    let columns = model.columns.map { table[$0] }
    return (0..<table.rowCount).map { row in columns.contains { $0?.isMissing(row: row) ?? true } }
  }

  private static func surpriseColumn(_ name: String) -> String { "surprise(\(name))" }
}
