/// Decides what one column is.
struct SchemaInference {
  let name: String
  let override: ColumnOverride
  let source: String

  /// The column's description.
  ///
  /// - Throws: `TableError.badSchema` when the declaration does not fit the data.
  func infer(_ column: Column, table: Table) throws -> ColumnSchema {
    var schema: ColumnSchema
    switch (column, override.kind) {
    case (.numbers(let numbers), nil) where override.levels == nil,
      (.numbers(let numbers), .real), (.numbers(let numbers), .wholeNumber):
      schema = inferNumbers(numbers)
    case (.numbers, .date):
      throw bad("declared a date, but the cells are plain numbers; expected texts like 2024-12-31")
    case (.categories, .real), (.categories, .wholeNumber):
      throw bad("declared \(override.kind!.rawValue), but cells hold text such as \(example(column.categories))")
    default:
      schema = inferTexts(column.categories, storage: column.storage)
    }
    try apply(override, to: &schema, column: column, table: table)
    return schema
  }

  private func bad(_ detail: String) -> TableError {
    .badSchema(source: source, line: nil, detail: "column \(name): \(detail)")
  }

  private func example(_ column: CategoryColumn) -> String { quoted(column.levels.first ?? "") }

  // MARK: Numbers

  private func inferNumbers(_ column: NumberColumn) -> ColumnSchema {
    var schema = ColumnSchema(name: name, kind: .real, storage: .numbers)
    schema.missingCount = column.missingCount
    var sorted = column.missingCount == 0 ? column.values : column.values.filter { !$0.isNaN }
    sorted.sort()
    let distinct = SortedRuns(sorted)
    schema.distinctCount = distinct.values.count
    schema.repeatedShare = distinct.repeatedShare
    schema.minimum = sorted.first
    schema.maximum = sorted.last
    guard let low = sorted.first, let high = sorted.last else {
      schema.kind = .constant
      schema.reason = "every cell is missing"
      return schema
    }
    if low == high {
      schema.kind = .constant
      schema.reason = "every cell is \(NumberText.shortest(low))" + (column.missingCount > 0 ? " or missing" : "")
      return schema
    }
    let step = RecordingStep(distinct: distinct.values, recording: column.recording)
    schema.step = step?.value
    let isWhole = step.map { $0.decimals == 0 } ?? false
    if let reason = identifierReason(column, isWhole: isWhole, distinct: distinct.values.count, range: (low, high)) {
      schema.kind = .identifier
      schema.reason = reason
      return schema
    }
    schema.kind = isWhole ? .wholeNumber : .real
    let recorded = step.map { " recorded to \(NumberText.shortest($0.value))" } ?? " without a recording step"
    schema.reason = "\(distinct.values.count) different \(isWhole ? "whole numbers" : "numbers")\(recorded)"
    if column.recording.hasLeadingZeros {
      schema.reason += "; some are written with leading zeros: declare a category if they are codes"
    }
    return schema
  }

  private func identifierReason(
    _ column: NumberColumn, isWhole: Bool, distinct: Int, range: (low: Double, high: Double)
  ) -> String? {
    let (values, low, high) = (column.values, range.low, range.high)
    guard isWhole, distinct == values.count, distinct >= 5 else { return nil }
    // In any order: nothing may depend on how the rows are sorted.
    let counts = distinct >= 10 && (low == 0 || low == 1) && high == low + Double(distinct - 1)
    if counts { return "it counts the rows from \(NumberText.shortest(low))" }
    return isNamedLikeIdentifier ? "its name, and every whole number occurs once" : nil
  }

  private var isNamedLikeIdentifier: Bool {
    let lower = name.lowercased()
    let words: Set<String> = [
      "id", "key", "uuid", "guid", "index", "idx", "row", "rownames", "row_names", "no", "nr", "number", "identifier",
    ]
    return words.contains(lower) || lower.hasSuffix("_id") || lower.hasSuffix(" id") || lower.hasSuffix("-id")
      || lower.hasSuffix("_key") || lower.hasSuffix("uuid") || (name.hasSuffix("Id") || name.hasSuffix("ID"))
  }

  // MARK: Texts

