import CKernels
import PushforwardCore

/// One number a row and state: log-densities or probabilities, rows a fixed number of places apart for the kernels.
///
/// A reference to memory: whoever writes into it must be its only user.
public final class StateMatrix: @unchecked Sendable {
  /// Number of rows (times).
  public let rows: Int
  /// Number of states.
  public let states: Int
  /// From one row to the next; places past `states` are zero.
  public let stride: Int
  private let buffer: AlignedBuffer<Double>

  /// Zeros.
  public init(rows: Int, states: Int) {
    self.rows = rows
    self.states = states
    stride = Self.stride(states)
    buffer = AlignedBuffer(count: rows * stride)
  }

  /// The first number.
  public var pointer: UnsafeMutablePointer<Double> { buffer.pointer }

  /// One number.
  public subscript(row: Int, state: Int) -> Double {
    get { pointer[row * stride + state] }
    set { pointer[row * stride + state] = newValue }
  }

  /// The numbers without the padding, row-major `rows x states`.
  public var matrix: Matrix<Double> {
    var matrix = Matrix<Double>(rows: rows, columns: states)
    for row in 0..<rows {
      for state in 0..<states { matrix.values[row * states + state] = pointer[row * stride + state] }
    }
    return matrix
  }

  /// A copy.
  public func copy() -> StateMatrix {
    let copy = StateMatrix(rows: rows, states: states)
    copy.pointer.update(from: pointer, count: rows * stride)
    return copy
  }

  static func stride(_ states: Int) -> Int {
    let unit = Int(PF_HMM_STRIDE)
    return (states + unit - 1) / unit * unit
  }
}
