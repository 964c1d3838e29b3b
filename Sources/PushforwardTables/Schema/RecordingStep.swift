/// The step to which a column's values were recorded: `multiple / 10^decimals`.
public struct RecordingStep: Sendable, Equatable {
  /// The step times `10^decimals`, a whole number.
  public let multiple: Double
  /// Digits to the right of the decimal point.
  public let decimals: Int

  /// Powers of ten that doubles hold exactly.
  static let powers: [Double] = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15]
  /// Steps finer than this many decimals say nothing about a recording.
  static let mostDecimals = 12
  /// Fewer different values than this may share a factor by chance.
  private static let fewestForFactor = 12

  /// A step given as a number, like 0.05; `nil` unless it is positive and has at most twelve decimals.
  public init?(_ step: Double) {
    guard step > 0, step.isFinite else { return nil }
    for decimals in 0...Self.mostDecimals {
      let scaled = step * Self.powers[decimals]
      if scaled >= 1 - 1e-9, (scaled - scaled.rounded()).magnitude <= 1e-9 * scaled {
        multiple = scaled.rounded()
        self.decimals = decimals
        return
      }
    }
    return nil
  }

  /// Finds the coarsest step that all values are multiples of.
  ///
  /// The decimals come from the recorded texts, or for binary sources from the values themselves. Factors beyond powers of
  /// ten of the decimals (multiples of 5, of 50, ...) are believed from twelve different values on.
  ///
  /// - Parameters:
  ///   - distinct: The different finite values.
  ///   - recording: How the numbers were recorded.
  init?(distinct: [Double], recording: NumberColumn.Recording) {
    // Texts with very many decimals are doubles in full, perhaps with the noise of decimal arithmetic (0.30000000000000004).
    let texts = recording.decimals.flatMap { $0 <= Self.mostDecimals ? $0 : nil }
    guard let recorded = texts ?? Self.detectDecimals(distinct, recording) else { return nil }
    let scale = Self.powers[recorded]
    var factor: Int64 = 0
    for value in distinct {
      let scaled = (value * scale).rounded()
      if scaled.magnitude >= 9e15 { return nil }
      factor = Self.greatestCommonDivisor(factor, Int64(scaled.magnitude))
      if factor == 1 { break }
    }
    if factor == 0 { factor = 1 }
    var decimals = recorded
    while decimals > 0, factor % 10 == 0 {
      factor /= 10
      decimals -= 1
    }
    multiple = distinct.count >= Self.fewestForFactor ? Double(factor) : 1
    self.decimals = decimals
  }

  /// The step itself.
  public var value: Double { multiple / Self.powers[decimals] }

  /// The multiple of the step nearest to `x`, as the double nearest to its decimal text.
  public func round(_ x: Double) -> Double {
    let steps = (x / value).rounded()
    return steps.magnitude < 9e15 ? steps * multiple / Self.powers[decimals] : x
  }

  /// The fewest decimals that give back every value, up to the last bits; `nil` when there are none with room to spare.
  private static func detectDecimals(_ values: [Double], _ recording: NumberColumn.Recording) -> Int? {
    let noise = recording.isSinglePrecision ? 0x1p-24 : 0x1p-51
    let mostSteps = recording.isSinglePrecision ? 0x1p20 : 0x1p45
    var decimals = 0
    for value in values {
      while true {
        let scaled = value * powers[decimals]
        if scaled.magnitude > mostSteps { return nil }
        if (scaled - scaled.rounded()).magnitude <= noise * scaled.magnitude { break }
        decimals += 1
        if decimals > mostDecimals { return nil }
      }
    }
    return decimals
  }

  private static func greatestCommonDivisor(_ a: Int64, _ b: Int64) -> Int64 {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}
