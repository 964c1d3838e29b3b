extension TypedColumn {
  /// Fits a column's classes and scale to training rows.
  ///
  /// - Parameters:
  ///   - column: The column's training cells.
  ///   - schema: What it is: numbers, dates or categories.
  ///   - weights: One a row, not negative; `nil`: 1 each.
  ///   - options: Choices.
  ///   - place: Names a row's place in a message.
  /// - Throws: `TableError.wrongKind`.
  init?(
    fitting column: Column, schema: ColumnSchema, weights: [Double]?, options: TypedEncoderOptions,
    place: (Int) -> String
  ) throws {
    if schema.kind == .category {
      self.init(categories: column.categories, schema: schema, weights: weights, options: options)
    } else {
      let numbers = try schema.numbers(column, place: place).values
      self.init(numbers: numbers, schema: schema, weights: weights, options: options)
    }
  }

  // MARK: Categories

  private init?(categories: CategoryColumn, schema: ColumnSchema, weights: [Double]?, options: TypedEncoderOptions) {
    let known = schema.levels ?? categories.levels.sorted()
    let places = Dictionary(known.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let other = schema.otherLevel.flatMap { places[$0] }
    let codes = categories.levels.map { places[$0] ?? other }
    var sums = [Double](repeating: 0, count: known.count)
    var missing = 0.0
    for (row, code) in categories.codes.enumerated() {
      let weight = weights?[row] ?? 1
      if code != CategoryColumn.missing, let level = codes[Int(code)] {
        sums[level] += weight
      } else {
        missing += weight
      }
    }
    let total = sums.reduce(0, +)
    guard total > 0 else { return nil }
    let isOrdered = schema.isOrdered == true
    let fewest = isOrdered ? 0 : min(options.fewestRowsOfLevel, max(2, total / 2000))
    let classes = CategoryClasses(
      levels: known, weights: sums, fewest: fewest, most: options.mostLevels, otherLevel: schema.otherLevel)
    var byClass = classes.levels.map { sums[places[$0] ?? 0] }
    if !classes.pooled.isEmpty { byClass.append(total - byClass.reduce(0, +)) }
    self.schema = schema
    role = isOrdered ? .ordinal : BooleanTexts.isPair(known) ? .boolean : .category
    levels = classes
    values = []
    scale = nil
    step = nil
    origin = 0
    resolution = 1
    circle = nil
    classShares = Self.shares(byClass)
    positions = isOrdered ? Self.normalScores(byClass) : nil
    missingShare = missing / (missing + total)
    presentWeight = total
    var reason = "\(classes.levels.count) levels are classes"
    if !classes.pooled.isEmpty {
      reason += ", \(classes.pooled.count) rarer ones share one class and are restored by their frequencies"
    }
    self.reason = reason
  }

  // MARK: Numbers

  private init?(numbers: [Double], schema: ColumnSchema, weights: [Double]?, options: TypedEncoderOptions) {
    let raw = WeightedValues(numbers, weights: weights)
    guard let first = raw.values.first else { return nil }
    let origin = schema.kind == .date ? first : 0
    let shifted = origin == 0 ? raw : raw.mapped { $0 - origin }
    let step = Self.step(of: shifted, schema: schema)
    let grid = step.flatMap { RecordingStep($0) }
    let gridded = grid.map { grid in shifted.mapped { grid.gridValue($0) } } ?? shifted
    let circle = schema.period.map { Self.circle(period: $0, values: gridded, schema: schema, step: step) }
    let all = circle.map { circle in Self.wrapped(gridded, circle, grid) } ?? gridded
    let isBoolean = schema.kind == .wholeNumber && all.values == [0, 1]
    var range = ColumnRange(WeightedValues([]), schema: schema, step: step)
    if let circle {
      range.minimum = circle.cut
      range.maximum = circle.cut + circle.period - (step ?? 0)
    } else {
      range = ColumnRange(all, schema: Self.shifted(schema, by: origin), step: step)
      if let grid { range.align(to: grid) }
    }
    var choice = AtomChoice(
      all, step: step, range: range, areCounts: schema.kind == .wholeNumber && circle == nil, options: options)
    /// A value as it is written.
    func written(_ x: Double) -> Double {
      guard let circle else { return x }
      let x = circle.wrapped(x, from: circle.origin)
      return circle.wrapped(grid?.gridValue(x) ?? x, from: circle.origin)
    }
    choice.indices.sort { written(all.values[$0]) < written(all.values[$1]) }
    let atoms = choice.indices.map { all.values[$0] }
    let isAtom = Set(choice.indices)
    let rest = all.filtered { !isAtom.contains($0) }
    let cells =
      step.flatMap { step in range.maximum.flatMap { high in range.minimum.map { (high - $0) / step + 1.5 } } }
    // Without room for other values there is no continuous class.
    let isFull = isBoolean || (cells.map { Int($0) <= atoms.count } ?? false) && rest.values.isEmpty
    let scale =
      isFull ? nil : Self.scale(rest.values.isEmpty ? all : rest, atoms: atoms.sorted(), step: step, range: range)
    guard scale?.isSound ?? !atoms.isEmpty else { return nil }
    let atomWeights = choice.indices.map { all.counts[$0] }
    self.schema = schema
    role =
      isBoolean
      ? .boolean
      : schema.kind == .date ? .date : circle != nil ? .angle : schema.kind == .wholeNumber ? .wholeNumber : .real
    levels = nil
    values = atoms.map(written)
    self.scale = scale
    self.step = step
    self.origin = origin
    resolution = schema.kind == .real ? step ?? MarginalFit.spread(all) / 2000 : 1
    self.circle = circle
    classShares = Self.shares(atomWeights + (scale == nil ? [] : [rest.total]))
    let isMostlyAtoms = rest.total < 0.01 * all.total
    positions = isMostlyAtoms ? Self.normalScores(atomWeights) : atoms.map { scale?.place($0) ?? 0 }
    let weightOfAll = weights?.reduce(0, +) ?? Double(numbers.count)
    missingShare = max(0, 1 - all.total / weightOfAll)
    presentWeight = all.total
    reason = Self.reason(choice: choice, all: all, rest: rest.total, step: step, range: range, hasScale: scale != nil)
  }

  /// The step of the grid: that of all values, or one to which nearly all were recorded.
  private static func step(of values: WeightedValues, schema: ColumnSchema) -> Double? {
    switch schema.kind {
    case .wholeNumber: return schema.step ?? 1
    case .date:
      if schema.step == nil { return nil }
      return RecordingStep(distinct: values.values, recording: .init(decimals: 0))?.value ?? 1
    default:
      if let step = schema.step {
        let coarser = RecordingStep.prevailing(values.values, counts: values.counts, share: 0.995)?.value ?? 0
        return max(step, coarser)
      }
      return RecordingStep.prevailing(values.values, counts: values.counts)?.value
    }
  }

  /// The scale of the values that are no classes of their own.
  private static func scale(
    _ values: WeightedValues, atoms: [Double], step: Double?, range: ColumnRange
  ) -> TypedScale {
    let cuts = step == nil ? [] : atoms
    let half = (step ?? 0) / 2
    func compressed(_ x: Double) -> Double { TypedScale.compress(x, cuts: cuts, step: step ?? 0) }
    let points = values.mapped(compressed)
    let edges = (low: range.minimum.map { compressed($0 - half) }, high: range.maximum.map { compressed($0 + half) })
    let density = MarginalFit(points, step: step, edges: edges).smooth()
    return TypedScale(density: density, step: step, minimum: range.minimum, maximum: range.maximum, cuts: cuts)
  }

  private static func shifted(_ schema: ColumnSchema, by origin: Double) -> ColumnSchema {
    if origin == 0 { return schema }
    var schema = schema
    schema.declaredMinimum = schema.declaredMinimum.map { $0 - origin }
    schema.declaredMaximum = schema.declaredMaximum.map { $0 - origin }
    return schema
  }

  // MARK: Angles

  private static func circle(period: Double, values: WeightedValues, schema: ColumnSchema, step: Double?) -> Circle {
    let low = values.values.first ?? 0
    // Written from the declared minimum, from 0, or around 0.
    let origin = schema.declaredMinimum ?? (low < 0 ? -period / 2 : 0)
    // The emptiest of 64 sectors; the middle of the first longest run of such.
    let sectors = 64
    var weights = [Double](repeating: 0, count: sectors)
    for (value, count) in zip(values.values, values.counts) {
      let turn = (value - origin) / period
      weights[min(Int((turn - turn.rounded(.down)) * Double(sectors)), sectors - 1)] += count
    }
    let least = weights.min() ?? 0
    var best = (start: 0, length: 0)
    for start in 0..<sectors where weights[start] <= least {
      var length = 1
      while length < sectors, weights[(start + length) % sectors] <= least { length += 1 }
      if length > best.length { best = (start, length) }
    }
    var cut = origin + (Double(best.start) + Double(best.length) / 2) / Double(sectors) * period
    if cut >= origin + period { cut -= period }
    if let step, let grid = RecordingStep(step) { cut = grid.gridValue(cut) }
    return Circle(period: period, origin: origin, cut: cut)
  }

  private static func wrapped(_ values: WeightedValues, _ circle: Circle, _ grid: RecordingStep?) -> WeightedValues {
    WeightedValues(
      values.values.map { value in
        let x = circle.wrapped(value, from: circle.cut)
        return grid?.gridValue(x) ?? x
      }, weights: values.counts)
  }

  // MARK: Facts

  private static func shares(_ weights: [Double]) -> [Double] {
    let total = weights.reduce(0) { $0 + $1 + 0.5 }
    return weights.map { ($0 + 0.5) / total }
  }

  /// Normal quantiles of the middles of ordered classes.
  static func normalScores(_ weights: [Double]) -> [Double] {
    let total = weights.reduce(0, +) + Double(weights.count) * 0.5
    var below = 0.0
    return weights.map { weight in
      let middle = (below + (weight + 0.5) / 2) / total
      below += weight + 0.5
      return middle <= 0.5 ? NormalScale.quantile(middle) : -NormalScale.quantile(1 - middle)
    }
  }

  private static func reason(
    choice: AtomChoice, all: WeightedValues, rest: Double, step: Double?, range: ColumnRange, hasScale: Bool
  ) -> String {
    var parts: [String] = []
    if !choice.indices.isEmpty {
      let heaviest = choice.indices.max { all.counts[$0] < all.counts[$1] } ?? 0
      let percent = NumberText.shortest((1000 * all.counts[heaviest] / all.total).rounded() / 10)
      parts.append(
        "\(choice.indices.count == all.values.count ? "every value is a class" : choice.reason) "
          + "(\(choice.indices.count), most often \(NumberText.shortest(all.values[heaviest])) in \(percent) % of the rows)"
      )
    }
    if hasScale {
      let others =
        choice.indices.isEmpty ? "a smooth scale" : rest > 0 ? "the others on a smooth scale" : "room for others"
      parts.append(others + (step.map { " in cells of \(NumberText.shortest($0))" } ?? ""))
    }
    return (parts + range.reasons).joined(separator: "; ")
  }
}

extension ColumnRange {
  /// Bounds on the grid: the outermost multiples inside.
  mutating func align(to grid: RecordingStep) {
    let step = grid.value
    if let low = minimum {
      let on = grid.gridValue(low)
      minimum = on < low - 1e-9 * step ? grid.gridValue(on + step) : on
    }
    if let high = maximum {
      let on = grid.gridValue(high)
      maximum = on > high + 1e-9 * step ? grid.gridValue(on - step) : on
    }
    if let low = minimum, let high = maximum, low > high { (minimum, maximum) = (nil, nil) }
  }
}
