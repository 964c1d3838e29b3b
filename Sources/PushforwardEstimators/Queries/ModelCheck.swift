import PushforwardCore
import PushforwardEvaluation
import PushforwardTables

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Checks of what a model of any kind claims about itself, on rows that it draws: scores, draws, gaps, conditionals, its file.
///
/// Flows have sharper ones beside these: `FlowCheck`.
public struct ModelCheck {
  private let model: any TableModel
  private let seed: UInt64
  private let workers: WorkerPool?
  /// Rows drawn, with their conditions.
  private let rows: Table
  private let given: Table?

  private static var rowCount: Int { 256 }
  private static var mostColumns: Int { 6 }
  private static var mostLevels: Int { 64 }
  /// Kolmogorov's statistic times the root of the count that a right model passes but once in ten thousand times.
  private static var largestDistance: Double { 2.23 }
  /// Standard errors, as rare.
  private static var largestDeviation: Double { 4 }

  /// Draws the rows; same seed, same findings.
  ///
  /// - Throws: what the model's `sample` throws.
  public init(_ model: any TableModel, seed: UInt64 = 0, workers: WorkerPool? = nil) throws {
    (self.model, self.seed, self.workers) = (model, seed, workers)
    let count = Self.rowCount
    let names = model.given
    given =
      names.isEmpty
      ? nil : try Table(names.map { (name: $0, column: try model.schema.column($0).evenCells(count: count)) })
    let drawn = try model.sample(count: count, given: given, seed: seed, firstRow: 0, workers: workers)
    let conditions = try given?.columns.filter { drawn[$0.key] == nil }.map { (name: $0.key, column: $0.value) } ?? []
    rows = try Table(drawn.columns.map { (name: $0.key, column: $0.value) } + conditions)
  }

  /// Runs all checks that fit the model.
  ///
  /// - Throws: what the model's questions throw.
  public func findings() throws -> [FlowCheck.Finding] {
    var found = [try file(), try pieces()]
    if !model.traits.isSequential { found.append(try alone()) }
    if model.traits.splitsScores { found.append(try parts()) }
    if model.traits.completes { found.append(try gaps()) }
    if model.traits.hasExactMarginals, !model.traits.isSequential { found += try sums() }
    if model.traits.likelihood == .exact, !model.traits.isSequential { found += try conditionals() }
    return found
  }

  private func scores(_ table: Table) throws -> [Double] { try model.score(table, workers: workers).logProb }

  /// Largest difference, relative to numbers above 1; NaN if one is not finite.
  private static func difference(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { worst, pair in
      let error = abs(pair.0 - pair.1) / max(1, abs(pair.0))
      return error.isFinite && !worst.isNaN ? max(worst, error) : .nan
    }
  }

  private func file() throws -> FlowCheck.Finding {
    let again = try Models.open(bytes: model.encoded(), file: "copy")
    return FlowCheck.Finding(
      name: "scores after writing and reading",
      error: Self.difference(try scores(rows), try again.score(rows, workers: workers).logProb), limit: 0)
  }

  private func pieces() throws -> FlowCheck.Finding {
    let half = Self.rowCount / 2
    let parts = try [0, half].map { first in
      try model.sample(
        count: half, given: given?.selecting(rows: first..<first + half), seed: seed, firstRow: first, workers: workers)
    }
    let joined = try Table.stacking(parts)
    let unequal = joined.names.reduce(0) { sum, name in
      let (a, b) = (joined[name]!.categories, rows[name]!.categories)
      return sum + (0..<rows.rowCount).count { a[$0] != b[$0] }
    }
    return FlowCheck.Finding(name: "cells that differ when drawn in pieces", error: Double(unequal), limit: 0)
  }

  private func alone() throws -> FlowCheck.Finding {
    let few = Array(0..<8)
    let single = try few.flatMap { try scores(rows.selecting(rows: [$0])) }
    return FlowCheck.Finding(
      name: "scores of rows alone and together",
      error: Self.difference(single, Array(try scores(rows).prefix(few.count))), limit: 1e-4)
  }

  private func parts() throws -> FlowCheck.Finding {
    let columns = try model.scoreColumns(rows, workers: workers).columns
    let sums = (0..<rows.rowCount).map { row in columns.reduce(0) { $0 + $1.logProb[row] } }
    return FlowCheck.Finding(
      name: "scores of columns, added up", error: Self.difference(sums, try scores(rows)), limit: 1e-4)
  }

