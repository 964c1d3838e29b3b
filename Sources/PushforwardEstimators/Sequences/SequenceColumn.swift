import PushforwardSequences
import PushforwardTables

/// The column that names the sequence of each row: texts, whatever they look like.
struct SequenceColumn: Sendable, Codable, Equatable {
  let name: String

  /// The sequences of a table, each consecutive rows with the same name.
  ///
  /// - Parameters:
  ///   - column: Their names; `nil`: the table is one sequence.
  ///   - table: At least one row.
  ///   - weights: Row weights, the same within a sequence.
  /// - Returns: The sequences.
  /// - Throws: `EstimatorError.badSequences`, `TableError.unknownColumn`.
  static func layout(_ column: SequenceColumn?, of table: Table, weights: [Double]? = nil) throws -> Layout {
    let names: CategoryColumn?
    if let column { names = try table.column(column.name).categories } else { names = nil }
    var lengths: [Int] = []
    var labels: [String?] = []
    var seen: Set<UInt32> = []
    var sequenceWeights: [Double] = []
    for row in 0..<table.rowCount {
      let isNew = row == 0 || names.map { $0.codes[row] != $0.codes[row - 1] } ?? false
      if isNew {
        if let column, let names {
          let code = names.codes[row]
          if code == CategoryColumn.missing {
            throw EstimatorError.badSequences(
              column: column.name, detail: "\(table.place(ofRow: row)) has none; every row must belong to one")
          }
          if !seen.insert(code).inserted {
            throw EstimatorError.badSequences(
              column: column.name,
              detail: "the rows of a sequence must stand together; '\(names.levels[Int(code)])' comes again in "
                + table.place(ofRow: row))
          }
          labels.append(names.levels[Int(code)])
        } else {
          labels.append(nil)
        }
        lengths.append(0)
        sequenceWeights.append(weights?[row] ?? 1)
      }
      if let weights, weights[row] != sequenceWeights[sequenceWeights.count - 1] {
        throw EstimatorError.badSequences(
          column: column?.name,
          detail: "expected one weight for all rows of a sequence, found another in \(table.place(ofRow: row))")
      }
      lengths[lengths.count - 1] += 1
    }
    return Layout(sequences: try SequenceLayout(lengths: lengths, weights: sequenceWeights), labels: labels)
  }

  /// Sequences and what they are called.
  struct Layout {
    let sequences: SequenceLayout
    let labels: [String?]
  }
}
