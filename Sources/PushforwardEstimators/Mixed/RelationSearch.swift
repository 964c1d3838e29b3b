import PushforwardTables

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Finds the columns of numbers that are nearly functions of columns before them.
///
/// Inputs are chosen one by one, each the one that leaves the least of the squares; the coefficients then make the sum of
/// absolute distances least, which a few wrong cells do not move. A relation counts when the column is usually off by at
/// most a twentieth of its own spread (both as medians of distances), or by a step.
struct RelationSearch {
  private static let mostColumns = 200
  private static let mostRows = 4000
  private static let fewestRows = 100
  private static let mostInputs = 8
  private static let closeness = 0.05
  /// Fewer inputs are taken if they leave distances that are larger by no more than this factor.
  private static let simplicity = 1.3

  private let columns: [TypedColumn]
  /// Some rows' numbers, one array a column of numbers.
  private var numbers: [Int: [Double]] = [:]
  private var rowCount = 0

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
      numbers[index] = rows.map { cells.values[$0] }
    }
  }

  /// The relations, in an order of columns; those that are always given may be inputs of all.
  func relations(order: [Int], given: [Int]) -> [ColumnRelation] {
    if rowCount < Self.fewestRows { return [] }
    return order.enumerated().compactMap { place, index in
      guard let own = numbers[index] else { return nil }
      let before = (given + order.prefix(place)).filter { numbers[$0] != nil }
      let spread = Self.spread(own.filter { !$0.isNaN })
      let step = columns[index].step ?? 0
      guard !before.isEmpty, spread > 0, spread >= 2 * step, Set(own.lazy.filter { !$0.isNaN }).count >= 12 else {
        return nil
      }
      let found = [ColumnRelation.Form.sum, .product].compactMap { form in
        relation(of: index, from: before, form: form)
      }
      let typical = Self.median(own.filter { !$0.isNaN }.map(\.magnitude))
      func distance(_ relation: ColumnRelation) -> Double {
        relation.form == .product ? relation.scatter * typical : relation.scatter
      }
      guard let best = found.min(by: { distance($0) < distance($1) }) else { return nil }
      return distance(best) <= max(Self.closeness * spread, 0.6 * step) ? best : nil
    }
  }

  // MARK: One column

  private func relation(of index: Int, from before: [Int], form: ColumnRelation.Form) -> ColumnRelation? {
    let target = scaled(index, form)
    guard let target else { return nil }
    let candidates = before.compactMap { other in scaled(other, form).map { (column: other, values: $0) } }
    let chosen = select(target, candidates.map(\.values))
    if chosen.isEmpty { return nil }
    let inputs = chosen.map { candidates[$0] }
    let rows = target.indices.filter { row in
      target[row].isFinite && inputs.allSatisfy { $0.values[row].isFinite }
    }
    guard rows.count >= Self.fewestRows, 2 * rows.count >= target.count(where: \.isFinite) else { return nil }
    let y = rows.map { target[$0] }
    let x = inputs.map { input in rows.map { input.values[$0] } }
    guard let fit = LeastDistances(y, x) else { return nil }
    return ColumnRelation(
      column: index, form: form, inputs: inputs.map(\.column), coefficients: fit.coefficients, constant: fit.constant,
      scatter: Self.median(fit.distances.map(\.magnitude)))
  }

  /// A column's numbers as the form takes them; `nil` where that is none for many of them.
  private func scaled(_ index: Int, _ form: ColumnRelation.Form) -> [Double]? {
    guard let values = numbers[index] else { return nil }
    if form == .sum { return values }
    let there = values.count { !$0.isNaN }
    guard Double(values.count { $0 > 0 }) >= 0.95 * Double(there) else { return nil }
    return values.map { $0 > 0 ? log($0) : .nan }
  }

  /// Numbers of the inputs, by forward selection on orthogonal columns: parts of a sum are worth little one by one, so as
  /// many as allowed are taken first.
  private func select(_ target: [Double], _ candidates: [[Double]]) -> [Int] {
    var rest = Self.standard(target)
    guard !rest.isEmpty else { return [] }
    var columns = candidates.map { Self.standard($0) }
    var chosen: [Int] = []
    var distances: [Double] = []
    while chosen.count < Self.mostInputs {
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
      distances.append(Self.median(rest.map(\.magnitude)))
      for index in columns.indices where !columns[index].isEmpty && !chosen.contains(index) {
        let before = Self.dot(columns[index], columns[index])
        columns[index] = without(columns[index])
        // What is left of a column that the chosen ones make up is noise.
        if Self.dot(columns[index], columns[index]) < 1e-8 * before { columns[index] = [] }
      }
    }
    let enough = Self.simplicity * (distances.min() ?? 0)
    return Array(chosen.prefix((distances.firstIndex { $0 <= enough } ?? 0) + 1))
  }

  /// Less the median, over the spread, cut to what 99 of 100 are within; missing ones 0. Empty for a constant column.
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

  private static func median(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.sorted()[values.count / 2]
  }

  /// Median distance from the median.
  private static func spread(_ values: [Double]) -> Double {
    let middle = median(values)
    return median(values.map { ($0 - middle).magnitude })
  }
}

