#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Sums in log space.
enum Logarithm {
  static func of(_ value: Double) -> Double { log(value) }
  static func exponential(_ value: Double) -> Double { exp(value) }

  /// log Σ exp(xᵢ); −∞ for none, NaN where one is.
  static func sum(_ values: [Double]) -> Double {
    let top = values.reduce(-Double.infinity) { $1.isNaN || $0.isNaN ? .nan : max($0, $1) }
    if !top.isFinite { return top }
    return top + log(values.reduce(0) { $0 + exp($1 - top) })
  }
}
