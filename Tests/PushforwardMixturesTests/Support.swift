import Foundation

/// Entropy of the cells (i mod 2, i mod 2, i mod 3): six equally likely ones.
enum PatternEntropy {
  static let value = log(6.0)
  static func exponential(_ x: Double) -> Double { exp(x) }
}

extension Double {
  /// The logarithm, for files that import no numerics.
  var magnitudeLog: Double { log(self) }
}
