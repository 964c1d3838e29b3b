import PushforwardCore
import PushforwardTables

extension MixedFlowModel {
  /// Candidates of which one is taken by weight, where values cannot be summed over.
  private static var candidates: Int { 32 }
  /// Rounds of drawing the chain's cells and the reals in turns, where several of both are missing.
  private static var rounds: Int { 3 }

  /// Fills missing cells with draws from their distribution given the row's other cells.
  ///
  /// Missing cells of the chain are drawn from their exact posterior when their columns have few values and at most one real
  /// is missing; else 32 candidates of the chain are weighted by the flow and one is taken. Where several reals are missing
  /// as well, both are drawn in turns. Reals given all else: see `DensityModel`.
  ///
  /// - Throws: `TableError`, `ChainError`.
  public func complete(
    _ table: Table, seed: UInt64, firstRow: Int, draw: Int, workers: WorkerPool?
  ) throws -> Table {
    let filling = Filling(
      model: self, table: try knownCells(table).table,
      seed: RandomStream(seed: seed, purpose: .user).split(UInt64(draw)).seed, firstRow: firstRow, workers: workers)
    let discrete = try filling.discrete()
    let reals = try filling.reals(given: discrete, draw: 0)
    return try Table(
      columns.map { name in
        let drawn = try discrete[name] ?? reals.column(name)
        // What is present stays as it was written, also where the chain does not know it.
        guard let present = table[name], present.storage == drawn.storage else { return (name, drawn) }
        return (name, drawn.replacingCells(from: present))
      }, origin: table.origin)
  }

  /// The filling of one table.
  ///
  /// Draws are made for all rows, so that a row's numbers depend on its place alone.
  private struct Filling {
    let model: MixedFlowModel
    let table: Table
    let seed: UInt64
    let firstRow: Int
    let workers: WorkerPool?

    /// The chain's columns without gaps.
    func discrete() throws -> Table {
      var discrete = try candidate(0)
      let reals = model.flow.columns
      let gaps = model.chainGaps(table).filter { !$0.gaps.isEmpty }
      /// Rows in which some real is present, and how many are not.
      var open: [Int: Int] = [:]
      for row in gaps.flatMap(\.rows) {
        let count = reals.count { table[$0]?.isMissing(row: row) ?? true }
        if count < reals.count { open[row] = count }
      }
      if open.isEmpty { return discrete }
      let isInTurns = open.values.contains { $0 > 1 }
      for round in 0..<(isInTurns ? MixedFlowModel.rounds : 1) {
        var seen = table
        if isInTurns {
          seen = try table.leaving(reals, for: self.reals(given: discrete, draw: 1 + round))
        }
        for isLast in [false, true] {
          // Rows with one missing real need no turns: that one is integrated out.
          if !isLast && round > 0 { continue }
          let rows = Set(open.keys.filter { (open[$0]! > 1) == isLast })
          discrete = try weighted(
            isLast ? seen : table, gaps: gaps.map { ($0.gaps, $0.rows.filter(rows.contains)) }, discrete, round: round)
        }
      }
      return discrete
    }

    /// The chain's cells drawn anew in some rows, by the flow's density of what is seen of the reals.
    private func weighted(
      _ seen: Table, gaps: [(gaps: [String], rows: [Int])], _ start: Table, round: Int
    ) throws -> Table {
      let stream = RandomStream(seed: MixedFlowModel.seed(seed, .choice), purpose: .component).split(UInt64(round))
      func pick(_ logWeights: [Double], _ row: Int) -> Int {
        let sound = logWeights.map { $0.isNaN ? -.infinity : $0 }
        let total = Logarithm.sum(sound)
        guard total.isFinite else { return 0 }
        let u = stream.uniform(row: UInt64(firstRow + row))
        return ModelMixture.pick(sound.map { Logarithm.exponential($0 - total) }, u)
      }
      var pieces: [(rows: [Int], table: Table)] = []
      var others: [Int] = []
      for (names, rows) in gaps where !rows.isEmpty {
        guard let choices = model.combinations(of: names) else {
          others += rows
          continue
        }
        let part = seen.selecting(rows: rows)
        let scores = try model.combinationScores(part, choices, workers: workers)
        let picked = rows.indices.map { pick(scores[$0], rows[$0]) }
        for choice in choices.indices {
          let own = rows.indices.filter { picked[$0] == choice }.map { rows[$0] }
          if !own.isEmpty { pieces.append((own, try start.selecting(rows: own).replacing(choices[choice]))) }
        }
      }
      if !others.isEmpty {
        let part = seen.selecting(rows: others)
        let tables = try (0..<MixedFlowModel.candidates).map {
          try candidate(1 + round * MixedFlowModel.candidates + $0).selecting(rows: others)
        }
        let scores = try tables.map {
          try model.flowLogProb(part.leaving(model.chain.columns, for: $0), workers: workers)
        }
        let picked = others.indices.map { place in pick(scores.map { $0[place] }, others[place]) }
        for number in tables.indices {
          let own = others.indices.filter { picked[$0] == number }
          if !own.isEmpty { pieces.append((own.map { others[$0] }, tables[number].selecting(rows: own))) }
        }
      }
      let drawn = Set(pieces.flatMap(\.rows))
      let rest = (0..<start.rowCount).filter { !drawn.contains($0) }
      if !rest.isEmpty { pieces.append((rest, start.selecting(rows: rest))) }
      return try Table.merging(pieces, names: start.names, count: start.rowCount)
    }

    /// The chain's columns without gaps, by the chain alone.
    private func candidate(_ draw: Int) throws -> Table {
      try model.chain.complete(
        model.chainTable(table), seed: MixedFlowModel.seed(seed, .chain), firstRow: firstRow, draw: draw,
        workers: workers)
    }

    /// The reals without gaps, given complete cells of the chain.
    func reals(given discrete: Table, draw: Int) throws -> Table {
      try model.flow.complete(
        table.leaving(model.chain.columns, for: discrete), seed: MixedFlowModel.seed(seed, .flow), firstRow: firstRow,
        draw: draw, workers: workers)
    }
  }
}

extension Table {
  /// All columns but some, and the columns of another table of the same rows.
  fileprivate func leaving(_ names: [String], for other: Table) throws -> Table {
    let gone = Set(names)
    let kept = columns.filter { !gone.contains($0.key) && other[$0.key] == nil }
    return try Table(kept.map { ($0, $1) } + other.columns.map { ($0, $1) })
  }
}
