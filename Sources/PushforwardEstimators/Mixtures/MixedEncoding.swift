import PushforwardCore
import PushforwardMixtures
import PushforwardTables

/// The columns of a table as a mixture or a kernel density sees them: numbers on the model's scale, categories as codes.
///
/// Conditions are columns like the others: the model knows their joint distribution and divides by it.
struct MixedEncoding: Sendable, Codable {
  /// Numeric columns, in the order of the model's features.
  let numbers: [EncodedColumn]
  /// Category columns.
  let categories: [ColumnSchema]
  /// Names of the modelled columns, in the table's order.
  let modelled: [String]
  /// Names of the columns conditioned on.
  let given: [String]
  /// Rows that the maps were fitted to; `nil` in files from before it was kept.
  let fittedRows: Int?

  /// Rows of a table, and the log-determinants of their present modelled cells, summed over each row.
  struct Rows {
    var mixture: MixtureRows
    var logDet: [Double]
    /// Cells with levels that the fitted rows do not have, in words; `nil` when there are none.
    ///
    /// Such a cell counts as one row more than all that were fitted, and says nothing of the row's other cells.
    var note: String?
  }

  /// Fits the maps of the columns; each must have a present cell.
  init(fitting table: Table, weights: [Double]? = nil, choice: ColumnChoice, options: EncoderOptions) throws {
    (modelled, given) = (choice.modelled.map(\.name), choice.given.map(\.name))
    let all = choice.modelled + choice.given
    categories = all.filter { $0.kind == .category }
    fittedRows = table.rowCount
    numbers = try all.filter { $0.kind != .category }.map { column in
      guard let fitted = try EncodedColumn(fitting: table, weights: weights, schema: column, options: options) else {
        throw TableError.cannotModel(columns: [column.name], detail: "every cell is missing")
      }
      return fitted
    }
  }

  /// Number of levels of each category column.
  var levels: [Int] { categories.map { max(1, ($0.levels ?? []).count) } }
  /// The columns that a table must have to be scored.
  var requiredColumns: [(name: String, storage: Column.Storage)] {
    (modelled + given).map { ($0, schema($0).kind.storage) }
      + numbers.compactMap(\.schema.errorColumn).map { ($0, .numbers) }
  }
  /// Decimals of the columns that have a recording step.
  var decimals: [String: Int] {
    Dictionary(
      numbers.compactMap { column in column.decimals.map { (column.name, $0) } },
      uniquingKeysWith: { first, _ in first })
  }

  /// Whether the parts fit each other (those of a file need not).
  var isConsistent: Bool {
    let known = numbers.map(\.name) + categories.map(\.name)
    return Set(modelled + given) == Set(known) && Set(known).count == known.count
      && categories.allSatisfy { !($0.levels ?? []).isEmpty } && numbers.allSatisfy(\.carriesErrors)
      && !modelled.isEmpty
      && known.count == modelled.count + given.count
  }

  func schema(_ name: String) -> ColumnSchema {
    numbers.first { $0.name == name }?.schema ?? categories.first { $0.name == name }!
  }

