#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Special functions in `Double`, for scalar distributions.
///
/// Arguments outside a function's domain, and NaN, give NaN; nothing traps. Errors quoted are relative, measured against
/// 50-digit arithmetic over the range that the tests' reference file covers.
package enum SpecialFunctions {
  /// log(2π).
  static let logTwoPi = 1.837877066409345483560659472811
  /// √½.
  static let squareRootOfHalf = 0.7071067811865475244008443621048

  /// The scaled complementary error function exp(x²)·erfc(x), free of underflow for large `x`.
  ///
  /// - Returns: +∞ below −26.6, where the value exceeds the largest `Double`.
  /// - Note: Accuracy 1e-15. x² is carried with its rounding error, which exp would magnify x²-fold.
  package static func erfcx(_ x: Double) -> Double {
    if x < 25 {
      let square = x * x
      if square > 709.78 { return .infinity }
      let rounding = (-square).addingProduct(x, x)
      return exp(square) * erfc(x) * (1 + rounding)
    }
    // Asymptotic series (DLMF 7.12.1): at 25 the first term left out is 4e-19.
    let t = 0.5 / (x * x)
    let series =
      1 - t * (1 - 3 * t * (1 - 5 * t * (1 - 7 * t * (1 - 9 * t * (1 - 11 * t * (1 - 13 * t * (1 - 15 * t)))))))
    return 0.5641895835477562869480794515608 / x * series
  }

  /// log(1 − exp(x)) for `x` ≤ 0, accurate at both ends.
  package static func log1mexp(_ x: Double) -> Double {
    x > -0.6931471805599453 ? log(-expm1(x)) : log1p(-exp(x))
  }

  /// log(exp(a) + exp(b)), with −∞ as a zero.
  package static func logAddExp(_ a: Double, _ b: Double) -> Double {
    if a.isNaN || b.isNaN { return .nan }
    let larger = max(a, b)
    return larger == -.infinity ? larger : larger + log1p(exp(min(a, b) - larger))
  }

  /// log(exp(a) − exp(b)) for a ≥ b, with −∞ as a zero.
  package static func logSubtractExp(_ a: Double, _ b: Double) -> Double {
    if a.isNaN || b.isNaN { return .nan }
    return b == -.infinity ? a : (a <= b ? -.infinity : a + log1mexp(b - a))
  }

}

/// A running log Σ exp(term): −∞ for no terms, NaN once a term is.
package struct LogSum: Sendable {
  private var largest = -Double.infinity
  private var scaled = 0.0

  /// No terms yet.
  package init() {}

  /// Adds exp(term) to the sum.
  package mutating func add(_ term: Double) {
    if term <= largest {
      scaled += term == -.infinity ? 0 : (term == largest ? 1 : exp(term - largest))
    } else {
      // A NaN comes here, and stays.
      scaled = scaled * exp(largest - term) + 1
      largest = term
    }
  }

  /// The logarithm of the sum.
  package var value: Double { scaled > 0 || scaled.isNaN ? largest + log(scaled) : -.infinity }
}
