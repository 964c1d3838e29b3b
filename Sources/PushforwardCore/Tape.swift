import CKernels

/// A value on a tape: `features x lanes` a tile.
///
/// Valid for the tape that made it, until its next `begin`.
public struct Variable: Sendable, Equatable {
  let index: Int32
  /// Rows of the value: number of features.
  public let features: Int
}

/// Where a value lies.
struct TapeSlot {
  var memory: UnsafeMutableRawPointer
  var features: Int
  var needsGradient: Bool
  var gradient: UnsafeMutableRawPointer?
  /// A rectifier made the value, and whether the gradient has been cut to zero where the value is zero.
  var isRectified = false
  var gradientIsCut = false
}

/// Records operations on tiles and runs them backwards (reverse-mode derivatives).
///
/// A node is a whole operation (a linear layer, a spline, a reduction), run at once when recorded. A value holds
/// `tiles` blocks of `features x lanes`, lanes innermost; `lanes` is 64, or 1 for a single row. Buffers come from an
/// arena that is reused from one `begin` to the next, so a steady training step allocates nothing. A tape that does
/// not record gradients is plain inference, and `scope` gives its scratch back early, so that it stays in the cache.
///
/// Not `Sendable`: one tape a worker.
public final class Tape<Scalar: TileScalar> {
  /// Rows of data a tile holds side by side: 64 or 1.
  @exclusivity(unchecked) public private(set) var lanes = Int(PF_LANES)
  /// Tiles of every value.
  @exclusivity(unchecked) public private(set) var tiles = 0
  /// Rows of data that are real; lanes past them are padding.
  @exclusivity(unchecked) public private(set) var rows = 0
  /// Whether operations are recorded for `backward`.
  public let recordsGradients: Bool
  /// Whether this is training: dropout and batch statistics are in use.
  public var isTraining = false
  /// Random numbers of this pass (dropout), with the first row's number.
  ///
  /// Set by whoever drives the tape.
  public var random = RandomStream(seed: 0, purpose: .dropout)
  /// Number of the first row, for `random`.
  public var firstRow: UInt64 = 0
  /// Count of dropout layers met since `begin`, so that each draws its own mask.
  var dropoutCount: UInt64 = 0

  // Checked accesses cost as much as a small operation; these never overlap: none is held across a call.
  private let arena = Arena()
  @exclusivity(unchecked) private var gradientPool = BufferPool()
  @exclusivity(unchecked) private(set) var slots: [TapeSlot] = []
  @exclusivity(unchecked) private var nodes: [TapeRecord] = []
  private let scalarSize = MemoryLayout<Scalar>.stride
  private(set) var parameterPointer: UnsafePointer<Scalar>?
  private(set) var parameterGradientPointer: UnsafeMutablePointer<Scalar>?
  let standard = StandardOperations<Scalar>()

  /// A tape.
  ///
  /// Give `recordsGradients: true` to be able to run `backward`.
  public init(recordsGradients: Bool = false) {
    self.recordsGradients = recordsGradients
  }

  /// Buffers allocated since the tape was made.
  ///
  /// Does not grow in a steady state.
  public var allocationCount: Int { arena.allocationCount + gradientPool.allocationCount }

  /// Elements of a value with that many features.
  public func elementCount(features: Int) -> Int { features * lanes * tiles }

  private func byteCount(features: Int) -> Int { elementCount(features: features) * scalarSize }

  /// Forgets all values and starts a pass over `rows` rows.
  ///
  /// - Parameters:
  ///   - rows: Rows of data; 1 selects the single-row layout unless `wide` is set.
  ///   - parameters: The model's flat buffer; must outlive the pass.
  ///   - gradients: Where parameter gradients are accumulated (same layout), or `nil`.
  ///   - wide: Uses 64-lane tiles even for one row.
  @_specialize(where Scalar == Float)
  public func begin(
    rows: Int, parameters: UnsafePointer<Scalar>?, gradients: UnsafeMutablePointer<Scalar>? = nil, wide: Bool = false
  ) {
    for slot in slots {
      if let gradient = slot.gradient, gradient != slot.memory {
        gradientPool.give(gradient, bytes: byteCount(features: slot.features))
      }
    }
    self.rows = rows
    lanes = rows == 1 && !wide ? 1 : Int(PF_LANES)
    tiles = (rows + lanes - 1) / lanes
    parameterPointer = parameters
    parameterGradientPointer = gradients
    slots.removeAll(keepingCapacity: true)
    nodes.removeAll(keepingCapacity: true)
    arena.reset()
    dropoutCount = 0
  }

