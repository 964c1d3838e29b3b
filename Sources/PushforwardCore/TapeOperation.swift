/// One recorded operation.
public struct TapeNode<Scalar: TileScalar> {
  /// Not counted: who makes a node holds its operation.
  unowned(unsafe) let operation: TapeOperation<Scalar>
  let input0: Int32
  let input1: Int32
  let input2: Int32
  let output: Int32
  let accumulator: Int32
  /// A number the operation was recorded with.
  public let attribute: Double
  /// An index the operation was recorded with.
  public let choice: Int
  /// What `forward` keeps for `backward`, from `makeScratch`.
  public var saved: UnsafeMutablePointer<Scalar>?
}

/// A `TapeNode` as the tape keeps it: not generic, see `Arena`.
struct TapeRecord {
  let operation: AnyObject
  let input0: Int32
  let input1: Int32
  let input2: Int32
  let output: Int32
  let accumulator: Int32
  let attribute: Double
  let choice: Int
  let saved: UnsafeMutableRawPointer?

  init<Scalar: TileScalar>(_ node: TapeNode<Scalar>) {
    operation = node.operation
    input0 = node.input0
    input1 = node.input1
    input2 = node.input2
    output = node.output
    accumulator = node.accumulator
    attribute = node.attribute
    choice = node.choice
    saved = node.saved.map { UnsafeMutableRawPointer($0) }
  }
}

extension TapeNode {
  /// A node that a tape of the same scalar has kept.
  init(_ record: TapeRecord) {
    operation = unsafeDowncast(record.operation, to: TapeOperation<Scalar>.self)
    input0 = record.input0
    input1 = record.input1
    input2 = record.input2
    output = record.output
    accumulator = record.accumulator
    attribute = record.attribute
    choice = record.choice
    saved = record.saved?.assumingMemoryBound(to: Scalar.self)
  }
}

/// An operation on whole tiles with its vector-Jacobian product beside it.
///
/// Subclass it to add your own; instances carry only settings, so one may be shared by all tapes and threads.
/// `backward` must ACCUMULATE into the gradients it is handed.
open class TapeOperation<Scalar: TileScalar>: @unchecked Sendable {
  /// Whether the operation reads the model's parameters (and so needs a backward pass whatever its inputs).
  open var hasParameters: Bool { false }

  /// For subclasses.
  public init() {}

  /// Computes the output from the inputs.
  open func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    preconditionFailure("\(type(of: self)) must override forward")
  }

  /// Adds to the inputs' (and parameters') gradients from the output's.
  open func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    preconditionFailure("\(type(of: self)) must override backward")
  }
}

/// What an operation sees of its tape.
public struct OperationContext<Scalar: TileScalar> {
  /// The tape; scratch may be taken from it.
  public let tape: Tape<Scalar>

  /// Tiles of every value.
  public var tiles: Int { tape.tiles }
  /// Lanes of a tile.
  public var lanes: Int { tape.lanes }
  /// The model's parameters.
  public var parameters: UnsafePointer<Scalar> { tape.parameterPointer! }
  /// The model's gradient buffer, `nil` when parameters are held fixed.
  public var parameterGradients: UnsafeMutablePointer<Scalar>? { tape.parameterGradientPointer }

  private func slotIndex(_ node: TapeNode<Scalar>, _ input: Int) -> Int {
    Int(input == 0 ? node.input0 : input == 1 ? node.input1 : node.input2)
  }

  /// Whether the node was recorded with that input.
  public func hasInput(_ node: TapeNode<Scalar>, _ input: Int) -> Bool { slotIndex(node, input) >= 0 }

  /// Memory of input 0, 1 or 2.
  public func input(_ node: TapeNode<Scalar>, _ input: Int) -> UnsafePointer<Scalar> {
    UnsafePointer(tape.memory(slotIndex(node, input)).assumingMemoryBound(to: Scalar.self))
  }

  /// Features of input 0, 1 or 2.
  public func inputFeatures(_ node: TapeNode<Scalar>, _ input: Int) -> Int {
    tape.slots[slotIndex(node, input)].features
  }

