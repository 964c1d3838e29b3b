import CKernels
import PushforwardCore

/// Cells to the rows of the network's input, with the embeddings' gradient.
final class ChainEncodeOperation<Scalar: ChainScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  struct Slices: Sendable {
    let embedding: ParameterSlice?
    let knots: ParameterSlice?
    let positions: ParameterSlice?
  }

  private let plan: ChainPlan
  /// One for each column.
  let slices: [Slices]

  init(_ specification: ChainSpecification, plan: ChainPlan, layout: inout ParameterLayout) {
    self.plan = plan
    slices = zip(specification.columns, plan.columns).enumerated().map { index, pair in
      let (column, planned) = pair
      let name = "chain.columns.\(index)"
      let shape = planned.shape
      return Slices(
        embedding: shape.embedding == 0
          ? nil
          : layout.add(
            "\(name).embedding", rows: column.classes, columns: Int(shape.embedding), role: .bias,
            // A number's place says most of what its class says.
            initializer: .normal(deviation: column.positions == nil ? 1 : 0.1)),
        knots: shape.pieces == 0
          ? nil
          : layout.add(
            "\(name).knots", rows: Int(shape.pieces) + 1, role: .constant,
            initializer: .values((0...Int(shape.pieces)).map { -3 + 6 * Double($0) / Double(shape.pieces) })),
        positions: column.positions.map {
          layout.add(
            "\(name).positions", rows: $0.count, role: .constant, initializer: .values($0.map { Double($0) }))
        })
    }
  }

  override var hasParameters: Bool { true }

  override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    for tile in 0..<context.tiles {
      let cells = context.input(node, 0) + tile * plan.cellFeatures * context.lanes
      let out = context.output(node) + tile * plan.inputRows * context.lanes
      for column in plan.columns.indices {
        apply(column: column, cells: cells, parameters: context.parameters, out: out, given: true, later: true)
      }
    }
  }

  /// One column of one tile.
  func apply(
    column index: Int, cells: UnsafePointer<Scalar>, parameters: UnsafePointer<Scalar>,
    out: UnsafeMutablePointer<Scalar>, given: Bool, later: Bool
  ) {
    let lanes = Int(PF_LANES)
    let (column, own) = (plan.columns[index], slices[index])
    withUnsafePointer(to: column.shape) { shape in
      Scalar.chainEncode(
        shape, cells + plan.codeRow(index) * lanes, plan.lowRow(index).map { cells + $0 * lanes },
        plan.highRow(index).map { cells + $0 * lanes }, cells + plan.stateRow(index) * lanes,
        own.embedding.map { parameters + $0.offset }, own.knots.map { parameters + $0.offset },
        own.positions.map { parameters + $0.offset }, given ? column.givenRow.map { out + $0 * lanes } : nil,
        later ? column.laterRow.map { out + $0 * lanes } : nil)
    }
  }

  override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    guard let gradients = context.parameterGradients else { return }
    let lanes = context.lanes
    for tile in 0..<context.tiles {
      let cells = context.input(node, 0) + tile * plan.cellFeatures * lanes
      let slopes = context.outputGradient(node) + tile * plan.inputRows * lanes
      for (index, column) in plan.columns.enumerated() {
        guard let embedding = slices[index].embedding else { continue }
        withUnsafePointer(to: column.shape) { shape in
          Scalar.chainEncodeBackward(
            shape, cells + plan.codeRow(index) * lanes, cells + plan.stateRow(index) * lanes,
            column.givenRow.map { UnsafePointer(slopes + $0 * lanes) },
            column.laterRow.map { UnsafePointer(slopes + $0 * lanes) }, gradients + embedding.offset)
        }
      }
    }
  }
}

/// The heads of some columns: input 0 the cells, input 1 the heads' rows; the output has one log-probability a column.
///
/// Value and derivative are found in one pass over the head's rows; the derivative is kept for `backward`.
final class ChainHeadOperation<Scalar: ChainScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  let columns: [Int]
  private let plan: ChainPlan
  private let coversOutput: Bool
  /// First row of the first column's head in input 1; where the plan says when nil.
  private let origin: Int?

  init(_ plan: ChainPlan, columns: [Int], coversOutput: Bool, origin: Int? = nil) {
    self.plan = plan
    self.columns = columns
    self.coversOutput = coversOutput
    self.origin = origin
  }

  private func firstRow(_ column: Int) -> Int { origin ?? plan.columns[column].outputRows.lowerBound }

  override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    let (lanes, rows) = (context.lanes, context.inputFeatures(node, 1))
    let saved = context.tape.recordsGradients ? context.tape.makeScratch(count: rows * lanes * context.tiles) : nil
    node.saved = saved
    let most = columns.reduce(0) { plan.columns[$1].hints.isEmpty ? $0 : max($0, plan.columns[$1].headRows) }
    let moved = most > 0 ? context.tape.makeScratch(count: most * lanes) : nil
    for tile in 0..<context.tiles {
      let cells = context.input(node, 0) + tile * plan.cellFeatures * lanes
      let heads = context.input(node, 1) + tile * rows * lanes
      let out = context.output(node) + tile * columns.count * lanes
      for (place, index) in columns.enumerated() {
        let row = firstRow(index)
        let column = plan.columns[index]
        var head = heads + row * lanes
        if !column.hints.isEmpty, let moved {
          moved.update(from: head, count: column.headRows * lanes)
          plan.applyHints(index, head: moved, cells: cells)
          head = UnsafePointer(moved)
        }
        withUnsafePointer(to: column.shape) { shape in
          let slopes = saved.map { $0 + (tile * rows + row) * lanes }
          Scalar.chainHead(
            shape, head, cells + plan.codeRow(index) * lanes,
            plan.lowRow(index).map { cells + $0 * lanes }, plan.highRow(index).map { cells + $0 * lanes },
            plan.widthRow(index).map { cells + $0 * lanes }, cells + plan.stateRow(index) * lanes, out + place * lanes,
            slopes)
          guard let slopes else { return }
          for hint in column.hints {
            hint.withShape { Scalar.chainHintBackward($0, cells, slopes + column.headClasses * lanes) }
          }
        }
      }
    }
  }

  override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    guard let saved = node.saved else { return }
    let (lanes, rows) = (context.lanes, context.inputFeatures(node, 1))
    let target: UnsafeMutablePointer<Scalar>
    var overwrite = false
    if coversOutput, let slopes = context.inputGradientForOverwrite(node, 1) {
      target = slopes.pointer
      overwrite = slopes.isFresh
    } else if let slopes = context.inputGradient(node, 1) {
      target = slopes
    } else {
      return
    }
    let dy = context.outputGradient(node)
    for tile in 0..<context.tiles {
      for (place, index) in columns.enumerated() {
        let at = (tile * rows + firstRow(index)) * lanes
        Scalar.chainHeadBackward(
          saved + at, dy + (tile * columns.count + place) * lanes, target + at, plan.columns[index].headRows,
          overwrite ? 1 : 0)
      }
    }
  }
}
