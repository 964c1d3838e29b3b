extension SchemaInference {
  /// Puts what is declared in place of what was inferred.
  ///
  /// - Throws: `TableError.badSchema` when it does not fit the data.
  func apply(_ override: ColumnOverride, to schema: inout ColumnSchema, column: Column, table: Table) throws {
    guard override != ColumnOverride() else { return }
    var declared: [String] = []
    if let kind = override.kind {
      schema.kind = kind
      if override.isOrdered == nil, override.isAngle == nil { declared.append(kind.label) }
    }
    if override.isOrdered == true {
      declared.append("ordinal")
      schema.isOrdered = true
      // Numbers that became texts are ordered as numbers.
      if override.levels == nil, let levels = schema.levels { orderAsNumbers(levels, &schema) }
    }
    if override.isAngle == true || override.period != nil {
      guard schema.kind == .real || schema.kind == .wholeNumber else {
        throw wrong("an angle needs a column of numbers")
      }
      schema.kind = .real
      schema.period = try period(schema)
      declared.append("angle of period \(NumberText.shortest(schema.period ?? 0))")
    }
    try applyRange(override, to: &schema, declared: &declared)
    if let levels = override.levels {
      try applyLevels(levels, to: &schema, column: column.categories, table: table)
      declared.append("levels")
    }
    if let other = override.otherLevel, schema.levels?.contains(other) != true {
      throw wrong("other = \(quoted(other)) must be one of the declared levels")
    }
    if let log = override.log {
      if log, !schema.kind.isNumeric { throw wrong("log = true needs a column of numbers") }
      schema.log = log
      declared.append("log")
    }
    if let errors = override.errorColumn {
      try checkErrors(errors, &schema, table)
      declared.append("errors in \(errors)")
    }
    if override.isIgnored == true {
      schema.isIgnored = true
      declared.append("ignored")
    }
    if schema.kind == .wholeNumber { try checkWhole(&schema, column) }
    schema.reason = "declared \(declared.joined(separator: ", "))" + (schema.reason.isEmpty ? "" : "; \(schema.reason)")
  }

  private func wrong(_ detail: String) -> TableError {
    .badSchema(source: source, line: nil, detail: "column \(name): \(detail)")
  }

  /// Values with errors lie on a scale, whatever they look like.
  private func checkErrors(_ errors: String, _ schema: inout ColumnSchema, _ table: Table) throws {
    guard schema.kind == .real || schema.kind == .wholeNumber && override.kind == nil, schema.period == nil,
      schema.log != true
    else { throw wrong("error_column needs a column of reals, without log or period; found \(schema.label)") }
    guard errors != name, let column = table[errors] else {
      let others = table.names.filter { $0 != name }
      throw wrong("error_column: \(TableError.unknownColumn(name: errors, available: others))")
    }
    guard column.numbers != nil else { throw wrong("error_column: expected numbers in \(errors), found text") }
    schema.kind = .real
    schema.errorColumn = errors
  }

  private func orderAsNumbers(_ levels: [String], _ schema: inout ColumnSchema) {
    let numbers = levels.map { Double($0) }
    guard numbers.allSatisfy({ $0 != nil }) else { return }
    let order = levels.indices.sorted { (numbers[$0] ?? 0, levels[$0]) < (numbers[$1] ?? 0, levels[$1]) }
    schema.levelCounts = schema.levelCounts.map { counts in order.map { counts[$0] } }
    schema.levels = order.map { levels[$0] }
  }

  /// Once around: declared, or from the declared range, or radians where the values fit into them, else degrees.
  private func period(_ schema: ColumnSchema) throws -> Double {
    if let period = override.period {
      guard period > 0, period.isFinite else { throw wrong("period must be positive") }
      return period
    }
    if let low = override.minimum, let high = override.maximum, high > low { return high - low }
    let turn = 2 * Double.pi
    guard let low = schema.minimum, let high = schema.maximum else { return 360 }
    return high - low <= turn * 1.001 && high <= turn * 1.001 && low >= -turn ? turn : 360
  }

  private func applyRange(
    _ override: ColumnOverride, to schema: inout ColumnSchema, declared: inout [String]
  ) throws {
    let isSomething = override.step != nil || override.minimum != nil || override.maximum != nil
    if isSomething, !schema.kind.isNumeric { throw wrong("step, min and max need a column of numbers") }
    if let step = override.step {
      guard let known = RecordingStep(step) else {
        throw wrong("step = \(step) is not a positive number with at most twelve decimals")
      }
      schema.step = known.value
      declared.append("step")
    }
    if override.minimum != nil || override.maximum != nil { schema.hasDeclaredRange = true }
    if let minimum = override.minimum {
      if let observed = schema.minimum, observed < minimum {
        throw wrong("min = \(NumberText.shortest(minimum)), but \(NumberText.shortest(observed)) occurs")
      }
      schema.minimum = minimum
      schema.declaredMinimum = minimum
      declared.append("min")
    }
    if let maximum = override.maximum {
      if let observed = schema.maximum, observed > maximum {
        throw wrong("max = \(NumberText.shortest(maximum)), but \(NumberText.shortest(observed)) occurs")
      }
      schema.maximum = maximum
      schema.declaredMaximum = maximum
      declared.append("max")
    }
  }

  private func applyLevels(
    _ levels: [String], to schema: inout ColumnSchema, column: CategoryColumn, table: Table
  ) throws {
    guard schema.kind == .category || override.kind == nil else { throw wrong("levels need a category column") }
    if Set(levels).count != levels.count { throw wrong("a level is declared twice") }
    var counts = Dictionary(uniqueKeysWithValues: levels.map { ($0, 0) })
    for (row, code) in column.codes.enumerated() where code != CategoryColumn.missing {
      var level = column.levels[Int(code)]
      if counts[level] == nil, let other = override.otherLevel { level = other }
      guard counts[level] != nil else {
        throw wrong("\(quoted(level)) (\(table.place(ofRow: row))) is not among the declared levels \(listed(levels))")
      }
      counts[level]! += 1
    }
    schema.kind = .category
    schema.levels = levels
    schema.otherLevel = override.otherLevel
    schema.levelCounts = levels.map { counts[$0]! }
  }

  /// Whole means: multiples of the step.
  private func checkWhole(_ schema: inout ColumnSchema, _ column: Column) throws {
    guard let numbers = column.numbers else { return }
    if override.step == nil { schema.step = max(1, schema.step ?? 1) }
    guard let step = RecordingStep(schema.step ?? 1) else { return }
    if let value = numbers.values.first(where: { !$0.isNaN && step.round($0) != $0 }) {
      throw wrong(
        "declared whole_number, but \(NumberText.shortest(value)) is not a multiple of \(NumberText.shortest(step.value))"
      )
    }
  }
}
