import PushforwardTables

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Finds the columns of numbers that are nearly functions of others.
///
/// Inputs are chosen one by one, each the one that leaves the least of the squares; the coefficients then make the sum of
/// absolute distances least, which a few wrong cells do not move. A relation counts when the column is usually off by at
/// most a quarter of its own spread (both as medians of distances), or by a step; at a twentieth it tells the column.
///
/// A chain's order decides which columns can be told by others when a row is drawn or scored. Answers given later columns need
/// those, too: each column is also searched for among all, and every relation is solved for each of its inputs.
struct RelationSearch {
  /// What was found.
  struct Findings {
    /// Those of a column stand together: first the one with columns before it, if there is one.
    var relations: [ColumnRelation] = []
    /// Columns that those before them tell.
    var told: Set<Int> = []
  }

  private static let mostColumns = 200
  private static let mostRows = 4000
  private static let fewestRows = 100
  private static let mostInputs = 8
  /// A further input must be worth so many rows.
  private static let rowsPerInput = 50
  /// Inputs are chosen by so many rows, by fewer in wide tables.
  private static let mostChoosingRows = 1000
  private static let looseness = 0.25
  private static let closeness = 0.05
  /// Fewer inputs are taken if they leave distances that are larger by no more than this factor.
  private static let simplicity = 1.3

  private let columns: [TypedColumn]
  /// Columns of numbers, in some rows.
  private var numbers: [Int: Numbers] = [:]
  private var rowCount = 0

  /// A column's numbers in these rows, NaN where missing, and what is asked of them again and again.
  private struct Numbers {
    var values: [Double]
    /// NaN where there is none; `nil` where that is so for many.
    var logarithms: [Double]?
    /// Median distance from the median.
    var spread: Double
    /// Median magnitude.
    var magnitude: Double
    /// Whether it varies enough to be worth a relation.
    var isTarget: Bool

    init(_ values: [Double], step: Double) {
      self.values = values
      let there = values.filter { !$0.isNaN }
      let middle = there.median
      spread = there.map { ($0 - middle).magnitude }.median
      magnitude = there.map(\.magnitude).median
      isTarget = spread > 0 && spread >= 2 * step && Set(there).count >= 12
      let positive = there.count { $0 > 0 }
      logarithms = Double(positive) >= 0.95 * Double(there.count) ? values.map { $0 > 0 ? log($0) : .nan } : nil
    }

    /// The numbers as the form takes them.
    func scaled(_ form: ColumnRelation.Form) -> [Double]? { form == .sum ? values : logarithms }
  }

  /// - Parameters:
  ///   - table: Training rows.
  ///   - columns: The encoder's.
  /// - Throws: `TableError`.
  init(_ table: Table, columns: [TypedColumn]) throws {
    self.columns = columns
    let eligible = columns.indices.filter { columns[$0].role == .real || columns[$0].role == .wholeNumber }
    guard eligible.count > 1, eligible.count <= Self.mostColumns else { return }
    rowCount = min(table.rowCount, Self.mostRows)
    let all = table.rowCount
    let rows = (0..<rowCount).map { $0 * all / rowCount }
    for index in eligible {
      let cells = try columns[index].schema.numbers(table.column(columns[index].name), place: table.place(ofRow:))
      numbers[index] = Numbers(rows.map { cells.values[$0] }, step: columns[index].step ?? 0)
    }
  }

  /// The relations in an order of columns.
  ///
  /// - Parameters:
  ///   - order: The modelled columns.
  ///   - given: Columns that are always given.
  /// - Returns: The relations of each column, at most three.
  func findings(order: [Int], given: [Int]) -> Findings {
    var result = Findings()
    if rowCount < Self.fewestRows { return result }
    let targets = Set(order.filter { numbers[$0]?.isTarget == true })
    let all = (given + order).filter { numbers[$0] != nil }
    var before: [Int: ColumnRelation] = [:]
    var others: [Int: [ColumnRelation]] = [:]
    for (place, index) in order.enumerated() where targets.contains(index) {
      let earlier = Set(given + order.prefix(place))
      before[index] = nearest(of: index, from: all.filter(earlier.contains))
      if let found = nearest(of: index, from: all.filter { $0 != index }) { others[index, default: []].append(found) }
    }
    for relation in Array(before.values) + others.values.joined() {
      for input in relation.inputs where targets.contains(input) {
        let rest = relation.inputs.filter { $0 != input } + [relation.column]
        if let found = fitted(input, rest.sorted(), relation.form), distance(found) <= limit(of: input, Self.looseness)
        {
          others[input, default: []].append(found)
        }
      }
    }
    result.told = Set(before.filter { distance($1) <= limit(of: $0, Self.closeness) }.keys)
    for index in order {
      let own = [before[index]].compactMap { $0 }
      let rest = (others[index] ?? []).filter { other in Set(other.inputs) != own.first.map { Set($0.inputs) } }
      let close = rest.min { (distance($0), $0.inputs.count) < (distance($1), $1.inputs.count) }
      let simple = rest.min { ($0.inputs.count, distance($0)) < ($1.inputs.count, distance($1)) }
      result.relations += own
      if let close { result.relations.append(close) }
      if let simple, Set(simple.inputs) != close.map({ Set($0.inputs) }) { result.relations.append(simple) }
    }
    return result
  }

  // MARK: One column

  /// What a column may usually be off by: a share of its spread.
  private func limit(of index: Int, _ share: Double) -> Double {
    max(share * (numbers[index]?.spread ?? 0), 0.6 * (columns[index].step ?? 0))
  }