  /// A new value, contents undefined.
  @_specialize(where Scalar == Float)
  public func makeValue(features: Int, needsGradient: Bool = false) -> Variable {
    let memory = arena.take(bytes: byteCount(features: features))
    slots.append(TapeSlot(memory: memory, features: features, needsGradient: needsGradient && recordsGradients))
    return Variable(index: Int32(slots.count - 1), features: features)
  }

  /// A new value of zeros.
  public func makeZeros(features: Int, needsGradient: Bool = false) -> Variable {
    let value = makeValue(features: features, needsGradient: needsGradient)
    Scalar.fill(pointer(value), 0, elementCount(features: features))
    return value
  }

  /// Scratch memory that lives until the next `begin` (or the end of the enclosing `scope`).
  public func makeScratch(count: Int) -> UnsafeMutablePointer<Scalar> {
    arena.take(bytes: count * scalarSize).assumingMemoryBound(to: Scalar.self)
  }

  /// For kernels that need scratch only for the length of one call.
  package var scratchMark: Arena.Mark { arena.mark }
  package func releaseScratch(to mark: Arena.Mark) { arena.release(to: mark) }

  /// Puts rows of data on the tape.
  ///
  /// The last, short tile is padded with copies of the last row. `rowMajor` holds `rows` rows of `stride` elements, of
  /// which the first `features` are used.
  @_specialize(where Scalar == Float)
  public func input(
    rowMajor: UnsafePointer<Scalar>, features: Int, stride: Int, needsGradient: Bool = false
  ) -> Variable {
    let value = makeValue(features: features, needsGradient: needsGradient)
    Scalar.rowsToTiles(rowMajor, stride, pointer(value), rows, features, lanes)
    return value
  }

