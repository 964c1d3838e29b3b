import ArgumentParser
import PushforwardEstimators
import PushforwardTables

/// The columns whose values a user may fix when sampling: those conditioned on, which must be given, and, if the model can
/// draw the rest of a row given a part of it, those it models.
struct KnownColumns {
  private let columns: [(name: String, storage: Column.Storage)]
  private let required: [String]

  init(_ model: any TableModel) {
    let modelled = model.traits.completes ? model.requiredColumns.filter { model.columns.contains($0.name) } : []
    columns = model.conditions + modelled
    required = model.given
  }

  /// Reads the columns from a file, which may have others too.
  ///
  /// - Throws: `EstimatorError.conditions` when nothing can be given or something is lacking, `TableError`.
  func read(_ input: TableInput) throws -> Table {
    if columns.isEmpty { throw EstimatorError.conditions(expected: [], found: [input.path]) }
    let table = try input.readPresent(columns: columns)
    let lacking = required.contains { table[$0] == nil }
    if lacking || table.names.isEmpty { throw EstimatorError.conditions(expected: required, found: table.names) }
    return table
  }

  /// One row from arguments of the form `column=value`.
  ///
  /// - Returns: The row; `nil` without arguments.
  /// - Throws: `ValidationError`, `EstimatorError.conditions`, `TableError`.
  func parse(_ arguments: [String]) throws -> Table? {
    if arguments.isEmpty { return nil }
    var texts: [String: String] = [:]
    for argument in arguments {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      if texts.updateValue(parts[1], forKey: parts[0]) != nil {
        throw ValidationError("--given: \(parts[0]) is given twice")
      }
    }
    let names = Set(columns.map(\.name))
    if !names.isSuperset(of: texts.keys) || !required.allSatisfy({ texts[$0] != nil }) {
      throw EstimatorError.conditions(expected: required, found: texts.keys.sorted())
    }
    return try Table(
      columns.compactMap { column in
        guard let text = texts[column.name] else { return nil }
        guard column.storage == .numbers else {
          return (name: column.name, column: .categories(CategoryColumn([text])))
        }
        guard let value = Double(text), value.isFinite else {
          throw ValidationError("--given \(column.name): expected a number, found '\(text)'")
        }
        return (name: column.name, column: .numbers(try NumberColumn([value])))
      })
  }
}
