import PushforwardChains
import PushforwardCore
import PushforwardTables

extension MixedModel {
  /// Rows whose limited cells are drawn inside their limits, in the chain's order, weighted by the masses of what was allowed.
  ///
  /// - Throws: `TableError`, `ChainError`.
  public func limitedCandidate(
    _ table: Table, limits: [ColumnLimit], seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> TableCandidates? {
    var byColumn: [Int: ChainLimit] = [:]
    for (name, some) in Dictionary(grouping: limits, by: \.column) {
      let (index, column) = try encoder.column(name)
      byColumn[index] = column.limit(some)
    }
    let rows = try cells(encoder.encode(table))
    let drawn = try chain.limited(
      rows, limits: byColumn, seed: seed, firstRow: UInt64(firstRow), snap: snap, workers: workers)
    return TableCandidates(
      table: try decoded(drawn.rows, seed: seed, firstRow: firstRow), logWeights: drawn.logWeights)
  }
}

extension TypedColumn {
  /// The farthest places on z that are looked at.
  private static var ends: ClosedRange<Double> { -40...40 }

  /// The classes, and the parts of the scale, that hold values which keep all of some limits.
  fileprivate func limit(_ limits: [ColumnLimit]) -> ChainLimit {
    if let levels {
      func keeps(_ text: String) -> Bool {
        limits.allSatisfy { limit in
          guard case .levels(let allowed) = limit.values else { return false }
          return allowed.contains(text)
        }
      }
      // The class of rare levels is allowed if one of them is; which it stands for is drawn later.
      let pool = levels.pooled.isEmpty ? [] : [levels.pooled.contains(where: keeps)]
      return ChainLimit(atoms: levels.levels.map(keeps) + pool)
    }
    let allowed = (0..<atoms).map { code in limits.allSatisfy { $0.accepts(number(code: code, z: 0)) } }
    guard hasContinuous else { return ChainLimit(atoms: allowed) }
    // An angle's scale is cut open somewhere: what is outside is sorted out after the draw.
    var ranges = [Self.ends]
    if circle == nil {
      for limit in limits {
        let parts = places(limit)
        ranges = ranges.flatMap { range in
          parts.compactMap { part in
            let (low, high) = (max(range.lowerBound, part.lowerBound), min(range.upperBound, part.upperBound))
            return low <= high ? low...high : nil
          }
        }
      }
    }
    return ChainLimit(atoms: allowed, ranges: ranges)
  }

  /// The parts of z that hold values which keep a limit.
  private func places(_ limit: ColumnLimit) -> [ClosedRange<Double>] {
    switch limit.values {
    case .levels: []
    case .numbers(let numbers):
      numbers.compactMap { number in places(from: { $0 >= number }, to: { $0 <= number }) }
    case .range(let low, let includesLow, let high, let includesHigh):
      [
        places(
          from: { $0 > low || (includesLow && $0 == low) }, to: { $0 < high || (includesHigh && $0 == high) })
      ].compactMap { $0 }
    }
  }

  /// The places between the first whose value is high enough and the last whose value is low enough, by bisection.
  private func places(from isHigh: (Double) -> Bool, to isLow: (Double) -> Bool) -> ClosedRange<Double>? {
    func edge(_ holds: (Double) -> Bool) -> Double {
      var (low, high) = (Self.ends.lowerBound, Self.ends.upperBound)
      for _ in 0..<60 {
        let middle = (low + high) / 2
        if holds(number(code: atoms, z: middle)) { high = middle } else { low = middle }
      }
      return (low + high) / 2
    }
    let first = isHigh(number(code: atoms, z: Self.ends.lowerBound)) ? Self.ends.lowerBound : edge(isHigh)
    let last = isLow(number(code: atoms, z: Self.ends.upperBound)) ? Self.ends.upperBound : edge { !isLow($0) }
    return first <= last ? first...last : nil
  }
}
