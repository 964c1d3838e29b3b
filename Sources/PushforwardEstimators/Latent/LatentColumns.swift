import PushforwardCore
import PushforwardLatent
import PushforwardTables

/// The way between a table's columns and a latent-variable model's cells: real columns and dates through an encoder,
/// whole numbers as they are, categories by number.
struct LatentColumns: Codable, Sendable, Equatable {
  /// How a column becomes cells.
  enum Form: Codable, Sendable, Equatable {
    /// Through the encoder, whose column it is.
    case encoded
    /// Multiples of a step, with the ends that the model takes for certain.
    case lattice(step: Double, lower: Double?, upper: Double?)
    /// The number of a level.
    case levels([String])
  }

  /// One modelled column.
  struct Entry: Codable, Sendable, Equatable {
    var schema: ColumnSchema
    var form: Form
  }

  /// The real columns, the dates and the conditions.
  let encoder: Encoder
  /// All modelled columns, in the table's order.
  let entries: [Entry]
  /// Columns of the table that are not modelled, and why.
  let leftOut: [Encoder.LeftOut]

  /// A table's rows as cells.
  struct Rows {
    /// Numbers of the table's rows, those with a missing condition left out.
    var keptRows: [Int]
    /// `kept rows x columns`, NaN for missing.
    var cells: Matrix<Double>
    /// The encoder's log-determinant of the cells that are there, nats, one a row.
    var logDet: [Double]
    /// `kept rows x conditionWidth`; `nil` when nothing is given.
    var context: Matrix<Float>?
    /// Rows left out, in words.
    var leftOutNote: String?
  }

  /// Numbers of more different places than this on their lattice count as real.
  static var maximumPlaces: Double { 1024 }

  /// Finds forms for a table's columns.
  ///
  /// - Parameters:
  ///   - table: All rows.
  ///   - training: The rows that the encoder is fitted to.
  ///   - schema: What the columns are.
  ///   - options: Columns, conditions, weights, the encoder's choices.
  /// - Throws: `TableError`.
  init(fitting table: Table, training: Table, schema: Schema, options: FitOptions) throws {
    let asked = try options.columns.map { try $0.map { try schema.column($0) } }
    let candidates =
      asked ?? schema.columns.filter { !options.given.contains($0.name) && $0.name != options.weights }
    var leftOut: [Encoder.LeftOut] = []
    var forms: [Entry] = []
    for column in candidates {
      guard column.kind.isNumeric || column.kind == .category, asked != nil || !column.isIgnored else {
        let reason = column.isIgnored ? column.reason : "\(column.kind.label): \(column.reason)"
        if asked != nil { throw TableError.cannotModel(columns: [column.name], detail: reason) }
        leftOut.append(Encoder.LeftOut(name: column.name, reason: reason))
        continue
      }
      forms.append(Entry(schema: column, form: try Self.form(column, table)))
    }
    if forms.isEmpty {
      let reasons = leftOut.map { "\($0.name) (\($0.reason))" }
      throw TableError.cannotEncode(
        detail: "there is no column to model" + (reasons.isEmpty ? "" : "; left out were \(listed(reasons))"))
    }
    Self.shareEnds(&forms)
    entries = forms
    self.leftOut = leftOut
    encoder = try Encoder(
      fitting: training, schema: schema, modelled: forms.filter { $0.form == .encoded }.map(\.schema.name),
      conditions: options.given, options: options.encoder)
  }

  private static func form(_ column: ColumnSchema, _ table: Table) throws -> Form {
    if column.kind == .category { return .levels(column.levels ?? []) }
    let step = column.step ?? 1
    guard column.kind == .wholeNumber, let low = column.minimum, let high = column.maximum,
      (high - low) / step <= maximumPlaces
    else { return .encoded }
    if column.hasDeclaredRange { return .lattice(step: step, lower: low, upper: high) }
    // An end is an end where cells pile up: one in a hundred lies on it, and no fewer than on the place beside it.
    let values = try column.numbers(table.column(column.name), place: table.place(ofRow:)).values
    func isEnd(_ end: Double, _ inward: Double) -> Bool {
      let count = values.count { $0 == end }
      return 100 * count >= values.count && count >= values.count { $0 == end + inward }
    }
    return .lattice(step: step, lower: isEnd(low, step) ? low : nil, upper: isEnd(high, -step) ? high : nil)
  }

  /// Many whole numbers of one smallest value of which a quarter reach one largest value are shades of pixels: they
  /// share their ends, whatever the shades that a column of border pixels happens to show.
  private static func shareEnds(_ entries: inout [Entry]) {
    let whole = entries.indices.filter { index in
      if case .lattice(1, _, _) = entries[index].form { !entries[index].schema.hasDeclaredRange } else { false }
    }
    let lowest = whole.compactMap { entries[$0].schema.minimum }.min() ?? 0
    let pixels = whole.filter { entries[$0].schema.minimum == lowest }
    let highest = pixels.compactMap { entries[$0].schema.maximum }.max() ?? 0
    let reaching = pixels.count { entries[$0].schema.maximum == highest }
    guard pixels.count >= 16, 4 * reaching >= pixels.count else { return }
    for index in pixels { entries[index].form = .lattice(step: 1, lower: lowest, upper: highest) }
  }

