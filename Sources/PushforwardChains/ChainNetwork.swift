import PushforwardCore

/// The network of a chain: a residual MADE over encoded cells, with a head for each column.
///
/// Inputs of degree 0: columns as given. Inputs of degree d: the d-th column of the chain. A hidden unit of degree m
/// sees degrees `<= m`, the head of the d-th column sees hidden units of degree `< d`. Everything is sorted by degree,
/// so the weights are block lower-triangular. Units of degree 0 are a small network of the given columns that every
/// head sees.
///
/// - SeeAlso: Germain et al. (2015), "MADE", arXiv:1502.03509; Nash and Durkan (2019), "Autoregressive Energy
///   Machines", arXiv:1904.05626 (residual blocks in it).
public struct ChainNetwork<Scalar: ChainScalar>: Sendable {
  /// Columns, order, shape.
  public let specification: ChainSpecification
  /// Names and places of the parameters.
  public let layout: ParameterLayout
  let plan: ChainPlan
  let encode: ChainEncodeOperation<Scalar>
  let entry: LinearOperation<Scalar>
  /// Pairs of layers: the inner one with its activation, the outer one linear.
  let blocks: [(inner: LinearOperation<Scalar>, outer: LinearOperation<Scalar>)]
  let output: LinearOperation<Scalar>
  /// From the encoded columns to the heads.
  let direct: LinearOperation<Scalar>?
  /// Heads read from the output at once; then each head of low rank with its expansion.
  let fullHeads: ChainHeadOperation<Scalar>?
  let lowRankHeads: [LowRankHead]
  private let dropout: DropoutOperation<Scalar>?

  struct LowRankHead: Sendable {
    let column: Int
    let pick: GatherOperation<Scalar>
    let expand: LinearOperation<Scalar>
    let head: ChainHeadOperation<Scalar>
  }

  /// A network and the layout of its parameters.
  public init(_ specification: ChainSpecification) {
    self.specification = specification
    let settings = specification.settings
    let plan = ChainPlan(specification)
    self.plan = plan
    var layout = ParameterLayout()
    encode = ChainEncodeOperation(specification, plan: plan, layout: &layout)

    func linear(
      _ name: String, rows: [Int], columns: [Int], gain: Double, activation: Activation = .identity,
      strict: Bool = false, hasBias: Bool = true
    ) -> LinearOperation<Scalar> {
      let mask = ChainPlan.mask(rows: strict ? rows.map { $0 - 1 } : rows, columns: columns)
      let weight = layout.add(
        "chain.\(name).weight", rows: rows.count, columns: columns.count,
        initializer: .fanIn(gain: gain, extents: mask.extents))
      let bias = hasBias ? layout.add("chain.\(name).bias", rows: rows.count, role: .bias) : nil
      return LinearOperation(weight: weight, bias: bias, mask: mask, activation: activation)
    }
    let units = plan.hiddenDegrees
    entry = linear("entry", rows: units, columns: plan.inputDegrees, gain: 1)
    blocks = (0..<settings.blocks).map { index in
      (
        linear("blocks.\(index).inner", rows: units, columns: units, gain: 1, activation: .silu),
        linear("blocks.\(index).outer", rows: units, columns: units, gain: 0.3)
      )
    }
    output = linear("output", rows: plan.outputDegrees, columns: units, gain: 0.1, strict: true)
    direct =
      settings.direct == true && plan.inputRows > 0
      ? linear("direct", rows: plan.outputDegrees, columns: plan.inputDegrees, gain: 0.01, strict: true, hasBias: false)
      : nil
    let full = plan.order.filter { !plan.columns[$0].hasLowRank }
    fullHeads =
      full.isEmpty
      ? nil : ChainHeadOperation(plan, columns: full, coversOutput: full.count == plan.order.count)
    lowRankHeads = plan.order.filter { plan.columns[$0].hasLowRank }.map { column in
      let rows = plan.columns[column].headRows
      let weight = layout.add(
        "chain.heads.\(column).weight", rows: rows, columns: settings.headRank,
        initializer: .fanIn(gain: 1, extents: nil))
      let bias = layout.add("chain.heads.\(column).bias", rows: rows, role: .bias)
      return LowRankHead(
        column: column, pick: GatherOperation(index: Array(plan.columns[column].outputRows)),
        expand: LinearOperation(weight: weight, bias: bias),
        head: ChainHeadOperation(plan, columns: [column], coversOutput: true, origin: 0))
    }
    dropout = settings.dropout > 0 ? DropoutOperation(rate: settings.dropout) : nil
    self.layout = layout
  }

  /// Columns in the order of `columnLogProb`'s features.
  var scoredColumns: [Int] { (fullHeads?.columns ?? []) + lowRankHeads.map(\.column) }

  /// The rows of all heads, those of low rank not expanded.
  func outputs(_ cells: Variable, on tape: Tape<Scalar>) -> Variable {
    let seen = tape.record(encode, cells, outputFeatures: plan.inputRows)
    var value = tape.record(entry, seen, outputFeatures: entry.weight.rows)
    for block in blocks {
      let inner = tape.record(block.inner, tape.apply(.silu, value), outputFeatures: block.inner.weight.rows)
      value = tape.record(block.outer, dropped(inner, on: tape), value, outputFeatures: block.outer.weight.rows)
    }
    let hidden = tape.apply(.silu, value)
    guard let direct else { return tape.record(output, hidden, outputFeatures: plan.outputRows) }
    let seenDirectly = tape.record(direct, seen, outputFeatures: plan.outputRows)
    return tape.record(output, hidden, seenDirectly, outputFeatures: plan.outputRows)
  }

  /// Log-probability of each modelled column's cell, nats: features in the order of `scoredColumns`.
  public func columnLogProb(_ cells: Variable, on tape: Tape<Scalar>) -> Variable {
    let outputs = outputs(cells, on: tape)
    var result = fullHeads.map { tape.record($0, cells, outputs, outputFeatures: $0.columns.count) }
    for head in lowRankHeads {
      let picked = tape.record(head.pick, outputs, outputFeatures: head.pick.outputFeatures)
      let rows = tape.record(head.expand, picked, outputFeatures: head.expand.weight.rows)
      let score = tape.record(head.head, cells, rows, outputFeatures: 1)
      result = result.map { tape.concatenate($0, score) } ?? score
    }
    return result!
  }

  private func dropped(_ x: Variable, on tape: Tape<Scalar>) -> Variable {
    guard let dropout, tape.isTraining else { return x }
    return tape.record(dropout, x, outputFeatures: x.features)
  }
}
