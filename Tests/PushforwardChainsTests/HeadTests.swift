import CKernels
import Foundation
import PushforwardChains
import PushforwardCore
import Testing

/// A head by itself: its probabilities against plain formulas in Double.
struct HeadTests {
  private let lanes = Int(PF_LANES)

  /// Log-probabilities of cells under one head, the same on all lanes.
  private func scores<Scalar: ChainScalar>(
    _ shape: pf_chain_shape, head: [Double], cells: [(code: Int, low: Double, high: Double, width: Double)],
    as type: Scalar.Type = Scalar.self
  ) -> [Double] {
    let rows = head.flatMap { [Scalar](repeating: Scalar($0), count: lanes) }
    var result: [Double] = []
    for start in stride(from: 0, to: cells.count, by: lanes) {
      var (code, low, high, width) = (
        [Scalar](repeating: -1, count: lanes), [Scalar](repeating: 0, count: lanes),
        [Scalar](repeating: 0, count: lanes), [Scalar](repeating: 0, count: lanes)
      )
      let part = cells[start..<min(start + lanes, cells.count)]
      for (lane, cell) in part.enumerated() {
        (code[lane], low[lane], high[lane], width[lane]) = (
          Scalar(cell.code), Scalar(cell.low), Scalar(cell.high), Scalar(cell.width)
        )
      }
      var out = [Scalar](repeating: 0, count: lanes)
      let state = [Scalar](repeating: 0, count: lanes)
      withUnsafePointer(to: shape) { Scalar.chainHead($0, rows, code, low, high, width, state, &out, nil) }
      result += out.prefix(part.count).map { Double($0) }
    }
    return result
  }

  private let shape = pf_chain_shape(
    atoms: 2, continuous: 1, components: 3, embedding: 2, pieces: 4, scale_floor: 1e-3)
  /// Logits of two atoms and the continuous class, then shares, means and log-scales of three Gaussians.
  private let head = [0.3, -0.7, 0.9, 0.1, -0.4, 0.6, -1.0, 0.2, 1.5, -0.5, -3.0, 0.1]

  @Test func densityIntegratesToOne() {
    let step = 1e-3
    let points = (0..<24_000).map { -12 + (Double($0) + 0.5) * step }
    let densities = scores(shape, head: head, cells: points.map { (2, $0, $0, 0) }, as: Double.self)
    let atoms = scores(shape, head: head, cells: [(0, 0, 0, 0), (1, 0, 0, 0)], as: Double.self)
    let total = densities.reduce(0) { $0 + exp($1) } * step + atoms.reduce(0) { $0 + exp($1) }
    #expect(abs(total - 1) < 1e-9)
  }

  @Test func massesSumToOne() {
    // Cells of widths from 1e-6 to infinity that cover the line; the atoms have cells of their own, with the mass added.
    var ends: [Double] = [-.infinity, -8, -3, -2.5, -1.2]
    while ends.last! < -1.19 { ends.append(ends.last! + 1e-4) }
    ends += [-1, 0.1999990, 0.2, 0.2000010, 0.3, 2, 7, .infinity]
    var cells = zip(ends, ends.dropFirst()).map { (code: 2, low: $0, high: $1, width: $1 - $0) }
    cells[3].code = 0
    cells[cells.count - 3].code = 1
    for (total, tolerance) in [
      (scores(shape, head: head, cells: cells, as: Double.self).reduce(0) { $0 + exp($1) }, 1e-12),
      (scores(shape, head: head, cells: cells, as: Float.self).reduce(0) { $0 + exp($1) }, 2e-6),
    ] {
      #expect(abs(total - 1) < tolerance)
    }
  }

