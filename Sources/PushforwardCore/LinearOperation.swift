import CKernels

/// Activation functions of a network's hidden layers.
public enum Activation: String, Codable, Sendable, CaseIterable {
  case identity, relu, tanh, silu, elu, softplus, sigmoid

  /// The kernels' number for it.
  package var kernel: Int32 {
    let code =
      switch self {
      case .identity: PF_IDENTITY
      case .relu: PF_RELU
      case .tanh: PF_TANH
      case .silu: PF_SILU
      case .elu: PF_ELU
      case .softplus: PF_SOFTPLUS
      case .sigmoid: PF_SIGMOID
      }
    return Int32(code.rawValue)
  }
}

/// Which columns each row of a weight matrix may use: block lower-triangular.
public struct TriangularMask: Sendable, Equatable {
  /// Leading columns that row `o` may use, non-decreasing.
  public let extents: [Int32]
  /// First row that uses column `k`.
  public let firstRows: [Int32]

  /// A mask from the rows' extents.
  ///
  /// - Precondition: extents do not decrease and lie in `0...columns`.
  public init(extents: [Int32], columns: Int) {
    precondition(zip(extents, extents.dropFirst()).allSatisfy { $0 <= $1 }, "extents must not decrease")
    precondition(extents.allSatisfy { $0 >= 0 && $0 <= columns }, "extents outside 0...\(columns)")
    self.extents = extents
    var row = 0
    firstRows = (0..<Int32(columns)).map { column in
      while row < extents.count && extents[row] <= column { row += 1 }
      return Int32(row)
    }
  }
}

/// `y = activation(W x + b [+ residual])`, whole or block-triangular.
public final class LinearOperation<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  package let weight: ParameterSlice
  package let bias: ParameterSlice?
  package let mask: TriangularMask?
  package let activation: Activation
  /// What the kernels are told, in plain numbers: the slices are shared by all threads, which would take turns at counting
  /// their references.
  private let rows: Int
  private let columns: Int
  private let weightOffset: Int
  private let biasOffset: Int?
  /// Extents of the rows, then first rows of the columns.
  private let maskMemory: AlignedBuffer<Int32>?
  private let extents: UnsafePointer<Int32>?
  private let firstRows: UnsafePointer<Int32>?

  /// A linear layer over parameter slices.
  public init(
    weight: ParameterSlice, bias: ParameterSlice?, mask: TriangularMask? = nil, activation: Activation = .identity
  ) {
    self.weight = weight
    self.bias = bias
    self.mask = mask
    self.activation = activation
    rows = weight.rows
    columns = weight.columns
    weightOffset = weight.offset
    biasOffset = bias?.offset
    maskMemory = mask.map { mask in
      let memory = AlignedBuffer<Int32>(count: weight.rows + weight.columns)
      memory.pointer.update(from: mask.extents, count: weight.rows)
      (memory.pointer + weight.rows).update(from: mask.firstRows, count: weight.columns)
      return memory
    }
    extents = maskMemory.map { UnsafePointer($0.pointer) }
    firstRows = maskMemory.map { UnsafePointer($0.pointer + weight.rows) }
  }

  public override var hasParameters: Bool { true }

  @_specialize(where Scalar == Float)
  public override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    if activation == .silu && context.tape.recordsGradients {
      node.saved = context.tape.makeScratch(count: context.outputCount(node))
    }
    Scalar.linearForward(
      context.parameters + weightOffset, columns, biasOffset.map { context.parameters + $0 },
      context.input(node, 0), context.hasInput(node, 1) ? context.input(node, 1) : nil, context.output(node),
      node.saved, rows, columns, extents, context.tiles, context.lanes, activation.kernel)
    if activation == .relu { context.setOutputIsRectified(node) }
  }

  @_specialize(where Scalar == Float)
  public override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    let dz = context.outputGradient(node)
    if activation != .identity && !context.outputGradientIsCut(node) {
      Scalar.activationBackward(
        activation.kernel, node.saved ?? context.output(node), dz, dz, context.outputCount(node))
    }
    if let residual = context.inputGradient(node, 1) {
      Scalar.axpy(1, dz, residual, context.outputCount(node))
    }
    if let gradients = context.parameterGradients {
      let mark = context.tape.scratchMark
      Scalar.linearBackwardWeight(
        dz, context.input(node, 0), gradients + weightOffset, columns, biasOffset.map { gradients + $0 }, rows,
        columns, extents, context.tiles, context.lanes,
        context.tape.makeScratch(count: pf_linear_scratch(columns, context.tiles)))
      context.tape.releaseScratch(to: mark)
    }
    if let dx = context.inputGradientForOverwrite(node, 0) {
      // Cut where the layer below was rectified, while the numbers are at hand.
      let rectified = dx.isFresh ? context.rectified(node, 0) : nil
      Scalar.linearBackwardInput(
        context.parameters + weightOffset, columns, dz, rectified, dx.pointer, rows, columns, firstRows,
        context.tiles, context.lanes, dx.isFresh ? 0 : 1)
      if rectified != nil { context.setInputGradientIsCut(node, 0) }
    }
  }
}