  private func inferTexts(_ column: CategoryColumn, storage: Column.Storage) -> ColumnSchema {
    var schema = ColumnSchema(name: name, kind: .category, storage: storage)
    schema.missingCount = column.missingCount
    var counts = [Int](repeating: 0, count: column.levels.count)
    for code in column.codes where code != CategoryColumn.missing { counts[Int(code)] += 1 }
    let present = column.levels.indices.filter { counts[$0] > 0 }.sorted { column.levels[$0] < column.levels[$1] }
    let levels = present.map { column.levels[$0] }
    let total = column.codes.count - column.missingCount
    schema.distinctCount = levels.count
    schema.repeatedShare = total == 0 ? 0 : Double(counts.filter { $0 > 1 }.reduce(0, +)) / Double(total)
    if levels.count < 2 {
      schema.kind = .constant
      schema.levels = levels.isEmpty ? nil : levels
      schema.reason =
        levels.first.map { "every cell is \(quoted($0))" + (column.missingCount > 0 ? " or missing" : "") }
        ?? "every cell is missing"
      return schema
    }
    if override.kind == .date || (override.kind == nil && override.levels == nil),
      case let calendar = calendar(levels), let unit = dateUnit(levels, calendar, schema: &schema)
    {
      schema.kind = .date
      schema.dateUnit = unit
      schema.dateFormat = DateTextFormat(matching: levels, calendar: calendar)
      let word = unit == .day ? "date" : "time"
      schema.reason =
        "every text is " + (calendar.map { "a \(word): \($0.order.rawValue)" } ?? "an ISO 8601 \(word)")
      return schema
    }
    let isDeclared = override.kind == .category || override.levels != nil
    if !isDeclared, let (kind, reason) = rowNames(levels, total: total) {
      schema.kind = kind
      schema.reason = reason
      return schema
    }
    schema.kind = .category
    schema.levels = levels
    schema.levelCounts = present.map { counts[$0] }
    schema.reason = "\(levels.count) levels in \(total) cells"
    if levels.count == 2, BooleanTexts.isPair(levels) { schema.reason += ", which say yes and no" }
    return schema
  }

  /// Bytes of a text that may still be a level of a category.
  private static var longestLevel: Int { 1 << 16 }

  /// Identifier or free text, for columns whose texts hardly repeat.
  private func rowNames(_ levels: [String], total: Int) -> (ColumnKind, String)? {
    let longest = levels.reduce(0) { max($0, $1.utf8.count) }
    if longest > Self.longestLevel { return (.freeText, "one of the texts has \(longest) bytes") }
    let length = Double(levels.reduce(0) { $0 + $1.utf8.count }) / Double(levels.count)
    let withBlanks = levels.count { $0.contains(" ") }
    let isProse = length > 40 || (2 * withBlanks > levels.count && length > 12)
    let share = Double(levels.count) / Double(total)
    if levels.count == total, total >= (isNamedLikeIdentifier ? 5 : 20) {
      return isProse
        ? (.freeText, "every text is different, \(Int(length)) characters on average")
        : (.identifier, "every text is different")
    }
    if share > 0.5, levels.count > 50 {
      let percent = Int((100 * share).rounded())
      return isProse
        ? (.freeText, "\(percent) % of the texts are different, \(Int(length)) characters on average")
        : (.identifier, "\(percent) % of the texts are different")
    }
    return nil
  }

  /// How days are written, if not as in ISO 8601.
  private func calendar(_ levels: [String]) -> CalendarForm? {
    levels.first.flatMap { ISODate.secondsSince1970($0) } == nil ? CalendarForm(of: levels) : nil
  }

  /// Date, or date and time; `nil` if any text is neither.
  private func dateUnit(
    _ levels: [String], _ calendar: CalendarForm?, schema: inout ColumnSchema
  ) -> ColumnSchema.DateUnit? {
    var unit = ColumnSchema.DateUnit.day
    var isWhole = true
    var low = Double.infinity
    var high = -Double.infinity
    for level in levels {
      guard let (seconds, hasTime) = ISODate.secondsSince1970(calendar?.iso(level) ?? level) else { return nil }
      if hasTime { unit = .second }
      if seconds != seconds.rounded() { isWhole = false }
      low = min(low, seconds)
      high = max(high, seconds)
    }
    schema.minimum = low / unit.seconds
    schema.maximum = high / unit.seconds
    schema.step = isWhole ? 1 : nil
    return unit
  }
}

/// Texts that say yes and no.
enum BooleanTexts {
  private static let pairs: Set<[String]> = [
    ["false", "true"], ["no", "yes"], ["f", "t"], ["n", "y"], ["off", "on"], ["0", "1"],
  ]

  /// Whether two texts are such a pair, in whatever case.
  static func isPair(_ texts: [String]) -> Bool { pairs.contains(texts.map { $0.lowercased() }.sorted()) }
}
