import PushforwardCore

/// Draws of the missing cells of rows, several for each, with what is needed to weight them.
public struct ChainCandidates: Sendable {
  /// The rows without missing cells: those of the first row, then those of the second.
  public var rows: ChainRows
  /// Draws for each row.
  public var draws: Int
  /// `log q(drawn cells | present cells)` of each draw, nats on the scale z: what the cells were drawn from.
  public var logProposal: [Double]
  /// Whether each of the given rows was drawn in the chain's order, q being the chain's own exact conditional.
  public var isOwn: [Bool]
}

/// What completed rows are worth to a chain.
public struct ChainCandidateScores: Sendable {
  /// `log p(row)`, nats on the scale z.
  public var logProb: [Double]
  /// `log q(completed cells | present cells)`, as the chain would have drawn them.
  public var logProposal: [Double]
}

extension Chain {
  /// Several draws of the missing cells of each row.
  ///
  /// All are drawn in one pass, those of a row side by side in the same tiles, so that heads are computed for that row's
  /// missing cells alone. Rows whose missing cells all follow their present ones in the chain's order are drawn from the
  /// chain itself, others from the network's answer to the question, each cell given those drawn before it.
  ///
  /// - Parameters:
  ///   - rows: Rows with gaps.
  ///   - draws: Draws for each row, at least one.
  ///   - seed: Of the draws.
  ///   - firstRow: Number of the first row; a row's draws depend on seed, its number and `draws`.
  ///   - snap: Rounds drawn points to the cells of the data.
  ///   - workers: Threads; the result does not depend on them.
  /// - Returns: The draws.
  /// - Throws: `ChainError`.
  public func candidates(
    _ rows: ChainRows, draws: Int, seed: UInt64, firstRow: UInt64 = 0, snap: CellSnap? = nil,
    workers: WorkerPool? = nil
  ) throws -> ChainCandidates {
    let isOwn = rowsInOrder(rows)
    var how = ChainDraws(seed: seed, firstRow: firstRow * UInt64(draws))
    (how.snap, how.scores) = (snap, true)
    how.isInOrder = isOwn.flatMap { [Bool](repeating: $0, count: draws) }
    let drawn = try drawn(rows.repeating(draws), how, workers: workers)
    return ChainCandidates(rows: drawn.rows, draws: draws, logProposal: drawn.logProb, isOwn: isOwn)
  }

  /// What rows are worth that something else has completed.
  ///
  /// - Parameters:
  ///   - filled: Completed rows, `draws` for each row with gaps.
  ///   - rows: The rows with gaps.
  ///   - draws: Completed rows for each.
  ///   - workers: Threads; the result does not depend on them.
  /// - Returns: Their scores, and what `candidates` would have drawn them from.
  /// - Throws: `ChainError`.
  public func candidateScores(
    _ filled: ChainRows, of rows: ChainRows, draws: Int, workers: WorkerPool? = nil
  ) throws -> ChainCandidateScores {
    let asked = rows.repeating(draws)
    guard asked.count == filled.count, asked.columns.count == filled.columns.count else {
      throw ChainError.rowCount(what: "completed rows", expected: asked.count, found: filled.count)
    }
    let isOwn = rowsInOrder(rows)
    let cells = try columnLogProb(filled, workers: workers)
    var logProb = [Double](repeating: 0, count: filled.count)
    var logProposal = logProb
    for row in logProb.indices {
      for index in specification.order {
        let value = Double(cells[row, index])
        logProb[row] += value
        if asked.columns[index].codes[row] == ChainCells.missing { logProposal[row] += value }
      }
    }
    let open = logProb.indices.filter { !isOwn[$0 / draws] }
    if !open.isEmpty {
      let learned = try completionLogProb(filled.selecting(open), of: asked.selecting(open), workers: workers)
      for (place, row) in open.enumerated() { logProposal[row] = learned[place] }
    }
    return ChainCandidateScores(logProb: logProb, logProposal: logProposal)
  }

  /// Whether each row's missing cells all follow its present ones, conditions aside.
  func rowsInOrder(_ rows: ChainRows) -> [Bool] {
    var hasGap = [Bool](repeating: false, count: rows.count)
    var isInOrder = [Bool](repeating: true, count: rows.count)
    for index in specification.order where index < rows.columns.count {
      // Cells that tell of others' presence have no part in scores.
      if specification.columns[index].presenceOf != nil { continue }
      for (row, code) in rows.columns[index].codes.enumerated() {
        if code == ChainCells.missing {
          hasGap[row] = true
        } else if hasGap[row] {
          isInOrder[row] = false
        }
      }
    }
    return isInOrder
  }
}

extension ChainRows {
  /// Each row so many times, one after the other.
  public func repeating(_ times: Int) -> ChainRows {
    times == 1 ? self : selecting((0..<count).flatMap { repeatElement($0, count: times) })
  }
}
