import PushforwardCore
import PushforwardTables

/// A model whose draws of missing cells have a known density, so that they can stand as proposals for another model.
protocol ProposingModel: TableModel {
  /// Draws of the missing cells of rows.
  ///
  /// - Parameters: as `candidates`.
  /// - Returns: `draws` rows for each row, one after the other.
  /// - Throws: as `complete`.
  func proposals(
    _ table: Table, draws: Int, seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> TableProposals

  /// What completed rows would be worth as proposals.
  ///
  /// - Parameters:
  ///   - filled: `draws` completed rows, conditions included, for each row of the table, one after the other.
  ///   - table: The rows with gaps.
  ///   - draws: Completed rows for each.
  ///   - workers: Threads to use.
  /// - Returns: Densities of the completed rows.
  /// - Throws: as `score`.
  func proposalScores(
    _ filled: Table, of table: Table, draws: Int, workers: WorkerPool?
  ) throws -> ProposalScores
}

/// Logarithms of the densities of completed rows, nats in the columns' units.
struct ProposalScores {
  /// `log p(row)`.
  var logProb: [Double]
  /// `log q(completed cells | present cells)`: what the cells were, or would have been, drawn from.
  var logProposal: [Double]
}

/// Drawn rows with their densities.
struct TableProposals {
  /// The modelled columns without a missing cell.
  var table: Table
  /// Of each row.
  var scores: ProposalScores
}

extension ProposingModel {
  /// Of a model with exact marginals: its own draws.
  func proposals(
    _ table: Table, draws: Int, seed: UInt64, firstRow: Int, workers: WorkerPool?
  ) throws -> TableProposals {
    let drawn = try ownDraws(table, draws: draws, seed: seed, firstRow: firstRow, workers: workers).table
    let whole = try drawn.joined(with: table.repeating(draws), names: given)
    return TableProposals(
      table: drawn, scores: try proposalScores(whole, of: table, draws: draws, workers: workers))
  }

  /// Of a model with exact marginals: the row's density over that of its present cells.
  func proposalScores(
    _ filled: Table, of table: Table, draws: Int, workers: WorkerPool?
  ) throws -> ProposalScores {
    let joint = try score(filled, workers: workers).logProb
    let present = try score(table, workers: workers).logProb
    return ProposalScores(
      logProb: joint, logProposal: joint.indices.map { joint[$0] - present[$0 / draws] })
  }
}

extension MixtureModel: ProposingModel {}