  /// Puts a matrix on the tape.
  ///
  /// - Throws: `EngineError.rowCount` unless the matrix has the pass's number of rows.
  public func input(_ matrix: Matrix<Scalar>, needsGradient: Bool = false) throws -> Variable {
    guard matrix.rows == rows else {
      throw EngineError.rowCount(operation: "input", expected: rows, found: matrix.rows)
    }
    return matrix.values.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress else { return makeZeros(features: matrix.columns) }
      return input(rowMajor: base, features: matrix.columns, stride: matrix.columns, needsGradient: needsGradient)
    }
  }

  /// The value's numbers, row-major, padding left out.
  public func matrix(_ variable: Variable) -> Matrix<Scalar> {
    var result = Matrix<Scalar>(rows: rows, columns: variable.features)
    result.values.withUnsafeMutableBufferPointer { out in
      if let base = out.baseAddress { copy(variable, toRowMajor: base, stride: variable.features) }
    }
    return result
  }

  /// Writes the value's rows, padding left out.
  public func copy(_ variable: Variable, toRowMajor out: UnsafeMutablePointer<Scalar>, stride: Int) {
    Scalar.tilesToRows(pointer(variable), out, stride, rows, variable.features, lanes)
  }

  /// The value's memory: `tiles` blocks of `features x lanes`.
  public func pointer(_ variable: Variable) -> UnsafeMutablePointer<Scalar> {
    memory(Int(variable.index)).assumingMemoryBound(to: Scalar.self)
  }

  /// Whether derivatives flow into the value.
  public func needsGradient(_ variable: Variable) -> Bool { slots[Int(variable.index)].needsGradient }

  /// The value's gradient after (or during) `backward`; `nil` when nothing flowed into it.
  public func gradient(_ variable: Variable) -> UnsafeMutablePointer<Scalar>? {
    slots[Int(variable.index)].gradient?.assumingMemoryBound(to: Scalar.self)
  }

  /// The gradient of an input as rows, zeros when nothing flowed into it.
  public func gradientMatrix(_ variable: Variable) -> Matrix<Scalar> {
    var result = Matrix<Scalar>(rows: rows, columns: variable.features)
    if let gradient = gradient(variable) {
      result.values.withUnsafeMutableBufferPointer { out in
        Scalar.tilesToRows(gradient, out.baseAddress!, variable.features, rows, variable.features, lanes)
      }
    }
    return result
  }

  /// Runs `body` and gives its scratch back, keeping only the value it returns.
  ///
  /// On a recording tape nothing is freed.
  public func scope(_ body: () throws -> Variable) rethrows -> Variable {
    if recordsGradients { return try body() }
    let mark = arena.mark
    let count = slots.count
    let inner = try body()
    if Int(inner.index) < count { return inner }
    let source = memory(Int(inner.index))
    slots.removeLast(slots.count - count)
    arena.release(to: mark)
    let outer = makeValue(features: inner.features)
    let target = memory(Int(outer.index))
    if source != target { target.copyMemory(from: source, byteCount: byteCount(features: inner.features)) }
    return outer
  }

  /// Runs `operation` on `inputs` and records it when a derivative may be asked for.
  ///
  /// The new value has `outputFeatures` features. `accumulator` is a value that the operation adds to in place (a
  /// log-determinant); its gradient is passed on unchanged, so it may be added to by any number of operations.
  @discardableResult
  @_specialize(where Scalar == Float)
  public func record(
    _ operation: TapeOperation<Scalar>, _ input0: Variable, _ input1: Variable? = nil, _ input2: Variable? = nil,
    outputFeatures: Int, accumulator: Variable? = nil, attribute: Double = 0, choice: Int = 0
  ) -> Variable {
    let needs =
      recordsGradients
      && (operation.hasParameters || needsGradient(input0) || needsGradient(input1) || needsGradient(input2))
    let output = makeValue(features: outputFeatures, needsGradient: needs)
    if needs, let accumulator { slots[Int(accumulator.index)].needsGradient = true }
    var node = TapeNode(
      operation: operation, input0: input0.index, input1: input1?.index ?? -1, input2: input2?.index ?? -1,
      output: output.index, accumulator: accumulator?.index ?? -1, attribute: attribute, choice: choice, saved: nil)
    operation.forward(OperationContext(tape: self), &node)
    if needs { nodes.append(TapeRecord(node)) }
    return output
  }

  /// Runs the tape backwards from `output`, once a pass: inner values may be overwritten by their gradients.
  ///
  /// - Parameters:
  ///   - output: One feature (a loss for each lane).
  ///   - seed: The derivative of the total with respect to each lane of `output`, `tiles * lanes` numbers; padded
  ///     lanes must be zero.
  @_specialize(where Scalar == Float)
  public func backward(from output: Variable, seed: UnsafePointer<Scalar>) {
    precondition(recordsGradients, "backward on a tape that does not record gradients")
    guard needsGradient(output) else { return }
    let count = elementCount(features: output.features)
    Scalar.axpy(1, seed, gradientBuffer(Int(output.index)), count)
    let context = OperationContext(tape: self)
    for index in nodes.indices.reversed() {
      let record = nodes[index]
      let outputIndex = Int(record.output)
      let accumulates = record.accumulator >= 0 && slots[Int(record.accumulator)].gradient != nil
      guard slots[outputIndex].gradient != nil || accumulates else { continue }
      let node = TapeNode<Scalar>(record)
      node.operation.backward(context, node)
      // The gradient of an inner value is spent; inputs (which no node produces) keep theirs.
      if let spent = slots[outputIndex].gradient {
        if spent != slots[outputIndex].memory {
          gradientPool.give(spent, bytes: byteCount(features: slots[outputIndex].features))
        }
        slots[outputIndex].gradient = nil
      }
    }
  }

  /// Runs the tape backwards from the plain sum over real rows of `output`.
  public func backward(from output: Variable) {
    let count = elementCount(features: output.features)
    let seed = makeScratch(count: count)
    Scalar.fill(seed, 1, count)
    let padding = tiles * lanes - rows
    if padding > 0 {
      for feature in 0..<output.features {
        let end = ((tiles - 1) * output.features + feature + 1) * lanes
        Scalar.fill(seed + end - padding, 0, padding)
      }
    }
    backward(from: output, seed: seed)
  }

  private func needsGradient(_ variable: Variable?) -> Bool {
    guard let variable else { return false }
    return needsGradient(variable)
  }

  func setIsRectified(_ index: Int) { slots[index].isRectified = true }
  func setGradientIsCut(_ index: Int, _ isCut: Bool) { slots[index].gradientIsCut = isCut }

  /// Makes a value's memory its gradient.
  func valueAsGradient(_ index: Int) -> UnsafeMutablePointer<Scalar> {
    precondition(slots[index].gradient == nil, "an operation's own input has another use")
    slots[index].gradient = slots[index].memory
    return slots[index].memory.assumingMemoryBound(to: Scalar.self)
  }

  /// The memory of a slot.
  func memory(_ index: Int) -> UnsafeMutableRawPointer { slots[index].memory }

  /// The gradient of a slot, zeros when new.
  func gradientBuffer(_ index: Int) -> UnsafeMutablePointer<Scalar> {
    if let memory = slots[index].gradient { return memory.assumingMemoryBound(to: Scalar.self) }
    let pointer = freshGradientBuffer(index)
    Scalar.fill(pointer, 0, elementCount(features: slots[index].features))
    return pointer
  }

  /// A new gradient buffer, contents undefined: the caller overwrites it.
  func freshGradientBuffer(_ index: Int) -> UnsafeMutablePointer<Scalar> {
    let memory = gradientPool.take(bytes: byteCount(features: slots[index].features))
    slots[index].gradient = memory
    return memory.assumingMemoryBound(to: Scalar.self)
  }
}