  @Test func tailsAndNarrowCellsKeepTheirDigits() {
    let one = pf_chain_shape(atoms: 0, continuous: 1, components: 1, embedding: 0, pieces: 4, scale_floor: 1e-3)
    let scale = 1e-3 + exp(-2.0)
    func reference(_ low: Double, _ high: Double) -> Double {
      // The tail beyond 5 deviations by its continued fraction, on a logarithmic scale.
      let (a, b) = ((low - 0.25) / scale, (high - 0.25) / scale)
      if a > 5 || b < -5 {
        let (near, far) = a > 5 ? (a, b) : (-b, -a)
        func mills(_ t: Double) -> Double {
          var value = t
          for k in stride(from: 60, through: 1, by: -1) { value = t + Double(k) / value }
          return 1 / value
        }
        let farPart = far.isFinite ? exp(-(far - near) * (far + near) / 2) * mills(far) : 0
        return -near * near / 2 - 0.5 * log(2 * Double.pi) + log(mills(near) - farPart)
      }
      return log(0.5 * (erfc(-b * 0.5.squareRoot()) - erfc(-a * 0.5.squareRoot())))
    }
    let cells: [(Double, Double)] = [
      (0, 0.5), (0.25, 0.26), (-0.4, -0.3), (-.infinity, 0.1), (-.infinity, -2), (0.9, 1.1), (2, 2.5), (4, .infinity),
      (9, 9.25), (-30, -20), (-.infinity, .infinity), (0.2, 3),
    ]
    let asked = cells.map { (code: 0, low: $0.0, high: $0.1, width: $0.1 - $0.0) }
    let double = scores(one, head: [0, 0.25, -2], cells: asked, as: Double.self)
    let single = scores(one, head: [0, 0.25, -2], cells: asked, as: Float.self)
    for (place, (low, high)) in cells.enumerated() {
      let expected = reference(low, high)
      #expect(abs(double[place] - expected) <= 1e-10 * max(1, abs(expected)), "[\(low), \(high)]")
      #expect(abs(single[place] - expected) <= 4e-6 * max(1, abs(expected)), "[\(low), \(high)]")
    }
    // A cell of width 1e-7 about z = 1: its ends are equal in Float, its width is not lost.
    let narrow = scores(one, head: [0, 0.25, -2], cells: [(0, 1, 1, 1e-7), (0, 1, 1, 0)], as: Float.self)
    #expect(abs(narrow[0] - narrow[1] - log(1e-7)) < 1e-5)
  }

  @Test func narrowCellsFarFromTheMeanHaveValuesAndSlopes() {
    // So far out that both ends are the same number of deviations in Float.
    let two = pf_chain_shape(atoms: 0, continuous: 1, components: 2, embedding: 0, pieces: 4, scale_floor: 3e-4)
    let head: [Float] = [0, 0, 2.5, -2.5, -20, -20]
    let rows = head.flatMap { [Float](repeating: $0, count: lanes) }
    let (code, state) = ([Float](repeating: 0, count: lanes), [Float](repeating: 0, count: lanes))
    let ends = (0..<lanes).map { Float(1.3 + 0.001 * Double($0)) }
    let widths = (0..<lanes).map { Float(exp(-20 + 0.2 * Double($0))) }
    var out = [Float](repeating: .nan, count: lanes)
    var gradient = [Float](repeating: .nan, count: rows.count)
    withUnsafePointer(to: two) { Float.chainHead($0, rows, code, ends, ends, widths, state, &out, &gradient) }
    for lane in 0..<lanes { #expect(out[lane].isFinite && out[lane] < -1e5) }
    let areFinite = gradient.allSatisfy { $0.isFinite }
    #expect(areFinite)
  }

  @Test func gradientAgreesWithDifferences() {
    let cells: [(code: Int, low: Double, high: Double, width: Double)] = [
      (0, 0, 0, 0), (1, 0, 0, 0), (2, 0.3, 0.3, 0), (2, -3, -1.5, 1.5), (2, 0.1, 0.100001, 1e-6),
      (2, -.infinity, -4, .infinity), (2, 3, .infinity, .infinity), (1, 0.2, 0.4, 0.2), (0, 5, 6, 1),
      (2, 6, 6.01, 0.01),
    ]
    for (lane, cell) in cells.enumerated() {
      let code = [Double](repeating: Double(cell.code), count: lanes)
      let low = [Double](repeating: cell.low, count: lanes)
      let high = [Double](repeating: cell.high, count: lanes)
      let width = [Double](repeating: cell.width, count: lanes)
      let state = [Double](repeating: 0, count: lanes)
      func value(_ head: [Double], _ gradient: UnsafeMutablePointer<Double>?) -> Double {
        var out = [Double](repeating: 0, count: lanes)
        let rows = head.flatMap { [Double](repeating: $0, count: lanes) }
        withUnsafePointer(to: shape) { Double.chainHead($0, rows, code, low, high, width, state, &out, gradient) }
        return out[lane]
      }
      var gradient = [Double](repeating: .nan, count: head.count * lanes)
      _ = value(head, &gradient)
      for row in head.indices {
        let h = 1e-5
        var (up, down) = (head, head)
        up[row] += h
        down[row] -= h
        let difference = (value(up, nil) - value(down, nil)) / (2 * h)
        let found = gradient[row * lanes + lane]
        #expect(abs(found - difference) < 1e-5 * max(1, abs(difference)), "cell \(lane), row \(row)")
      }
    }
  }
}
