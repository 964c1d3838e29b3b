import ArgumentParser
import PushforwardEstimators
import PushforwardTables

/// The columns whose values a user may fix or limit when sampling: those conditioned on, which must be given, and, if the
/// model can draw the rest of a row given a part of it, those it models.
struct KnownColumns {
  private let columns: [(name: String, storage: Column.Storage)]
  private let required: [String]
  private let schema: Schema

  /// What was asked of the rows to be drawn.
  struct Wish {
    /// One row of fixed cells; `nil`: none.
    var fixed: Table?
    /// What other columns may be.
    var limits: [ColumnLimit]
  }

  init(_ model: any TableModel) {
    let modelled = model.traits.isSequential ? [] : model.requiredColumns.filter { model.columns.contains($0.name) }
    columns = model.conditions + modelled
    required = model.given
    schema = model.schema
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

  /// Whether an argument can be one of `parse`'s, whatever the columns are.
  static func looksLikeWish(_ argument: String) -> Bool {
    argument.dropFirst().contains { "=<>".contains($0) }
  }

  /// Arguments of the forms `column=value`, `column=a|b`, `column=low..high`, `column<value`, `column>=value`.
  ///
  /// - Throws: `ValidationError`, `EstimatorError.conditions`, `TableError`.
  func parse(_ arguments: [String]) throws -> Wish {
    var fixed: [(name: String, column: Column)] = []
    var limits: [ColumnLimit] = []
    var unknown: [String] = []
    for argument in arguments {
      guard let (column, sign, value) = parts(of: argument) else {
        unknown.append(String(argument.prefix { !"=<>".contains($0) }))
        continue
      }
      if let limit = try limit(column.name, sign, value, argument) {
        if required.contains(column.name) {
          throw ValidationError(
            "--given \(argument): the model is conditioned on \(column.name), which needs one value")
        }
        limits.append(limit)
        continue
      }
      if fixed.contains(where: { $0.name == column.name }) {
        throw ValidationError("--given: \(column.name) is given twice")
      }
      fixed.append((column.name, try cell(column, value)))
    }
    if let first = limits.first(where: { limit in fixed.contains { $0.name == limit.column } }) {
      throw ValidationError("--given: \(first.column) is given twice, as a value and as \(first.text)")
    }
    let given = fixed.map(\.name) + limits.map(\.column) + unknown
    if !unknown.isEmpty || (!arguments.isEmpty && !required.allSatisfy { given.contains($0) }) {
      throw EstimatorError.conditions(expected: required, found: given.sorted())
    }
    return Wish(fixed: fixed.isEmpty ? nil : try Table(fixed), limits: limits)
  }

  /// A known column's name, a sign of comparison, the rest.
  private func parts(
    of argument: String
  ) -> (column: (name: String, storage: Column.Storage), sign: String, value: String)? {
    // The longest name that fits, since names may hold the signs too.
    for column in columns.sorted(by: { $0.name.count > $1.name.count }) where argument.hasPrefix(column.name) {
      let rest = argument.dropFirst(column.name.count)
      for sign in [">=", "<=", "=", ">", "<"] where rest.hasPrefix(sign) {
        return (column, sign, String(rest.dropFirst(sign.count)))
      }
    }
    return nil
  }

  /// A limit; `nil` for a single value.
  private func limit(_ name: String, _ sign: String, _ value: String, _ argument: String) throws -> ColumnLimit? {
    let column = schema[name]
    let isOrdered = column?.kind.isNumeric ?? true
    if sign != "=" {
      guard isOrdered else {
        throw ValidationError("--given \(argument): \(name) is a category, and has no order")
      }
      let end = try number(value, name, argument)
      let range: ColumnLimit.Values =
        sign.hasPrefix(">")
        ? .range(low: end, includesLow: sign == ">=", high: .infinity, includesHigh: false)
        : .range(low: -.infinity, includesLow: false, high: end, includesHigh: sign == "<=")
      return ColumnLimit(column: name, values: range, text: argument)
    }
    if !isOrdered, column?.levels?.contains(value) ?? false { return nil }
    if isOrdered, let dots = value.firstRange(of: "..") {
      let low = try number(String(value[..<dots.lowerBound]), name, argument)
      let high = try number(String(value[dots.upperBound...]), name, argument)
      guard low <= high else {
        throw ValidationError("--given \(argument): expected the smaller end first")
      }
      return ColumnLimit(
        column: name, values: .range(low: low, includesLow: true, high: high, includesHigh: true), text: argument)
    }
    guard value.contains("|") else { return nil }
    let texts = value.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
    if isOrdered {
      return ColumnLimit(
        column: name, values: .numbers(try texts.map { try number($0, name, argument) }), text: argument)
    }
    let known = column?.levels ?? []
    if let stranger = texts.first(where: { !known.isEmpty && !known.contains($0) }) {
      throw TableError.unseenLevel(column: name, level: stranger, place: "--given", known: known)
    }
    return ColumnLimit(column: name, values: .levels(texts), text: argument)
  }

  /// A number, or a date as its column counts it.
  private func number(_ text: String, _ name: String, _ argument: String) throws -> Double {
    if let column = schema[name], column.kind == .date {
      let cell = try column.numbers(.categories(CategoryColumn([text])), place: { _ in "--given" })
      return cell.values[0]
    }
    guard let value = Double(text), value.isFinite else {
      throw ValidationError("--given \(argument): expected a number, found '\(text)'")
    }
    return value
  }

  private func cell(_ column: (name: String, storage: Column.Storage), _ text: String) throws -> Column {
    if let known = schema[column.name]?.levels, !known.isEmpty, !known.contains(text) {
      throw TableError.unseenLevel(column: column.name, level: text, place: "--given", known: known)
    }
    guard column.storage == .numbers else { return .categories(CategoryColumn([text])) }
    guard let value = Double(text), value.isFinite else {
      throw ValidationError("--given \(column.name): expected a number, found '\(text)'")
    }
    return .numbers(try NumberColumn([value]))
  }
}
