import PushforwardCore

/// Where a component's sums lie in one flat buffer: mass, first moments, second moments, category masses.
///
/// Moments are about the component's mean of the round; second moments are `d x d` (lower half) or `d` numbers.
struct StatisticsLayout: Sendable {
  let features: Int
  let isDiagonal: Bool
  let stride: Int
  private let categoryOffsets: [Int]
  let components: Int

  init(_ mixture: GaussianMixture) {
    features = mixture.features
    components = mixture.components
    isDiagonal = mixture.kind == .diagonal || mixture.kind == .spherical
    var offset = 1 + features + (isDiagonal ? features : features * features)
    var offsets: [Int] = []
    for width in mixture.levels {
      offsets.append(offset)
      offset += width + 1  // The last for missing cells.
    }
    categoryOffsets = offsets
    stride = offset
  }

  var count: Int { components * stride }
  func mass(_ k: Int) -> Int { k * stride }
  func first(_ k: Int) -> Int { k * stride + 1 }
  func second(_ k: Int) -> Int { k * stride + 1 + features }
  func category(_ k: Int, _ column: Int) -> Int { k * stride + categoryOffsets[column] }
}

/// Sums over the rows of one segment, in its present columns only.
final class SegmentMoments {
  let masses: UnsafeMutablePointer<Double>
  let firsts: UnsafeMutablePointer<Double>
  let seconds: UnsafeMutablePointer<Double>
  private let buffer: AlignedBuffer<Double>
  private let layout: StatisticsLayout

  init(_ layout: StatisticsLayout) {
    let (k, d) = (layout.components, layout.features)
    self.layout = layout
    buffer = AlignedBuffer(count: k * (1 + d + d * d))
    masses = buffer.pointer
    firsts = masses + k
    seconds = firsts + k * d
  }

  func reset() { buffer.elements.update(repeating: 0) }

  /// Adds the segment's sums to those over all columns.
  ///
  /// The missing numbers, and those with errors, count as their conditional means, and their conditional covariance is added to the second
  /// moments: this is what makes the maximisation exact (Dempster, Laird & Rubin 1977; Ghahramani & Jordan 1994).
  func expand(_ factors: PatternFactors, into sums: UnsafeMutablePointer<Double>) {
    let (d, o, m) = (layout.features, factors.observed.count, factors.missing.count)
    for k in 0..<layout.components {
      let mass = masses[k]
      sums[layout.mass(k)] += mass
      if mass == 0 { continue }
      let first = sums + layout.first(k)
      let second = sums + layout.second(k)
      for (position, column) in factors.observed.enumerated() where !factors.isDenoised[position] {
        first[column] += firsts[k * o + position]
      }
      if layout.isDiagonal, factors.isDiagonal {
        for (position, column) in factors.observed.enumerated() { second[column] += seconds[k * o + position] }
        for (position, column) in factors.missing.enumerated() {
          second[column] += mass * factors.conditionals[(k * m + position) * m + position]
        }
        continue
      }
      let part = seconds + k * o * o
      if layout.isDiagonal {
        var matrix = [Double](repeating: 0, count: d * d)
        matrix.withUnsafeMutableBufferPointer { expandFull(factors, k, part, mass, first, $0.baseAddress!) }
        for column in 0..<d { second[column] += matrix[column * d + column] }
      } else {
        expandFull(factors, k, part, mass, first, second)
      }
    }
  }

  private func expandFull(
    _ factors: PatternFactors, _ k: Int, _ part: UnsafePointer<Double>, _ mass: Double,
    _ first: UnsafeMutablePointer<Double>, _ second: UnsafeMutablePointer<Double>
  ) {
    let (d, o) = (layout.features, factors.observed.count)
    for row in 0..<o where !factors.isDenoised[row] {
      for column in 0...row where !factors.isDenoised[column] {
        second[factors.observed[row] * d + factors.observed[column]] += part[row * o + column]
      }
    }
    if !factors.missing.isEmpty { expandMissing(factors, k, part, mass, first, second) }
  }

  private func expandMissing(
    _ factors: PatternFactors, _ k: Int, _ part: UnsafePointer<Double>, _ mass: Double,
    _ first: UnsafeMutablePointer<Double>, _ second: UnsafeMutablePointer<Double>
  ) {
    let (d, o, m) = (layout.features, factors.observed.count, factors.missing.count)
    var cross = [Double](repeating: 0, count: m * o)  // A·S over the present columns.
    factors.regressions.withUnsafeBufferPointer { regressions in
      for row in 0..<m {
        let a = UnsafeBufferPointer(rebasing: regressions[(k * m + row) * o..<(k * m + row + 1) * o])
        for j in 0..<o {
          var sum = 0.0
          for i in 0..<o { sum += a[i] * (i >= j ? part[i * o + j] : part[j * o + i]) }
          cross[row * o + j] = sum
        }
        var mean = 0.0
        for i in 0..<o { mean += a[i] * firsts[k * o + i] }
        first[factors.missing[row]] += mean
        for j in 0..<o where !factors.isDenoised[j] {
          let (high, low) = Self.ordered(factors.missing[row], factors.observed[j])
          second[high * d + low] += cross[row * o + j]
        }
      }
      for row in 0..<m {
        for column in 0...row {
          let a = (k * m + column) * o
          var sum = mass * factors.conditionals[(k * m + row) * m + column]
          for i in 0..<o { sum += cross[row * o + i] * regressions[a + i] }
          let (high, low) = Self.ordered(factors.missing[row], factors.missing[column])
          second[high * d + low] += sum
        }
      }
    }
  }

  private static func ordered(_ a: Int, _ b: Int) -> (high: Int, low: Int) { a > b ? (a, b) : (b, a) }
}
