/// Which values of a numeric column are classes of their own.
struct AtomChoice: Sendable {
  /// Indices into the different values, ascending.
  var indices: [Int]
  /// In what sense, for people.
  var reason: String

  /// - Parameters:
  ///   - values: The column's different values with their weights.
  ///   - step: The recording step.
  ///   - range: The column's range.
  ///   - areCounts: Whether they are whole numbers.
  ///   - options: Choices.
  init(_ values: WeightedValues, step: Double?, range: ColumnRange, areCounts: Bool, options: TypedEncoderOptions) {
    let count = values.values.count
    let span = step.map { (values.values[count - 1] - values.values[0]) / $0 + 1 } ?? .infinity
    let most = step == nil ? options.fewValues / 3 : options.fewValues
    if areCounts, count <= options.fewCommonValues, span < 2 * Double(count),
      values.total >= options.rowsOfCommonValue * Double(count)
    {
      indices = Array(values.values.indices)
      reason = "every value is a class"
      return
    }
    if count <= most, values.total >= 10 * Double(count) || (step != nil && count <= 12 && span < 2 * Double(count)) {
      indices = Array(values.values.indices)
      reason = "every value is a class"
      return
    }
    if count <= options.fewScatteredValues, span > 2 * Double(count), values.total >= 20 * Double(count) {
      indices = values.values.indices.filter { values.counts[$0] >= 3 }
      reason = "values that occur three times are classes"
      return
    }
    let half = (step ?? 0) / 2
    let fit = MarginalFit(
      values, step: step, edges: (range.minimum.map { $0 - half }, range.maximum.map { $0 + half }),
      spikes: (options.spikeShare, 10, options.spikeRatio))
    indices = fit.spikeIndices()
    reason = "values that repeat far more often than their neighbours are classes"
  }
}
