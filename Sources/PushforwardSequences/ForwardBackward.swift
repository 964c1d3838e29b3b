import CKernels
import PushforwardCore

/// The recursions of one chain over one sequence at a time; one a worker, since it holds scratch memory.
///
/// Scaled probabilities first; where those may have lost something that counts, the same again in logarithms.
final class ForwardBackward {
  private let states: Int
  private let stride: Int
  private let initial: [Double]
  private let transition: [Double]
  private let transposed: [Double]
  private let logInitial: [Double]
  private let logTransition: [Double]
  private let densities: AlignedBuffer<Double>
  private let scales: AlignedBuffer<Double>
  private let offsets: AlignedBuffer<Double>
  private let spare: AlignedBuffer<Double>
  private let pairs: AlignedBuffer<Double>

  /// For sequences of at most `longest` rows.
  init(_ chain: MarkovChain, longest: Int) {
    states = chain.states
    stride = StateMatrix.stride(states)
    initial = chain.paddedInitial()
    transition = chain.padded(transposed: false)
    transposed = chain.padded(transposed: true)
    logInitial = chain.paddedInitial(logarithms: true)
    logTransition = chain.padded(transposed: false, logarithms: true)
    densities = AlignedBuffer(count: longest * stride)
    scales = AlignedBuffer(count: longest)
    offsets = AlignedBuffer(count: longest)
    spare = AlignedBuffer(count: 2 * stride)
    pairs = AlignedBuffer(count: states * stride)
  }

  /// P(state | rows up to its own) into `out`, log p(row | rows before) into `rowLog`.
  ///
  /// - Parameters:
  ///   - logDensity: `rows x stride`.
  ///   - rows: Rows of the sequence.
  ///   - out: `rows x stride`; may not be `logDensity`.
  ///   - rowLog: One a row.
  func filter(
    _ logDensity: UnsafePointer<Double>, rows: Int, out: UnsafeMutablePointer<Double>,
    rowLog: UnsafeMutablePointer<Double>
  ) {
    pf_hmm_densities_f64(logDensity, densities.pointer, offsets.pointer, rows, states, stride)
    var state = pf_hmm_forward_f64(
      initial, transition, densities.pointer, out, scales.pointer, rows, states, stride)
    if state == 1 {
      // Whether what was lost counts shows on the way back; its probabilities are not wanted.
      let unwanted = AlignedBuffer<Double>(count: rows * stride)
      state =
        pf_hmm_backward_f64(
          transposed, densities.pointer, out, scales.pointer, unwanted.pointer, nil, spare.pointer, rows, states,
          stride) == 0 ? 0 : 2
    }
    if state == 0 {
      rowLogs(rows, rowLog)
      return
    }
    pf_hmm_log_forward_f64(logInitial, logTransition, logDensity, out, rowLog, spare.pointer, rows, states, stride)
    pf_unary_f64(Int32(PF_OP_EXP.rawValue), out, out, rows * stride)
  }

  /// P(state | all rows) into `out`, log p(row | rows before) into `rowLog`; expected transitions, times `weight`, are
  /// added to `transitions` (`states x stride`).
  func smooth(
    _ logDensity: UnsafePointer<Double>, rows: Int, out: UnsafeMutablePointer<Double>,
    rowLog: UnsafeMutablePointer<Double>, transitions: UnsafeMutablePointer<Double>?, weight: Double = 1
  ) {
    let size = states * stride
    pf_hmm_densities_f64(logDensity, densities.pointer, offsets.pointer, rows, states, stride)
    if transitions != nil { pf_fill_f64(pairs.pointer, 0, size) }
    var isExact =
      pf_hmm_forward_f64(initial, transition, densities.pointer, out, scales.pointer, rows, states, stride) != 2
    if isExact {
      rowLogs(rows, rowLog)
      isExact =
        pf_hmm_backward_f64(
          transposed, densities.pointer, out, scales.pointer, out, transitions == nil ? nil : pairs.pointer,
          spare.pointer, rows, states, stride) == 0
    }
    if isExact {
      if let transitions {
        for place in 0..<size { transitions[place] += weight * pairs.pointer[place] * transition[place] }
      }
      return
    }
    pf_hmm_log_forward_f64(logInitial, logTransition, logDensity, out, rowLog, spare.pointer, rows, states, stride)
    if transitions != nil { pf_fill_f64(pairs.pointer, 0, size) }
    pf_hmm_log_backward_f64(
      logTransition, logDensity, out, rowLog, out, transitions == nil ? nil : pairs.pointer, spare.pointer, rows,
      states, stride)
    if let transitions { pf_axpy_f64(weight, pairs.pointer, transitions, size) }
  }

  /// The likeliest path into `path`; returns the logarithm of its density with the rows.
  func viterbi(_ logDensity: UnsafePointer<Double>, rows: Int, path: UnsafeMutablePointer<Int32>) -> Double {
    let back = AlignedBuffer<Int32>(count: rows * stride)
    return pf_hmm_viterbi_f64(
      logInitial, logTransition, logDensity, path, back.pointer, spare.pointer, rows, states, stride)
  }

  private func rowLogs(_ rows: Int, _ rowLog: UnsafeMutablePointer<Double>) {
    pf_unary_f64(Int32(PF_OP_LOG.rawValue), scales.pointer, rowLog, rows)
    pf_axpy_f64(1, offsets.pointer, rowLog, rows)
  }
}
