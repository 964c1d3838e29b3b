import ArgumentParser
import PushforwardInterchange
import PushforwardTables

/// `pushforward inspect`.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what is in a model file or in a table, without trusting it.",
    discussion: """
      A model file: its format, architecture, columns, how it was trained, its tensors. A table: what each column \
      was taken for, and why; a schema file (see fit) can say otherwise.

      Examples:
        pushforward inspect protein.model
        pushforward inspect protein.csv
        pushforward inspect protein.csv --json | jq '.columns[].kind'
      """)

  @Argument(help: ArgumentHelp("Model file or table.", valueName: "file"))
  var file: String

  @Option(help: ArgumentHelp("TOML or JSON file that says what columns are.", valueName: "file"))
  var schema: String?

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  @OptionGroup(title: "Reading a table")
  var table: TableOptions

  func run() throws {
    let results = try Output()
    if ModelFileSummary.looksLikeModel(file) {
      let summary = try ModelFileSummary(path: file)
      try results.print(json ? summary.json.text : summary.lines.joined(separator: "\n"))
    } else {
      let overrides = try schema.map { try SchemaOverrides(contentsOf: $0) } ?? SchemaOverrides()
      let read = try TableInput(path: file, options: table).readAll(overrides: overrides)
      let schema = try Schema(inferring: read, overrides: overrides)
      let summary = SchemaSummary(
        schema: schema, encoder: try? TypedEncoder(fitting: read, schema: schema), source: file)
      try results.print(json ? try summary.json.text : summary.lines.joined(separator: "\n"))
    }
    try results.finish()
  }
}

/// What the columns of a table were taken for, as lines or JSON.
struct SchemaSummary {
  let schema: Schema
  /// How the model mixed would see the columns; `nil`: it could model none.
  let encoder: TypedEncoder?
  let source: String

  var lines: [String] {
    var rows = [["column", "kind", "missing", "distinct", "smallest", "largest", "step"]]
    for column in schema.columns {
      rows.append([
        column.name, column.kind.label, Format.count(column.missingCount), Format.count(column.distinctCount),
        number(column.minimum), number(column.maximum), number(column.step),
      ])
    }
    let reasons = schema.columns.map { column in
      "\(column.name): \(column.kind.label), \(column.reason)" + (typed(column).map { "; \($0)" } ?? "")
    }
    return ["\(source): \(Format.count(schema.rowCount, "row")), \(Format.count(schema.columns.count, "column"))", ""]
      + Format.table(rows) + [""] + reasons
  }

  /// How the column's values are divided into classes and a scale.
  private func typed(_ column: ColumnSchema) -> String? {
    encoder?.columns.first { $0.name == column.name }?.reason
  }

  var json: JSONValue {
    get throws {
      [
        "source": .string(source),
        "rows": .integer(schema.rowCount),
        "columns": .array(try schema.columns.map { try described($0) }),
      ]
    }
  }

  private func described(_ column: ColumnSchema) throws -> JSONValue {
    guard case .object(let members) = try JSONValue(encoding: column), let typed = typed(column) else {
      return try JSONValue(encoding: column)
    }
    return .object(members + [JSONValue.Member(name: "typed", value: .string(typed))])
  }

  private func number(_ value: Double?) -> String { value.map(NumberText.shortest) ?? "" }
}