/// A linear function that makes the sum of absolute distances least, by weighted least squares in turns.
///
/// - SeeAlso: Schlossmacher (1973), "An iterative technique for absolute deviations curve fitting", JASA 68.
private struct LeastDistances {
  var coefficients: [Double]
  var constant: Double
  var distances: [Double]

  init?(_ y: [Double], _ x: [[Double]]) {
    let (n, count) = (x.count + 1, y.count)
    // Standardised, so that the equations are well conditioned.
    func scale(_ values: [Double]) -> (mean: Double, unit: Double) {
      let mean = values.reduce(0, +) / Double(count)
      let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
      return (mean, square > 0 ? square.squareRoot() : 1)
    }
    let (own, units) = (scale(y), x.map(scale))
    let target = y.map { ($0 - own.mean) / own.unit }
    let inputs = zip(x, units).map { values, unit in values.map { ($0 - unit.mean) / unit.unit } }
    var rest = target
    var found = [Double](repeating: 0, count: n)
    var weights = [Double](repeating: 1, count: count)
    for _ in 0..<20 {
      var matrix = [Double](repeating: 0, count: n * n)
      var side = [Double](repeating: 0, count: n)
      for row in 0..<count {
        let w = weights[row]
        for i in 0..<n {
          let a = w * (i == 0 ? 1 : inputs[i - 1][row])
          side[i] += a * rest[row]
          for j in 0...i { matrix[i * n + j] += a * (j == 0 ? 1 : inputs[j - 1][row]) }
        }
      }
      guard let change = Self.solve(&matrix, side, n) else { return nil }
      for i in 0..<n { found[i] += change[i] }
      for row in 0..<count {
        var value = found[0]
        for i in 1..<n { value += found[i] * inputs[i - 1][row] }
        rest[row] = target[row] - value
      }
      let middle = rest.map(\.magnitude).sorted()[count / 2]
      if middle == 0 { break }
      for row in 0..<count { weights[row] = 1 / max(rest[row].magnitude, 0.3 * middle) }
    }
    coefficients = zip(found.dropFirst(), units).map { $0 / $1.unit * own.unit }
    constant = own.mean + own.unit * found[0] - zip(coefficients, units).reduce(0) { $0 + $1.0 * $1.1.mean }
    distances = rest.map { $0 * own.unit }
    guard coefficients.allSatisfy(\.isFinite), constant.isFinite, distances.allSatisfy(\.isFinite) else { return nil }
  }

  /// A symmetric positive definite system of which the lower half is given, by Cholesky's factors.
  private static func solve(_ matrix: inout [Double], _ side: [Double], _ n: Int) -> [Double]? {
    for i in 0..<n {
      for j in 0...i {
        var sum = matrix[i * n + j]
        for k in 0..<j { sum -= matrix[i * n + k] * matrix[j * n + k] }
        if i == j {
          guard sum > 1e-12 * matrix[i * n + i] else { return nil }
          matrix[i * n + i] = sum.squareRoot()
        } else {
          matrix[i * n + j] = sum / matrix[j * n + j]
        }
      }
    }
    var x = side
    for i in 0..<n {
      for k in 0..<i { x[i] -= matrix[i * n + k] * x[k] }
      x[i] /= matrix[i * n + i]
    }
    for i in (0..<n).reversed() {
      for k in i + 1..<n where k < n { x[i] -= matrix[k * n + i] * x[k] }
      x[i] /= matrix[i * n + i]
    }
    return x
  }
}