  /// Memory of the output.
  public func output(_ node: TapeNode<Scalar>) -> UnsafeMutablePointer<Scalar> {
    tape.memory(Int(node.output)).assumingMemoryBound(to: Scalar.self)
  }

  /// Features of the output.
  public func outputFeatures(_ node: TapeNode<Scalar>) -> Int { tape.slots[Int(node.output)].features }

  /// Elements of the output.
  public func outputCount(_ node: TapeNode<Scalar>) -> Int { tape.elementCount(features: outputFeatures(node)) }

  /// Memory of the accumulator (one feature), if the node has one.
  public func accumulator(_ node: TapeNode<Scalar>) -> UnsafeMutablePointer<Scalar>? {
    node.accumulator < 0 ? nil : tape.memory(Int(node.accumulator)).assumingMemoryBound(to: Scalar.self)
  }

  /// Gradient of the output, zeros when nothing flowed into it.
  ///
  /// May be overwritten: this is its last use.
  public func outputGradient(_ node: TapeNode<Scalar>) -> UnsafeMutablePointer<Scalar> {
    tape.gradientBuffer(Int(node.output))
  }

  /// Gradient of the accumulator, zeros when nothing flowed into it.
  public func accumulatorGradient(_ node: TapeNode<Scalar>) -> UnsafePointer<Scalar> {
    UnsafePointer(tape.gradientBuffer(Int(node.accumulator)))
  }

  /// Gradient of an input to accumulate into; `nil` when none is wanted.
  public func inputGradient(_ node: TapeNode<Scalar>, _ input: Int) -> UnsafeMutablePointer<Scalar>? {
    let index = slotIndex(node, input)
    guard index >= 0, tape.slots[index].needsGradient else { return nil }
    tape.setGradientIsCut(index, false)
    return tape.gradientBuffer(index)
  }

  /// Whether an input that is the operation's own may be overwritten with what `backward` needs: a gradient will be asked
  /// for.
  func mayOverwriteInput(_ node: TapeNode<Scalar>, _ input: Int) -> Bool {
    let index = slotIndex(node, input)
    return tape.recordsGradients && index >= 0 && tape.slots[index].needsGradient
  }

  /// The memory of an input that is the operation's own, from now on its gradient.
  func inputAsItsGradient(_ node: TapeNode<Scalar>, _ input: Int) -> UnsafeMutablePointer<Scalar> {
    tape.valueAsGradient(slotIndex(node, input))
  }

  /// Says that the output was made by a rectifier: where it is zero, its gradient does not count.
  func setOutputIsRectified(_ node: TapeNode<Scalar>) { tape.setIsRectified(Int(node.output)) }

  /// Whether the output's gradient is zero already wherever a rectifier would cut it.
  func outputGradientIsCut(_ node: TapeNode<Scalar>) -> Bool { tape.slots[Int(node.output)].gradientIsCut }

  /// Says that all of an input's gradient so far is zero where `rectified` is.
  func setInputGradientIsCut(_ node: TapeNode<Scalar>, _ input: Int) {
    tape.setGradientIsCut(slotIndex(node, input), true)
  }

  /// The input, if a rectifier made it: where it is zero its gradient may be cut as it is made.
  func rectified(_ node: TapeNode<Scalar>, _ input: Int) -> UnsafePointer<Scalar>? {
    let index = slotIndex(node, input)
    return tape.slots[index].isRectified ? UnsafePointer(self.input(node, input)) : nil
  }

  /// Gradient of an input: `isFresh` means its contents are undefined and must be overwritten, not added to.
  public func inputGradientForOverwrite(
    _ node: TapeNode<Scalar>, _ input: Int
  ) -> (pointer: UnsafeMutablePointer<Scalar>, isFresh: Bool)? {
    let index = slotIndex(node, input)
    guard index >= 0, tape.slots[index].needsGradient else { return nil }
    if let memory = tape.slots[index].gradient {
      tape.setGradientIsCut(index, false)
      return (memory.assumingMemoryBound(to: Scalar.self), false)
    }
    return (tape.freshGradientBuffer(index), true)
  }
}
