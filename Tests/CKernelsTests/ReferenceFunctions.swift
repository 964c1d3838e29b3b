import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

#if arch(x86_64) && !os(Windows)
  /// Wide enough that the reference's own error does not matter, where the machine has such a format.
  typealias Reference = Float80
  let referenceSlack = 0.05
#else
  typealias Reference = Double
  let referenceSlack = 3.0
#endif

/// Straightforward, accurate definitions of the elementwise functions.
enum ReferenceFunctions {
  static func sigmoid(_ x: Reference) -> Reference { x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)) }
  static func softplus(_ x: Reference) -> Reference { max(x, 0) + log1p(exp(-abs(x))) }
  static func normalCDF(_ x: Reference) -> Reference { erfc(-x / Reference(2).squareRoot()) / 2 }
  static func logit(_ x: Reference) -> Reference {
    x < 0.25 ? log(x) - log1p(-x) : log1p((2 * x - 1) / (1 - x))
  }

  /// Newton's method (with Halley's correction) on the distribution function, from the tail that loses no digits.
  static func normalQuantile(_ p: Reference) -> Reference {
    guard p > 0, p < 1 else { return p == 0 ? -.infinity : p == 1 ? .infinity : .nan }
    let tail = min(p, 1 - p)
    var x = tail > 0.1 ? 0 : -(-2 * log(tail)).squareRoot()
    for _ in 0..<200 {
      let density = exp(-x * x / 2) / (2 * Reference.pi).squareRoot()
      let excess = (normalCDF(x) - tail) / density
      let step = excess / max(1 + x * excess / 2, 0.5)
      x -= max(-1, min(1, step))
      if abs(step) <= Reference.ulpOfOne * abs(x) { break }
    }
    return p < 0.5 ? x : -x
  }
}

/// Distance of `value` from `exact` in units in the last place of `Scalar` at `exact`, subnormals included.
func ulps<Scalar: KernelScalar>(_ value: Scalar, from exact: Reference) -> Double {
  let rounded = Scalar(exact)
  if value.isNaN || rounded.isNaN { return value.isNaN && rounded.isNaN ? 0 : .infinity }
  if value == rounded { return value.isFinite ? Double(abs(Reference(value) - exact) / Reference(rounded.ulp)) : 0 }
  if rounded.isInfinite || value.isInfinite {
    // A result that rounds to infinity may still be the largest number, and the other way round.
    let largest = Reference(Scalar.greatestFiniteMagnitude)
    return abs(exact) >= largest ? 0 : .infinity
  }
  return Double(abs(Reference(value) - exact) / Reference(rounded.ulp))
}
