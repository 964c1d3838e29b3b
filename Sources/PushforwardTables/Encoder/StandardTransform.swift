#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Shift and scale to mean 0 and variance 1, after a logarithm for positive, heavy-tailed columns.
///
/// With `log`: `u = log(x + shift)` for `x >= floor`, below it continued by its tangent, so that every finite value has an
/// image and the transform stays strictly monotone with a continuous derivative. Then `z = (u - mean) / scale`.
public struct StandardTransform: Sendable, Codable, Equatable {
  /// Added before the logarithm is taken; `nil`: no logarithm.
  public private(set) var shift: Double?
  /// Below this value the logarithm is continued by its tangent.
  public private(set) var floor: Double
  /// Mean of `u` in the training data.
  public private(set) var mean: Double
  /// Standard deviation of `u` in the training data, positive.
  public private(set) var scale: Double

  /// Reads a transform and checks that it is one.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    shift = try container.decodeIfPresent(Double.self, forKey: .shift)
    floor = try container.decode(Double.self, forKey: .floor)
    mean = try container.decode(Double.self, forKey: .mean)
    scale = try container.decode(Double.self, forKey: .scale)
    guard mean.isFinite, scale > 0, scale.isFinite, floor.isFinite, shift.map({ floor + $0 > 0 && $0.isFinite }) ?? true
    else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "the numbers make no standard transform"))
    }
  }

  /// Fits the transform.
  ///
  /// The logarithm is taken when asked for, or, if it is allowed, when all values are positive or zero, their skewness is
  /// above 2, and a normal distribution of `u` has a log-likelihood that is better by at least 0.1 nats a row.
  ///
  /// - Parameters:
  ///   - values: Finite values.
  ///   - weights: How often each counts, not all 0; 1 each when `nil`.
  ///   - cell: Width of the cells that the values are spread over, 0 if none.
  ///   - log: `true`: take it; `false`: do not; `nil`: decide.
  public init(fitting values: [Double], weights: [Double]? = nil, cell: Double, log: Bool?) {
    let plain = Self.moments(values, weights, of: { $0 })
    (shift, floor, mean, scale) = (nil, 0, plain.mean, plain.scale)
    guard log != false, let low = values.min(), let high = values.max(), low < high else { return }
    if log == nil, low < 0 || plain.skewness <= 2 { return }
    let shift = Self.shift(values, weights, low: low, cell: cell)
    let logs = Self.moments(values, weights, of: { Self.log($0 + shift) })
    let gain = Self.log(plain.scale) - Self.log(logs.scale) - logs.mean
    if log == nil, gain < 0.1 { return }
    (self.shift, floor, mean, scale) = (shift, low - cell / 2, logs.mean, logs.scale)
  }

  /// So large that the smallest value, with its cell, stays clearly positive.
  private static func shift(_ values: [Double], _ weights: [Double]?, low: Double, cell: Double) -> Double {
    if low - cell / 2 > 0, low > cell { return 0 }
    let all = WeightedValues(values, weights: weights)
    let positive = all.filtered { all.values[$0] > low }
    let typical = positive.values.isEmpty ? 1 : positive.value(at: Int(positive.total / 10)) - low
    return max(cell, typical) - low
  }

  private static func log(_ x: Double) -> Double {
    #if canImport(Glibc)
      Glibc.log(x)
    #elseif canImport(Musl)
      Musl.log(x)
    #else
      Darwin.log(x)
    #endif
  }

  private static func moments(
    _ values: [Double], _ weights: [Double]?, of function: (Double) -> Double
  ) -> (mean: Double, scale: Double, skewness: Double) {
    guard !values.isEmpty else { return (0, 1, 0) }
    let total = weights?.reduce(0, +) ?? Double(values.count)
    let weight = { (row: Int) in weights?[row] ?? 1 }
    // Sums of values near the largest double overflow; dividing first does not.
    let mean = values.enumerated().reduce(0) { $0 + function($1.element) / total * weight($1.offset) }
    let deviation = values.reduce(0) { max($0, (function($1) - mean).magnitude) }
    guard deviation > 0, deviation.isFinite else { return (mean.isFinite ? mean : 0, 1, 0) }
    var second = 0.0
    var third = 0.0
    for (row, value) in values.enumerated() {
      let d = (function(value) - mean) / deviation
      second += weight(row) * d * d / total
      third += weight(row) * d * d * d / total
    }
    return (mean, deviation * second.squareRoot(), third / (second * second.squareRoot()))
  }

  /// Maps a value to the standard scale.
  ///
  /// - Parameter x: A finite value in the column's units.
  /// - Returns: `z`, and `log(dz/dx)` in nats.
  public func forward(_ x: Double) -> (z: Double, logDet: Double) {
    guard let shift else { return ((x - mean) / scale, -Self.log(scale)) }
    let argument = max(x, floor) + shift
    let logArgument = Self.log(argument)
    let u = logArgument + min(0, x - floor) / argument
    return ((u - mean) / scale, -Self.log(scale) - logArgument)
  }

  /// Maps back: `forward(inverse(z)).z == z` to rounding.
  public func inverse(_ z: Double) -> Double {
    let u = mean + scale * z
    guard let shift else { return u }
    let atFloor = floor + shift
    let excess = u - Self.log(atFloor)
    return excess < 0 ? floor + excess * atFloor : min(exp(u) - shift, .greatestFiniteMagnitude)
  }
}