  /// What a column is usually off by, in its own units.
  private func distance(_ relation: ColumnRelation) -> Double {
    relation.scatter * (relation.form == .sum ? 1 : numbers[relation.column]?.magnitude ?? 1)
  }

  private func nearest(of index: Int, from others: [Int]) -> ColumnRelation? {
    let found = [ColumnRelation.Form.sum, .product].compactMap { relation(of: index, from: others, form: $0) }
    guard let best = found.min(by: { distance($0) < distance($1) }) else { return nil }
    return distance(best) <= limit(of: index, Self.looseness) ? best : nil
  }

  private func relation(of index: Int, from before: [Int], form: ColumnRelation.Form) -> ColumnRelation? {
    guard let target = numbers[index]?.scaled(form) else { return nil }
    let candidates = before.compactMap { other in numbers[other]?.scaled(form).map { (column: other, values: $0) } }
    let found = select(target, candidates.map(\.values))
    let chosen = found.inputs.map { candidates[$0].column }
    // By squares a few rows far out may hide what others tell exactly, and many inputs leave few rows without gaps: both
    // are tried.
    let fits = [chosen, Array(chosen.prefix(found.enough))].compactMap { thinned(fitted(index, $0, form), chosen) }
    return fits.min { (distance($0), $0.inputs.count) < (distance($1), $1.inputs.count) }
  }

  /// The relation without the inputs that it does not need.
  private func thinned(_ relation: ColumnRelation?, _ chosen: [Int]) -> ColumnRelation? {
    guard var best = relation, distance(best) <= limit(of: best.column, Self.looseness) else { return nil }
    // Differences far below what counts do not matter.
    let enough = Self.simplicity * max(distance(best), limit(of: best.column, 0.001))
    for input in chosen where best.inputs.count > 1 && best.inputs.contains(input) {
      let rest = best.inputs.filter { $0 != input }
      guard let fewer = fitted(best.column, rest, best.form), distance(fewer) <= enough else { continue }
      best = fewer
    }
    return best
  }

  /// The relation of a column to given others.
  private func fitted(_ index: Int, _ others: [Int], _ form: ColumnRelation.Form) -> ColumnRelation? {
    guard let target = numbers[index]?.scaled(form) else { return nil }
    let inputs = others.compactMap { numbers[$0]?.scaled(form) }
    guard !inputs.isEmpty, inputs.count == others.count else { return nil }
    let rows = target.indices.filter { row in target[row].isFinite && inputs.allSatisfy { $0[row].isFinite } }
    guard rows.count >= Self.fewestRows, 2 * rows.count >= target.count(where: \.isFinite) else { return nil }
    guard let fit = LeastDistances(rows.map { target[$0] }, inputs.map { input in rows.map { input[$0] } }) else {
      return nil
    }
    return ColumnRelation(
      column: index, form: form, inputs: others, coefficients: fit.coefficients, constant: fit.constant,
      scatter: fit.distances.map(\.magnitude).median)
  }

  /// Numbers of the inputs, by forward selection on orthogonal columns: parts of a sum are worth little one by one, so as
  /// many as allowed are taken first.
  ///
  /// - Returns: The inputs, and how many of them, by the squares, are enough.
  private func select(_ target: [Double], _ candidates: [[Double]]) -> (inputs: [Int], enough: Int) {
    let most = max(2 * Self.fewestRows, min(Self.mostChoosingRows, 100_000 / max(numbers.count, 1)))
    let skip = (rowCount + most - 1) / most
    func some(_ values: [Double]) -> [Double] {
      Self.standard(stride(from: 0, to: rowCount, by: skip).map { values[$0] })
    }
    var rest = some(target)
    guard !rest.isEmpty else { return ([], 0) }
    var columns = candidates.map(some)
    var chosen: [Int] = []
    var distances: [Double] = []
    while chosen.count < min(Self.mostInputs, rest.count / Self.rowsPerInput) {
      var best = (index: -1, gain: 0.0)
      for (index, column) in columns.enumerated() where !column.isEmpty && !chosen.contains(index) {
        let product = Self.dot(column, rest)
        let gain = product * product / Self.dot(column, column)
        if gain > best.gain { best = (index, gain) }
      }
      guard best.index >= 0 else { break }
      let direction = columns[best.index]
      let square = Self.dot(direction, direction)
      func without(_ column: [Double]) -> [Double] {
        let share = Self.dot(column, direction) / square
        return zip(column, direction).map { $0 - share * $1 }
      }
      chosen.append(best.index)
      rest = without(rest)
      distances.append(rest.map(\.magnitude).median)
      for index in columns.indices where !columns[index].isEmpty && !chosen.contains(index) {
        let before = Self.dot(columns[index], columns[index])
        columns[index] = without(columns[index])
        // What is left of a column that the chosen ones make up is noise.
        if Self.dot(columns[index], columns[index]) < 1e-8 * before { columns[index] = [] }
      }
    }
    let enough = Self.simplicity * (distances.min() ?? 0)
    return (chosen, (distances.firstIndex { $0 <= enough } ?? -1) + 1)
  }

  /// Less the median, over the spread, cut to what 99 of 100 are within; missing ones 0.
  ///
  /// Empty for a constant column.
  private static func standard(_ values: [Double]) -> [Double] {
    let there = values.filter(\.isFinite).sorted()
    guard there.count >= fewestRows else { return [] }
    let (low, high) = (there[there.count / 200], there[there.count - 1 - there.count / 200])
    let middle = there[there.count / 2]
    guard high > low else { return [] }
    let unit = (high - low) / 4
    return values.map { $0.isFinite ? (min(max($0, low), high) - middle) / unit : 0 }
  }

  private static func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for row in a.indices { sum += a[row] * b[row] }
    return sum
  }
}
