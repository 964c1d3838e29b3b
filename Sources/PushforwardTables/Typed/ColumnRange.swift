/// The range of a numeric column: what was declared, what is natural, and ends against which the data press.
struct ColumnRange: Sendable, Equatable {
  /// Smallest possible value; `nil`: there is none.
  var minimum: Double?
  /// Largest possible value.
  var maximum: Double?
  /// Why, for people; empty where there is no bound.
  var reasons: [String] = []

  /// Fewer rows than this say nothing about an end.
  private static let fewestRows = 50.0
  /// An end is hard if the outermost rows lie no wider than this many times the next as many; for a tail that thins out
  /// exponentially the figure is about five, for a density that ends at full height one.
  private static let hardEnd = 1.5

  /// - Parameters:
  ///   - values: The column's values.
  ///   - schema: What is known of the column.
  ///   - step: The recording step.
  init(_ values: WeightedValues, schema: ColumnSchema, step: Double?) {
    guard let low = values.values.first, let high = values.values.last else { return }
    let middle = values.value(reaching: values.total / 2) ?? low
    let isCount = schema.kind != .date
    if let declared = schema.declaredMinimum {
      minimum = declared
      reasons.append("declared minimum \(NumberText.shortest(declared))")
    } else if isCount, low >= 0, low < 0.5 * (middle - low), values.total >= 20 {
      minimum = 0
      reasons.append("never below 0")
    } else if let end = Self.end(values, step: step, sign: -1) {
      minimum = end
      reasons.append("the data press against \(NumberText.shortest(end)) from above")
    }
    if let declared = schema.declaredMaximum {
      maximum = declared
      reasons.append("declared maximum \(NumberText.shortest(declared))")
    } else if isCount, high <= 0, -high < 0.5 * (high - middle), values.total >= 20 {
      maximum = 0
      reasons.append("never above 0")
    } else if let end = Self.end(values, step: step, sign: 1) {
      maximum = end
      reasons.append("the data press against \(NumberText.shortest(end)) from below")
    }
    if let low = minimum, let high = maximum, low >= high, step == nil || low > high { (minimum, maximum) = (nil, nil) }
  }

  /// The end on one side, if the density seems to end there at some height: 1 above, -1 below.
  private static func end(_ values: WeightedValues, step: Double?, sign: Double) -> Double? {
    guard values.total >= fewestRows, values.values.count > 1 else { return nil }
    let rows = min(max(0.5 * values.total.squareRoot(), 8), 200)
    func reaching(_ weight: Double) -> Double? {
      sign < 0 ? values.value(reaching: weight) : values.value(reachingFromAbove: weight)
    }
    let outermost = sign < 0 ? values.values[0] : values.values[values.values.count - 1]
    guard let first = reaching(rows), let second = reaching(2 * rows) else { return nil }
    let outer = (outermost - first).magnitude + (step ?? 0) / 2
    let inner = (first - second).magnitude
    if first == outermost { return outermost }
    guard inner > 0, outer < hardEnd * inner else { return nil }
    if step != nil { return outermost }
    // The true end lies about one gap farther out; zero within a few gaps is likelier. No other number is an end in every
    // unit.
    let gap = outer / rows
    if sign * -outermost >= 0, sign * -outermost < 8 * gap { return 0 }
    return outermost + sign * 2 * gap
  }
}