  /// Encodes the rows of a table.
  ///
  /// A column that the table does not have is missing in every row; all modelled ones may be absent if `absent`. Columns in
  /// `hiding` count as missing; a `jitterSeed` spreads numbers over their recording cells.
  ///
  /// - Throws: `TableError`.
  func rows(
    _ table: Table, absent: Bool = false, hiding: Set<String> = [], jitterSeed: UInt64? = nil, weights: [Double]? = nil
  ) throws -> Rows {
    if !absent, let first = modelled.first, modelled.allSatisfy({ table[$0] == nil }) { _ = try table.column(first) }
    let (count, width) = (table.rowCount, numbers.count)
    var logDet = [Double](repeating: 0, count: count)
    var matrix = Matrix<Double>(rows: count, columns: width, repeating: .nan)
    var errors: Matrix<Double>?
    for (feature, column) in numbers.enumerated() where !hiding.contains(column.name) {
      guard let cells = table[column.name] else { continue }
      let values = try column.schema.numbers(cells, place: table.place(ofRow:)).values
      let counts = !given.contains(column.name)
      if let own = try column.errors(in: table) {
        var all = errors ?? Matrix(rows: count, columns: width)
        for row in 0..<count { all[row, feature] = own[row] }
        errors = all
      }
      for row in 0..<count where !values[row].isNaN {
        var x = values[row]
        if let jitterSeed {
          let cell = column.jitterWidth(at: x)
          if cell > 0 { x += cell * Jitter.uniform(seed: jitterSeed, row: row, column: feature) }
        }
        let (z, slope) = column.transform.forward(x)
        matrix.values[row * width + feature] = z
        if counts { logDet[row] += slope }
      }
    }
    var codes = [Int32](repeating: -1, count: count * categories.count)
    var unseen: [String] = []
    for (place, column) in categories.enumerated() where !hiding.contains(column.name) {
      guard let cells = table[column.name]?.categories else { continue }
      let known = Dictionary(
        (column.levels ?? []).enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
      let other = column.otherLevel.flatMap { known[$0] }
      let map = cells.levels.map { known[$0] ?? other }
      let counts = !given.contains(column.name)
      var unseenCells = 0
      for row in 0..<count where cells.codes[row] != CategoryColumn.missing {
        let code = Int(cells.codes[row])
        if let level = map[code] {
          codes[row * categories.count + place] = Int32(level)
        } else if let fittedRows {
          if counts { logDet[row] -= Logarithm.of(Double(fittedRows + 1)) }
          unseenCells += 1
        } else {
          throw TableError.unseenLevel(
            column: column.name, level: cells.levels[code], place: table.place(ofRow: row), known: column.levels ?? [])
        }
      }
      if unseenCells > 0 { unseen.append("\(column.name) (\(unseenCells))") }
    }
    return Rows(
      mixture: try MixtureRows(numbers: matrix, codes: codes, levels: levels, weights: weights, errors: errors),
      logDet: logDet,
      note: unseen.isEmpty ? nil : "levels that the fitted rows do not have: \(listed(unseen))")
  }

  /// Complete rows of the model's scale as a table of the modelled columns.
  func decode(_ rows: MixtureRows) throws -> Table {
    try Table(
      modelled.map { name in
        if let feature = numbers.firstIndex(where: { $0.name == name }) {
          let column = numbers[feature]
          let step = column.roundingStep.flatMap { RecordingStep($0) }
          return (name, column.column(rows.numbers.column(feature).map { column.decode($0, step: step) }))
        }
        let place = categories.firstIndex { $0.name == name }!
        let levels = categories[place].levels ?? []
        return (
          name,
          .categories(
            CategoryColumn((0..<rows.count).map { levels[Int(rows.codes[$0 * categories.count + place])] }))
        )
      })
  }

  /// A table's rows with the missing modelled cells from `drawn`, which has all of them.
  func filled(_ table: Table, with drawn: Table) throws -> Table {
    try Table(
      modelled.map { name in
        let column = try drawn.column(name)
        guard let present = table[name] else { return (name, column) }
        let same = column.storage == .categories ? Column.categories(present.categories) : present
        return (name, column.replacingCells(from: same))
      }, origin: table.origin)
  }
}

/// Which columns of a table a mixture models, which it is conditioned on, and which it leaves out.
struct ColumnChoice {
  let modelled: [ColumnSchema]
  let given: [ColumnSchema]
  let leftOut: [PushforwardTables.Encoder.LeftOut]

  /// - Throws: `TableError.unknownColumn`, `.cannotModel`, `.cannotEncode`.
  init(_ schema: Schema, options: FitOptions) throws {
    if let weights = options.weights { _ = try schema.column(weights) }
    given = try options.given.map { try schema.column($0) }
    var leftOut: [PushforwardTables.Encoder.LeftOut] = []
    if let names = options.columns {
      modelled = try names.map { try schema.column($0) }
    } else {
      modelled = schema.columns.filter { column in
        if options.given.contains(column.name) || column.name == options.weights { return false }
        let isUsable = column.kind.isNumeric || column.kind == .category
        if isUsable && !column.isIgnored { return true }
        let reason = column.isIgnored ? column.reason : "\(column.kind.label): \(column.reason)"
        leftOut.append(.init(name: column.name, reason: reason))
        return false
      }
    }
    self.leftOut = leftOut
    var seen: Set<String> = []
    for column in modelled + given {
      if !seen.insert(column.name).inserted {
        throw TableError.cannotEncode(
          detail: "column \(column.name) is named twice among the columns to model and the conditions")
      }
      if !column.kind.isNumeric && column.kind != .category {
        throw TableError.cannotModel(columns: [column.name], detail: "\(column.kind.label): \(column.reason)")
      }
    }
    if modelled.isEmpty {
      let reasons = leftOut.map { "\($0.name) (\($0.reason))" }.joined(separator: ", ")
      throw TableError.cannotEncode(
        detail: "there is no column to model" + (reasons.isEmpty ? "" : "; left out were \(reasons)"))
    }
  }
}
