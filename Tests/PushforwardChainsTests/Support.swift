import PushforwardChains
import PushforwardCore

/// A small table of every kind of column, with missing cells.
enum Fixture {
  /// A condition, a category, a real, a number with spikes and steps, an ordinal with positions.
  static let columns = [
    ChainColumn(name: "site", atoms: 3, hasContinuous: false, isCondition: true),
    ChainColumn(name: "kind", atoms: 4, hasContinuous: false),
    ChainColumn(name: "length", atoms: 0, hasContinuous: true),
    ChainColumn(name: "paid", atoms: 2, hasContinuous: true, positions: [-0.5, 0.5]),
    ChainColumn(name: "grade", atoms: 5, hasContinuous: false, positions: [-2, -1, 0, 1, 2]),
  ]

  /// Those columns, with hints of the length by what was paid and the grade, of what was paid by the site, and by columns after it.
  static let hinted: [ChainColumn] = {
    var columns = Fixture.columns
    columns[2].hintedBy = [[3, 4]]
    columns[3].hintedBy = [[0], [2, 1]]
    return columns
  }()

  static let hints: ChainHints = { column, number, cells in
    if column == 3 { return ChainHint(place: number == 0 ? 0.25 : cells[0].low, width: number == 0 ? 0.5 : 0.1) }
    return ChainHint(place: 0.4 * Float(cells[1].code) - 0.5 + (cells[0].code == 2 ? 0.1 : 0), width: 0.05)
  }

  static func specification(
    _ columns: [ChainColumn] = columns, order: [Int]? = [3, 1, 4, 2], edit: (inout ChainSettings) -> Void = { _ in }
  ) throws -> ChainSpecification {
    var settings = ChainSettings()
    (settings.hidden, settings.blocks, settings.dropout) = (24, 1, 0)
    (settings.components, settings.pieces, settings.embedding) = (5, 6, 3)
    edit(&settings)
    return try ChainSpecification(columns: columns, order: order, settings: settings)
  }

  /// Rows whose columns depend on each other; a tenth of the modelled cells is missing when `gaps`.
  static func rows(_ count: Int, seed: UInt64 = 1, gaps: Bool = false, weighted: Bool = false) throws -> ChainRows {
    let stream = RandomStream(seed: seed, purpose: .test)
    func uniform(_ row: Int, _ index: UInt32) -> Double { stream.uniform(row: UInt64(row), index: index) }
    var codes = [[Int32]](repeating: [], count: columns.count)
    var (lengths, low, high): ([Double], [Double], [Double]) = ([], [], [])
    for row in 0..<count {
      let site = Int(uniform(row, 0) * 3)
      let kind = uniform(row, 1) < 0.6 ? site : Int(uniform(row, 2) * 4)
      let normal = stream.normal(rows: 1, columns: 2, firstRow: UInt64(row), as: Double.self).values
      let length = 0.8 * Double(kind) - 1 + 0.3 * normal[0]
      // Paid: two spikes, else steps of 0.25, the lowest step open to the left.
      let draw = uniform(row, 3)
      let step = ((0.5 * length + normal[1]) * 4).rounded() / 4
      let grade = min(4, max(0, Int((length + 2).rounded())))
      codes[0].append(Int32(site))
      codes[1].append(Int32(kind))
      codes[2].append(0)
      codes[3].append(draw < 0.2 ? 0 : draw < 0.3 ? 1 : 2)
      codes[4].append(Int32(grade))
      lengths.append(length)
      low.append(draw < 0.3 ? 0 : step < -1.5 ? -.infinity : step - 0.125)
      high.append(draw < 0.3 ? 0 : step < -1.5 ? -1.375 : step + 0.125)
      if gaps {
        for column in 1..<columns.count where uniform(row, 10 + UInt32(column)) < 0.1 { codes[column][row] = -1 }
      }
    }
    let weights = weighted ? (0..<count).map { Float(1 + $0 % 3) } : nil
    return try ChainRows(
      [
        ChainCells(codes: codes[0]), ChainCells(codes: codes[1]),
        ChainCells(codes: codes[2], low: lengths, high: lengths), ChainCells(codes: codes[3], low: low, high: high),
        ChainCells(codes: codes[4]),
      ], weights: weights)
  }

  /// Numbers far from their start, so that nothing is zero by chance.
  static func parameters<Scalar: ChainScalar>(
    _ layout: ParameterLayout, deviation: Double = 0.4, as type: Scalar.Type = Scalar.self
  ) -> Parameters<Scalar> {
    var parameters = Parameters<Scalar>(layout: layout, seed: 3)
    for (index, slice) in layout.slices.enumerated() where slice.role != .constant {
      let noise = RandomStream(seed: 11, purpose: .test).split(UInt64(index))
        .normal(rows: 1, columns: slice.count, as: Scalar.self).values
      // Masked weights stay zero.
      let isWeight = slice.role == .weight
      parameters[slice] = zip(parameters[slice], noise).map {
        isWeight && $0 == 0 ? 0 : $0 + Scalar(isWeight ? deviation / 3 : deviation) * $1
      }
    }
    return parameters
  }

  static func chain(order: [Int]? = [3, 1, 4, 2], edit: (inout ChainSettings) -> Void = { _ in }) throws -> Chain {
    let specification = try specification(order: order, edit: edit)
    return try Chain(specification, parameters: parameters(Chain.layout(of: specification)))
  }

  static func hintedChain(_ hints: ChainHints? = hints) throws -> Chain {
    let specification = try specification(hinted)
    return try Chain(specification, parameters: parameters(Chain.layout(of: specification)), hints: hints)
  }

  /// Whether a column's drawn points are uniform under its conditional distribution function.
  static func isUniform(_ drawn: ChainRows, column: Int, under chain: Chain) throws -> Bool {
    let heads = try chain.heads(of: column, rows: drawn)
    let count = Double(drawn.count)
    let levels = (0..<drawn.count).map { heads.continuousCDF(row: $0, Double(drawn.columns[column].low[$0])) }.sorted()
    let distance = levels.enumerated().map { abs((Double($0.offset) + 0.5) / count - $0.element) }.max() ?? 1
    // Kolmogorov-Smirnov, far beyond its 99.9 % point of 1.95 / sqrt(n).
    return distance < 2.2 / count.squareRoot()
  }
}