  /// A third of the cells taken out and drawn again: none may be missing, no other may change.
  private func gaps() throws -> FlowCheck.Finding {
    let whole = try Table(
      rows.columns.enumerated().map { place, entry in
        guard model.columns.contains(entry.key) else { return (name: entry.key, column: entry.value) }
        return (name: entry.key, column: try entry.value.hiding { ($0 + place) % 3 == 0 })
      })
    let filled = try model.complete(whole, seed: seed, firstRow: 0, draw: 0, workers: workers)
    var wrong = 0
    for name in model.columns {
      let (before, after) = (try whole.column(name), try filled.column(name))
      wrong += after.missingCount
      let (a, b) = (before.categories, after.categories)
      wrong += (0..<rows.rowCount).count { !before.isMissing(row: $0) && a[$0] != b[$0] }
    }
    return FlowCheck.Finding(name: "cells wrong after filling gaps", error: Double(wrong), limit: 0)
  }

  /// The densities of a row with each level of a category add up to that of the row with a gap.
  private func sums() throws -> [FlowCheck.Finding] {
    let few = rows.selecting(rows: 0..<32)
    return try model.columns.prefix(Self.mostColumns).compactMap { name -> FlowCheck.Finding? in
      guard let levels = try model.schema.column(name).levels, few[name]?.storage == .categories,
        levels.count <= Self.mostLevels
      else { return nil }
      var totals = [Double](repeating: 0, count: few.rowCount)
      for level in levels {
        let found = try scores(few.replacing([(name, .categories(CategoryColumn([level])))]))
        for row in totals.indices { totals[row] += exp(found[row]) }
      }
      let gap = try scores(few.blanking(column: name))
      return FlowCheck.Finding(
        name: "\(name): all levels against the gap", error: Self.difference(totals.map { log($0) }, gap), limit: 1e-3)
    }
  }

  /// Each column of the drawn rows as foretold from the others: distribution functions uniform, levels as surprising as they
  /// should be.
  private func conditionals() throws -> [FlowCheck.Finding] {
    try model.columns.prefix(Self.mostColumns).compactMap { name -> FlowCheck.Finding? in
      let prediction: ColumnPrediction
      do {
        prediction = try model.predict(rows, target: name, options: PredictionOptions(draws: 2), workers: workers)
      } catch EstimatorError.cannotAnswer {
        return nil
      }
      if case .draws = prediction.method { return nil }
      switch prediction.answer {
      case .numbers:
        guard let cdf = prediction.cdf, let values = rows[name]?.numbers?.values else { return nil }
        // Draws rounded to a step lie at the middles of their cells.
        let limit = Self.largestDistance / Double(cdf.count).squareRoot() + Self.largestShare(values)
        return FlowCheck.Finding(
          name: "\(name): draws against their distribution function",
          error: Uniformity(cdf).distance, limit: limit)
      case .levels(let levels, let probabilities):
        guard levels.count <= Self.mostLevels, let cells = rows[name]?.categories else { return nil }
        let surprises = (0..<rows.rowCount).map { row -> Double in
          let entropy = probabilities[row].reduce(0) { $0 - ($1 > 0 ? $1 * log($1) : 0) }
          let level = cells[row].flatMap { levels.firstIndex(of: $0) }
          return level.map { -log(max(probabilities[row][$0], 1e-300)) - entropy } ?? 0
        }
        let summary = LikelihoodSummary(surprises)
        return FlowCheck.Finding(
          name: "\(name): surprise of drawn levels, in standard errors",
          error: summary.standardError > 0 ? abs(summary.mean) / summary.standardError : 0,
          limit: Self.largestDeviation)
      }
    }
  }

  private static func largestShare(_ values: [Double]) -> Double {
    let counts = Dictionary(values.map { ($0, 1) }, uniquingKeysWith: +)
    let most = counts.values.max() ?? 0
    return most > 1 ? Double(most) / Double(values.count) : 0
  }
}

extension Column {
  /// The column with the cells of some rows missing.
  func hiding(_ isHidden: (Int) -> Bool) throws -> Column {
    switch self {
    case .numbers(let column):
      return .numbers(
        try NumberColumn(
          column.values.enumerated().map { isHidden($0) ? .nan : $1 }, recording: column.recording))
    case .categories(let column):
      return .categories(CategoryColumn(column.codes.indices.map { isHidden($0) ? nil : column[$0] }))
    }
  }
}
