import CKernels
import PushforwardCore

/// Adds the log-likelihood of coded cells (input 1) under a decoder's output (input 0) to the accumulator.
///
/// The output is an empty value. The slope is computed along with the value and kept for the way back.
final class LikelihoodOperation<Scalar: LatentScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  private let columns: [pf_likelihood_column]
  private let rows: Int

  init(_ columns: [pf_likelihood_column]) {
    self.columns = columns
    rows = columns.reduce(0) { $0 + $1.rows }
  }

  override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    if context.tape.recordsGradients {
      node.saved = context.tape.makeScratch(count: context.tape.elementCount(features: rows))
    }
    Scalar.likelihood(
      columns, columns.count, context.input(node, 1), context.input(node, 0), context.accumulator(node)!, node.saved,
      context.tiles, context.lanes)
  }

  override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    guard let slope = node.saved, let d = context.inputGradient(node, 0) else { return }
    Scalar.likelihoodBackward(slope, context.accumulatorGradient(node), d, rows, context.tiles, context.lanes)
  }
}

/// Coded cells as a network sees them: categories one-hot, missing cells as zeros, optionally a flag for each column.
///
/// Has no derivative: cells are data.
final class CellInputOperation<Scalar: LatentScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  private let columns: [pf_likelihood_column]
  private let flags: Bool

  init(_ columns: [pf_likelihood_column], flags: Bool) {
    self.columns = columns
    self.flags = flags
  }

  override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    Scalar.likelihoodInputs(
      columns, columns.count, context.input(node, 0), context.output(node), flags ? 1 : 0, context.tiles, context.lanes)
  }

  override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {}
}
