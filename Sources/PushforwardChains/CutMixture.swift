import CKernels
import PushforwardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// One cell's mixture of Gaussians on z, cut into pieces: the mass of each, and draws inside one.
struct CutMixture {
  private var ends: [Double] = []
  private var means: [Double] = []
  private var deviations: [Double] = []
  /// Weight times distribution function of each Gaussian at each end, and at infinity: `components x (ends + 1)`.
  private var below: [Double] = []

  /// Takes a head's rows: weights' logits, means, log-scales, `stride` apart.
  mutating func load(_ rows: UnsafePointer<Float>, stride: Int, shape: pf_chain_shape, ends: [Double]) {
    let count = Int(shape.components)
    self.ends = ends
    means.removeAll(keepingCapacity: true)
    deviations.removeAll(keepingCapacity: true)
    below.removeAll(keepingCapacity: true)
    var top = rows[0]
    for j in 1..<max(count, 1) { top = max(top, rows[j * stride]) }
    var total = 0.0
    for j in 0..<count { total += exp(Double(rows[j * stride] - top)) }
    for j in 0..<count {
      let weight = exp(Double(rows[j * stride] - top)) / total
      let mean = Double(rows[(count + j) * stride])
      let deviation = exp(min(Double(rows[(2 * count + j) * stride]), 4)) + shape.scale_floor
      means.append(mean)
      deviations.append(deviation)
      for end in ends { below.append(weight * Self.cdf((end - mean) / deviation)) }
      below.append(weight)
    }
  }

  /// Probability of a piece, the first below the first end.
  func mass(_ piece: Int) -> Double { means.indices.reduce(0) { $0 + share($1, piece) } }

  private func share(_ j: Int, _ piece: Int) -> Double {
    let at = j * (ends.count + 1) + piece
    return max(below[at] - (piece == 0 ? 0 : below[at - 1]), 0)
  }

  /// A draw from a piece: a Gaussian by its share of it, then a place by the Gaussian cut to the piece.
  func draw(piece: Int, uniform: Double) -> Double {
    var (left, picked, rest) = (uniform * mass(piece), 0, 0.5)
    for j in means.indices {
      let part = share(j, piece)
      if part <= 0 { continue }
      (picked, rest) = (j, min(max(left / part, 0), 1))
      left -= part
      if left < 0 { break }
    }
    let (mean, deviation) = (means[picked], deviations[picked])
    let low = piece == 0 ? -Double.infinity : (ends[piece - 1] - mean) / deviation
    let high = piece == ends.count ? Double.infinity : (ends[piece] - mean) / deviation
    return mean + deviation * Self.place(low, high, rest)
  }

  /// The place of the standard normal between two ends at a share of its mass there.
  private static func place(_ low: Double, _ high: Double, _ share: Double) -> Double {
    // In the lower half no digits are lost.
    if low > 0 { return -place(-high, -low, 1 - share) }
    let (a, b) = (cdf(low), cdf(high))
    let p = a + share * (b - a)
    guard p > 0, p < 1 else {
      return low.isFinite ? (high.isFinite ? (low + high) / 2 : low) : high.isFinite ? high : 0
    }
    return min(max(NormalReach.deviations(p), low), high)
  }

  private static func cdf(_ u: Double) -> Double {
    u < -38 ? 0 : u > 9 ? 1 : 0.5 * erfc(-u * 0.5.squareRoot())
  }
}
