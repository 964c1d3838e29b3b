import PushforwardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the densities of all components need for rows with the same numbers present.
///
/// With Σₒₒ = L·Lᵀ over the present columns and W = L⁻¹, a component's log-density is
/// log π + Σ log Wᵢᵢ − ½‖W(x − μ)‖² − o/2·log 2π. The missing numbers given the present ones are normal with mean
/// μₘ + A(xₒ − μₒ) and covariance C, where A = ΣₘₒΣₒₒ⁻¹ and C = Σₘₘ − AΣₒₘ.
///
/// Where present numbers have errors, Σₒₒ + S stands in place of Σₒₒ, S the diagonal of their variances, and the numbers
/// without their errors may be asked for as missing ones are.
///
/// - SeeAlso: Bovy, Hogg & Roweis (2011), "Extreme deconvolution", Annals of Applied Statistics 5, arXiv:0905.2979.
struct PatternFactors: Sendable {
  let observed: [Int]
  /// Columns whose distribution given the present numbers is asked for: the missing ones, perhaps those with errors too.
  let missing: [Int]
  /// For each present column, whether it is known but for an error and asked for among `missing`.
  let isDenoised: [Bool]
  /// Present means, `components x observed`.
  let centres: AlignedBuffer<Double>
  /// W of each component, row-major; inverse deviations where the columns are independent.
  let whitening: AlignedBuffer<Double>
  /// From one component's W to the next: 0 where all share one.
  let whiteningStride: Int
  /// Columns are independent: W is a diagonal.
  let isDiagonal: Bool
  /// log π + Σ log Wᵢᵢ; −∞ for a component without weight.
  let constants: [Double]
  /// A, `components x missing x observed`, and C, `components x missing x missing`; empty unless asked for.
  let regressions: [Double]
  let conditionals: [Double]
  /// Columns that each row of W reaches, for the kernels: 1, 2, ...
  let extents: [Int32]

  /// For rows of a segment.
  ///
  /// - Parameters:
  ///   - mixture: The mixture.
  ///   - segment: Which columns are present, and their errors.
  ///   - completing: Whether to find what the missing numbers need.
  ///   - denoising: Whether that is asked for numbers with errors too.
  init(_ mixture: GaussianMixture, _ segment: PatternTiles.Segment, completing: Bool, denoising: Bool = false) {
    self.init(
      mixture, observed: segment.observed, missing: segment.missing, errors: segment.errors, completing: completing,
      denoising: denoising)
  }

  init(
    _ mixture: GaussianMixture, observed: [Int], missing: [Int], errors: [Double] = [], completing: Bool,
    denoising: Bool = false
  ) {
    isDenoised = observed.indices.map { denoising && !errors.isEmpty && errors[$0] > 0 }
    let missing = missing + zip(observed, isDenoised).filter { $0.1 }.map(\.0)
    let (count, o, m) = (mixture.components, observed.count, missing.count)
    self.observed = observed
    self.missing = missing
    extents = (0..<o).map { Int32($0 + 1) }
    centres = AlignedBuffer(count: count * o)
    for k in 0..<count {
      for (position, column) in observed.enumerated() {
        centres.pointer[k * o + position] = mixture.means[k * mixture.features + column]
      }
    }
    isDiagonal = (mixture.kind == .diagonal || mixture.kind == .spherical) && errors.isEmpty
    let shared = mixture.kind == .tied
    var regressions: [Double] = []
    var conditionals: [Double] = []
    var determinants: [Double] = []
    if isDiagonal {
      whiteningStride = o
      whitening = AlignedBuffer(count: count * o)
      for k in 0..<count {
        var sum = 0.0
        for (position, column) in observed.enumerated() {
          let inverse = 1 / mixture.covariance(k, column, column).squareRoot()
          whitening.pointer[k * o + position] = inverse
          sum += log(inverse)
        }
        determinants.append(sum)
        if completing && m > 0 {
          regressions += [Double](repeating: 0, count: m * o)
          for row in missing { conditionals += missing.map { mixture.covariance(k, row, $0) } }
        }
      }
    } else {
      whiteningStride = shared ? 0 : o * o
      whitening = AlignedBuffer(count: (shared ? 1 : count) * o * o)
      var factor = [Double](repeating: 0, count: o * o)
      for k in 0..<count {
        let inverse = whitening.pointer + k * whiteningStride
        if k == 0 || !shared {
          for row in 0..<o {
            for column in 0..<o { factor[row * o + column] = mixture.covariance(k, observed[row], observed[column]) }
            if !errors.isEmpty { factor[row * o + row] += errors[row] }
          }
          factor.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            SmallMatrix.factorise(base, o)
            SmallMatrix.invertLower(base, inverse, o)
          }
        }
        determinants.append((0..<o).reduce(0.0) { $0 + log(inverse[$1 * o + $1]) })
        if completing && m > 0 {
          let (a, c) = Self.regression(mixture, k, observed, missing, inverse)
          regressions += a
          conditionals += c
        }
      }
    }
    self.regressions = regressions
    self.conditionals = conditionals
    constants = (0..<count).map { log(mixture.weights[$0]) + determinants[$0] }
  }

  /// A and C, from B = ΣₘₒWᵀ: A = BW, C = Σₘₘ − BBᵀ.
  private static func regression(
    _ mixture: GaussianMixture, _ component: Int, _ observed: [Int], _ missing: [Int],
    _ inverse: UnsafePointer<Double>
  ) -> (a: [Double], c: [Double]) {
    let (o, m) = (observed.count, missing.count)
    var b = [Double](repeating: 0, count: m * o)
    var a = b
    var c = [Double](repeating: 0, count: m * m)
    for row in 0..<m {
      for i in 0..<o {
        var sum = 0.0
        for j in 0...i { sum += inverse[i * o + j] * mixture.covariance(component, missing[row], observed[j]) }
        b[row * o + i] = sum
      }
      for i in 0..<o {
        let scale = b[row * o + i]
        for j in 0...i { a[row * o + j] += scale * inverse[i * o + j] }
      }
    }
    for row in 0..<m {
      for column in 0...row {
        var value = mixture.covariance(component, missing[row], missing[column])
        for i in 0..<o { value -= b[row * o + i] * b[column * o + i] }
        // A variance that rounding has eaten stays a variance.
        if row == column { value = max(value, 1e-12 * mixture.covariance(component, missing[row], missing[row])) }
        c[row * m + column] = value
        c[column * m + row] = value
      }
    }
    return (a, c)
  }
}

extension PatternFactors {
  /// The natural logarithm, for the files that hold loops and no numerics.
  static func logarithm(_ value: Double) -> Double { log(value) }
  /// The exponential function, likewise.
  static func exponential(_ value: Double) -> Double { exp(value) }
  /// The standard normal distribution function.
  static func normalCDF(_ x: Double) -> Double { 0.5 * erfc(-x * 0.5.squareRoot()) }
  /// A power, likewise.
  static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
}
