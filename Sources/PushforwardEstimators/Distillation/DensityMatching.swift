import PushforwardCore
import PushforwardModels
import PushforwardTraining

/// Likelihood and the match of log-densities, both at draws of a teacher: the value of a row is
/// log q − ½·strength·d², d the difference log q − log p drawn in to ±5 nats.
///
/// The first term's mean is largest where q is the teacher's p, and so is the second's, whose gradient has no noise there: once
/// the student is close, only it still tells the directions apart. The target log p comes as the last number of the context.
struct DensityMatching: Objective {
  let network: FlowNetwork<Float>
  let strength: Double

  var layout: ParameterLayout { network.layout }

  func value(of x: Variable, context: Variable?, on tape: Tape<Float>) throws -> Variable {
    let conditions = network.specification.contextFeatures
    guard let context, context.features == conditions + 1 else {
      throw EngineError.featureCount(
        operation: "distillation, context", expected: conditions + 1, found: context?.features ?? 0)
    }
    let given = conditions > 0 ? tape.select(context, features: Array(0..<conditions)) : nil
    let logProb = try network.logProb(x, context: given, on: tape).logProb
    let target = tape.select(context, features: [conditions])
    let limited = tape.apply(.tanh, tape.affine(tape.subtract(logProb, target), scale: 0.2))
    return tape.add(logProb, tape.affine(tape.square(limited), scale: -12.5 * strength))
  }

  func initialize(
    _ parameters: inout Parameters<Float>, from rows: Matrix<Float>, context: Matrix<Float>?
  ) throws {
    let conditions = network.specification.contextFeatures
    let given = context.flatMap { all -> Matrix<Float>? in
      conditions == 0
        ? nil
        : Matrix(
          rows: all.rows, columns: conditions,
          values: (0..<all.rows).flatMap { all.row($0).prefix(conditions) })
    }
    try network.initialize(&parameters, from: rows, context: given)
  }
}

/// Draws of a teacher on the student's scale, with the teacher's log-densities of them.
struct TeacherDraws {
  var x: Matrix<Float>
  /// Conditions, and last the target log-density.
  var context: Matrix<Float>
}

/// Fresh draws of a teacher every epoch.
final class TeacherSource: RowSource, @unchecked Sendable {
  typealias Scalar = Float

  let rowCount: Int
  let features: Int
  let contextFeatures: Int
  let featureNames: [String]
  var isWeighted: Bool { false }
  private let draw: (_ epoch: Int, _ workers: WorkerPool) throws -> TeacherDraws
  /// Replaced by `beginEpoch`, before any worker reads.
  private var now: TeacherDraws
  /// What went wrong while drawing; the draws before are used on.
  private(set) var failure: (any Error)?

  // `draw` makes the draws of an epoch, `rowCount` of them.
  init(
    first: TeacherDraws, names: [String], draw: @escaping (_ epoch: Int, _ workers: WorkerPool) throws -> TeacherDraws
  ) {
    rowCount = first.x.rows
    features = first.x.columns
    contextFeatures = first.context.columns
    featureNames = names
    now = first
    self.draw = draw
  }

  func beginEpoch(_ epoch: Int?, workers: WorkerPool) {
    guard let epoch, epoch > 0 else { return }
    do { now = try draw(epoch, workers) } catch { failure = error }
  }

  func load(
    _ rows: UnsafeBufferPointer<Int32>, epoch: Int?, x: UnsafeMutablePointer<Float>,
    context: UnsafeMutablePointer<Float>, weights: UnsafeMutablePointer<Float>
  ) {
    for (matrix, out) in [(now.x, x), (now.context, context)] {
      let width = matrix.columns
      matrix.values.withUnsafeBufferPointer { values in
        guard let base = values.baseAddress else { return }
        for (place, row) in rows.enumerated() {
          (out + place * width).update(from: base + Int(row) * width, count: width)
        }
      }
    }
  }
}
