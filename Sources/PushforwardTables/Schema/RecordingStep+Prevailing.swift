extension RecordingStep {
  /// Share of the values that must be multiples of a step for it to prevail.
  static var prevailingShare: Double { 0.95 }
  /// Values looked at.
  private static var mostLookedAt: Int { 20_000 }

  /// The coarsest power of ten to which nearly all values were recorded: 95 % of those that are not zero are multiples.
  ///
  /// A column recorded to 0.1 keeps that resolution though a few of its values are averages with many decimals; without
  /// it, repeated values would count as known to the last bit, and the likelihood could grow without bound.
  ///
  /// - Parameters:
  ///   - values: Finite values.
  ///   - weights: How often each counts; 1 each when `nil`.
  /// - Returns: `nil` when no power of ten prevails that is below a twentieth of the values' range.
  static func prevailing(_ values: [Double], weights: [Double]? = nil) -> RecordingStep? {
    let stride = max(1, values.count / mostLookedAt)
    let looked = Array(Swift.stride(from: 0, to: values.count, by: stride))
    return prevailing(
      looked.map { values[$0] }, counts: looked.map { weights?[$0] ?? 1 }, share: prevailingShare)
  }

  /// The same for values with weights, and any share.
  static func prevailing(_ values: [Double], counts: [Double], share: Double = prevailingShare) -> RecordingStep? {
    var low = Double.infinity
    var high = -Double.infinity
    var total = 0.0
    for (value, count) in zip(values, counts) where value != 0 {
      (low, high) = (min(low, value), max(high, value))
      total += count
    }
    guard high > low else { return nil }
    for decimals in 0...6 {
      let scale = powers[decimals]
      if 1 / scale > (high - low) / 20 { continue }
      var multiples = 0.0
      for (value, count) in zip(values, counts) where value != 0 {
        let scaled = value * scale
        if scaled.magnitude < 9e15, (scaled - scaled.rounded()).magnitude < 1e-6 { multiples += count }
      }
      if multiples >= share * total { return RecordingStep(1 / scale) }
    }
    return nil
  }
}
