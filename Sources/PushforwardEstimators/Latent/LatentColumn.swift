import PushforwardLatent
import PushforwardTables

/// One modelled column of a latent-variable model: what it is in the table, and the cells that the model sees of it.
struct LatentColumn: Codable, Sendable, Equatable {
  /// How a column becomes cells.
  enum Form: Codable, Sendable, Equatable {
    /// A real number on the encoder's scale.
    case encoded
    /// Multiples of a step, with the ends that are known.
    case lattice(step: Double, lower: Double?, upper: Double?)
    /// Multiples of a step from `lower` on, each a category: the number of the step.
    case places(step: Double, lower: Double, count: Int)
    /// The number of a level.
    case levels([String])
  }

  /// What the column is.
  var schema: ColumnSchema
  /// How it becomes cells.
  var form: Form

  /// Whole numbers of more places than this are reals.
  static var maximumPlaces: Double { 1024 }
  /// Where nothing was asked for, whole numbers of no more places than this are categories.
  static var fewPlaces: Double { 32 }

  /// Column name.
  var name: String { schema.name }

  /// Forms for all modelled columns.
  ///
  /// - Throws: `TableError`.
  static func forms(
    _ modelled: [ColumnSchema], table: Table, likelihood: LatentOptions.Likelihood
  ) throws -> [LatentColumn] {
    let shades = likelihood == .auto ? pixels(modelled) : nil
    return try modelled.map { column in
      if let shades, shades.columns.contains(column.name) {
        return LatentColumn(schema: column, form: .lattice(step: 1, lower: shades.lower, upper: shades.upper))
      }
      return LatentColumn(schema: column, form: try form(column, table, likelihood))
    }
  }

  private static func form(
    _ column: ColumnSchema, _ table: Table, _ likelihood: LatentOptions.Likelihood
  ) throws -> Form {
    if column.kind == .category { return .levels(column.levels ?? []) }
    let step = column.step ?? 1
    guard column.kind == .wholeNumber, likelihood != .gaussian, let low = column.minimum, let high = column.maximum,
      step > 0, (high - low) / step < maximumPlaces
    else { return .encoded }
    let places = (high - low) / step
    if likelihood == .categorical || (likelihood == .auto && places < fewPlaces) {
      return .places(step: step, lower: low, count: Int(places.rounded()) + 1)
    }
    guard likelihood == .logistic else { return .encoded }
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
  private static func pixels(
    _ columns: [ColumnSchema]
  ) -> (columns: Set<String>, lower: Double, upper: Double)? {
    let whole = columns.filter { $0.kind == .wholeNumber && ($0.step ?? 1) == 1 && !$0.hasDeclaredRange }
    let lowest = whole.compactMap(\.minimum).min() ?? 0
    let pixels = whole.filter { $0.minimum == lowest && ($0.maximum ?? .infinity) - lowest < maximumPlaces }
    let highest = pixels.compactMap(\.maximum).max() ?? 0
    guard pixels.count >= 16, 4 * pixels.count(where: { $0.maximum == highest }) >= pixels.count else { return nil }
    return (Set(pixels.map(\.name)), lowest, highest)
  }

  /// What the model is told of the column.
  var kind: ColumnLikelihood.Kind {
    switch form {
    case .encoded: .real
    case .lattice(let step, let lower, let upper): .lattice(lower: lower, upper: upper, step: step)
    case .places(_, _, let count): count == 2 ? .binary : .categories(count)
    case .levels(let levels): levels.count == 2 ? .binary : .categories(levels.count)
    }
  }

  /// Whether the model gives each of its values a probability of its own.
  var isOfLevels: Bool {
    switch form {
    case .encoded, .lattice: false
    case .places, .levels: true
    }
  }

  /// What a mass is above the density that it is told as: the logarithm of the recording step.
  var logStep: Double {
    switch form {
    case .lattice(let step, _, _), .places(let step, _, _): Logarithm.of(step)
    case .encoded, .levels: 0
    }
  }

  /// Decimals to print the column's numbers with, if it has a step of its own.
  var decimals: Int? {
    switch form {
    case .lattice(let step, _, _), .places(let step, _, _): RecordingStep(step)?.decimals
    case .encoded, .levels: nil
    }
  }

  /// Whether a file's column can be one, and fits the likelihood that stands for it.
  func isConsistent(with likelihood: ColumnLikelihood) -> Bool {
    switch (form, likelihood) {
    case (.encoded, .gaussian): true
    case (.lattice(let step, let lower, let upper), .discretized(let low, let high, let width, _, _)):
      step > 0 && step.isFinite && step == width && low == lower && high == upper
    case (.places(let step, let lower, let count), _):
      step > 0 && step.isFinite && lower.isFinite
        && likelihood == (count == 2 ? .bernoulli : .categorical(levels: count))
    case (.levels(let levels), _):
      likelihood == (levels.count == 2 ? .bernoulli : .categorical(levels: levels.count))
    default: false
    }
  }

  /// The cells of a table's column that is not the encoder's, NaN where missing; a number stands for the multiple of the
  /// step nearest to it.
  ///
  /// - Throws: `TableError`.
  func cells(_ column: Column, place: (Int) -> String) throws -> [Double] {
    switch form {
    case .encoded: return []
    case .lattice(let step, let lower, _):
      let origin = lower ?? 0
      return try schema.numbers(column, place: place).values.map { origin + (($0 - origin) / step).rounded() * step }
    case .places(let step, let lower, let count):
      return try schema.numbers(column, place: place).values.map { value in
        value.isNaN ? .nan : min(max(((value - lower) / step).rounded(), 0), Double(count - 1))
      }
    case .levels(let levels):
      let categories = column.categories
      let known = Dictionary(levels.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
      let other = schema.otherLevel.flatMap { known[$0] }
      let numbers = categories.levels.map { known[$0] ?? other }
      return try categories.codes.enumerated().map { row, code in
        if code == CategoryColumn.missing { return .nan }
        guard let number = numbers[Int(code)] else {
          throw TableError.unseenLevel(
            column: name, level: categories.levels[Int(code)], place: place(row), known: levels)
        }
        return Double(number)
      }
    }
  }

  /// Cells of a column that is not the encoder's as a table's column.
  ///
  /// - Throws: `TableError`.
  func column(_ cells: [Double]) throws -> Column {
    let recording = NumberColumn.Recording(decimals: decimals)
    switch form {
    case .encoded, .lattice: return .numbers(try NumberColumn(cells, recording: recording))
    case .places(let step, let lower, _):
      return .numbers(try NumberColumn(cells.map { lower + step * $0.rounded() }, recording: recording))
    case .levels(let levels):
      return .categories(CategoryColumn(cells.map { levels[min(max(Int($0.rounded()), 0), levels.count - 1)] }))
    }
  }
}