  /// What the model is told of each column.
  var kinds: [ColumnLikelihood.Kind] {
    entries.map { entry in
      switch entry.form {
      case .encoded: .real
      case .lattice(let step, let lower, let upper): .lattice(lower: lower, upper: upper, step: step)
      case .levels(let levels): .categories(levels.count)
      }
    }
  }

  /// Columns that a table must have to be scored.
  var requiredColumns: [(name: String, storage: Column.Storage)] {
    entries.map { ($0.schema.name, $0.schema.kind.storage) }
      + encoder.conditions.map { ($0.name, $0.schema.kind.storage) }
  }

  /// The cells of a table's rows.
  ///
  /// - Parameters:
  ///   - table: The rows.
  ///   - jitterSeed: Spreads real cells over their recording steps, for training.
  ///   - allowsAbsentColumns: A modelled column that the table does not have is missing in every row.
  /// - Returns: The rows whose conditions are all there.
  /// - Throws: `TableError`.
  func rows(of table: Table, jitterSeed: UInt64? = nil, allowsAbsentColumns: Bool = false) throws -> Rows {
    let given = try encoder.conditions.map { try table.column($0.name) }
    var kept = Array(0..<table.rowCount)
    if given.contains(where: { $0.missingCount > 0 }) {
      kept.removeAll { row in given.contains { $0.isMissing(row: row) } }
    }
    let used = kept.count == table.rowCount ? table : table.selecting(rows: kept)
    let encoded = try encoder.encodePartially(used, jitterSeed: jitterSeed)
    let real = encoder.columns.count
    var cells = Matrix<Double>(rows: kept.count, columns: entries.count, repeating: .nan)
    var feature = 0
    for (index, entry) in entries.enumerated() {
      if !allowsAbsentColumns { _ = try table.column(entry.schema.name) }
      let column = used[entry.schema.name]
      switch entry.form {
      case .encoded:
        for row in 0..<kept.count { cells[row, index] = encoded.values[row * real + feature] }
        feature += 1
      case .lattice(let step, let lower, _):
        guard let column else { continue }
        let values = try entry.schema.numbers(column, place: used.place(ofRow:)).values
        for (row, value) in values.enumerated() where !value.isNaN {
          let places = (value - (lower ?? 0)) / step
          guard abs(places - places.rounded()) < 1e-6 * max(1, abs(places)) else {
            throw TableError.wrongKind(
              column: entry.schema.name, expected: "multiples of \(NumberText.shortest(step))",
              found: "\(NumberText.shortest(value)), \(used.place(ofRow: row))")
          }
          cells[row, index] = value
        }
      case .levels(let levels):
        guard let column else { continue }
        let numbers = try Self.numbers(
          column.categories, schema: entry.schema, levels: levels, place: used.place(ofRow:))
        for row in 0..<kept.count { cells[row, index] = numbers[row] }
      }
    }
    let width = encoder.conditionWidth
    let dropped = table.rowCount - kept.count
    return Rows(
      keptRows: kept, cells: cells,
      logDet: (0..<kept.count).map { row in encoded.logDets[row * real..<(row + 1) * real].reduce(0, +) },
      context: width == 0
        ? nil : Matrix(rows: kept.count, columns: width, values: encoded.conditions.map { Float($0) }),
      leftOutNote: dropped == 0
        ? nil : "\(dropped) of \(table.rowCount) rows left out, for missing cells in what the model is conditioned on")
  }

  private static func numbers(
    _ column: CategoryColumn, schema: ColumnSchema, levels: [String], place: (Int) -> String
  ) throws -> [Double] {
    let known = Dictionary(levels.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let other = schema.otherLevel.flatMap { known[$0] }
    let numbers = column.levels.map { known[$0] ?? other }
    return try column.codes.enumerated().map { row, code in
      if code == CategoryColumn.missing { return .nan }
      guard let number = numbers[Int(code)] else {
        throw TableError.unseenLevel(
          column: schema.name, level: column.levels[Int(code)], place: place(row), known: levels)
      }
      return Double(number)
    }
  }

  /// Cells as a table in the columns' own units.
  ///
  /// - Throws: `TableError`.
  func table(_ cells: Matrix<Double>) throws -> Table {
    let encoded = entries.indices.filter { entries[$0].form == .encoded }
    let decoded =
      encoded.isEmpty
      ? nil : try encoder.decode((0..<cells.rows).flatMap { row in encoded.map { cells[row, $0] } })
    return try Table(
      entries.enumerated().map { index, entry in
        let name = entry.schema.name
        switch entry.form {
        case .encoded: return (name, try decoded!.column(name))
        case .lattice:
          return (name, .numbers(try NumberColumn(cells.column(index), recording: .init(decimals: decimals[name]))))
        case .levels(let levels):
          return (name, .categories(CategoryColumn(cells.column(index).map { levels[Int($0)] })))
        }
      })
  }

  /// Decimals of the columns that have a recording step.
  var decimals: [String: Int] {
    var decimals: [String: Int] = [:]
    for entry in entries {
      if case .lattice(let step, _, _) = entry.form { decimals[entry.schema.name] = RecordingStep(step)?.decimals }
    }
    for column in encoder.columns { decimals[column.name] = column.decimals }
    return decimals
  }
}
