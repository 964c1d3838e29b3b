import PushforwardCore
import PushforwardMixtures
import PushforwardSequences
import PushforwardTables

extension SequenceModel {
  /// What the rows of a table say of the states.
  public struct States: Sendable {
    /// The likeliest path: one state a row, from 0.
    public var path: [Int32]
    /// P(state | all rows of the sequence), `rows x states`.
    public var probabilities: Matrix<Double>
  }

  /// The likeliest states of a table's rows and their posterior probabilities.
  ///
  /// - Throws: `TableError`, `EstimatorError.badSequences`.
  public func states(_ table: Table, workers: WorkerPool? = nil) throws -> States {
    if table.rowCount == 0 { return States(path: [], probabilities: Matrix(rows: 0, columns: chain.states)) }
    let layout = try SequenceColumn.layout(sequence, of: table).sequences
    let rows = try encoding.rows(table).mixture
    let densities = try self.densities(rows, workers)
    return States(
      path: try chain.viterbi(densities, layout, workers: workers).path,
      probabilities: try chain.smooth(densities, layout, workers: workers).probabilities.matrix)
  }
}
