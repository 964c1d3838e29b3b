/// One modelled column of an encoder.
public struct EncodedColumn: Sendable, Codable, Equatable {
  /// What the column is.
  public let schema: ColumnSchema
  /// Its map to the model's scale.
  public let transform: ColumnTransform
  /// Fits the transform of one of a table's columns; `nil` if it has no present cell that counts.
  ///
  /// - Throws: `TableError.wrongKind`.
  package init?(fitting table: Table, weights: [Double]?, schema: ColumnSchema, options: EncoderOptions) throws {
    let values = try schema.numbers(table.column(schema.name), place: table.place(ofRow:)).values
    let rows = values.indices.filter { !values[$0].isNaN && weights?[$0] ?? 1 > 0 }
    if rows.isEmpty { return nil }
    self.init(
      fitting: rows.map { values[$0] }, weights: weights.map { weights in rows.map { weights[$0] }.asRowCounts },
      schema: schema, options: options)
  }

  /// Width of the cell that a value is spread over in training, in the column's units; 0: none.
  public let jitterWidth: Double
  /// Decoded values are rounded to multiples of this; `nil`: they are not.
  public let roundingStep: Double?

  private enum CodingKeys: String, CodingKey {
    case schema, transform
    case jitterWidth = "jitter_width"
    case roundingStep = "rounding_step"
  }

  /// Fits the column's transform.
  ///
  /// - Parameters:
  ///   - values: The column's finite values.
  ///   - weights: How often each counts, not all 0; 1 each when `nil`.
  ///   - schema: What the column is.
  ///   - options: Choices.
  package init(fitting values: [Double], weights: [Double]? = nil, schema: ColumnSchema, options: EncoderOptions) {
    self.schema = schema
    let isWhole = schema.kind == .wholeNumber || schema.kind == .date
    // Reals count as known to the step that prevails, even where a few values have more decimals.
    let prevailing = isWhole ? nil : RecordingStep.prevailing(values, weights: weights)?.value
    let step = max(schema.step ?? 0, prevailing ?? 0)
    // Errors of measurement keep their size on a shifted and scaled column only.
    if schema.errorColumn != nil {
      (jitterWidth, roundingStep) = (0, nil)
      transform = .standard(StandardTransform(fitting: values, weights: weights, cell: 0, log: false))
      return
    }
    jitterWidth = isWhole || options.jitter == .stepped ? step : 0
    roundingStep = isWhole || options.roundsReals ? schema.step ?? prevailing : nil
    let useLog = options.allowsLog ? schema.log : false
    transform =
      switch options.transform {
      case .standard: .standard(StandardTransform(fitting: values, weights: weights, cell: jitterWidth, log: useLog))
      case .marginal: .marginal(MarginalTransform(fitting: values, weights: weights, step: step > 0 ? step : nil))
      }
  }

  /// Width of the cell that a value is spread over in training: the column's, or that of the atom it is.
  package func jitterWidth(at x: Double) -> Double {
    if jitterWidth > 0 { return jitterWidth }
    if case .marginal(let marginal) = transform, let atom = marginal.atom(at: x), atom.value == x { return atom.width }
    return 0
  }

  /// Standard deviations of the column's errors of measurement on the model's scale, one a row of a table; `nil` where the
  /// column, or the table, has none.
  ///
  /// - Throws: `TableError.missingCell` or `.wrongKind` where a value has no error.
  package func errors(in table: Table) throws -> [Double]? {
    guard let name = schema.errorColumn, let column = table[name], case .standard(let standard) = transform else {
      return nil
    }
    guard let errors = column.numbers?.values else {
      throw TableError.wrongKind(column: name, expected: "numbers", found: "text")
    }
    let values = table[schema.name]?.numbers?.values
    return try errors.enumerated().map { row, error in
      if values?[row].isNaN ?? true { return 0 }
      let place = table.place(ofRow: row)
      if error.isNaN { throw TableError.missingCell(column: name, place: place, count: 1) }
      if error < 0 {
        throw TableError.wrongKind(
          column: name, expected: "errors (standard deviations) from 0",
          found: "\(NumberText.shortest(error)), \(place)")
      }
      return error / standard.scale
    }
  }

  /// Whether errors of measurement, if the column has any, keep their size on the model's scale.
  package var carriesErrors: Bool {
    guard schema.errorColumn != nil else { return true }
    if case .standard(let standard) = transform { return standard.shift == nil }
    return false
  }

  /// Name of the column.
  public var name: String { schema.name }

  /// Decimals to print the column's values with; `nil`: as many as they need.
  public var decimals: Int? { roundingStep.flatMap { RecordingStep($0)?.decimals } }

  /// A value of the model's scale decoded: rounded to the step or to the atom in whose cell it lies, whole numbers kept inside
  /// their range.
  package func decode(_ z: Double, step: RecordingStep?) -> Double {
    var x = transform.inverse(z)
    let isBounded = schema.kind != .real || schema.hasDeclaredRange
    if isBounded {
      x = min(max(x, schema.minimum ?? x), schema.maximum ?? x)
    }
    guard let step else {
      if case .marginal(let marginal) = transform, let atom = marginal.atom(at: x) { return atom.value }
      return x
    }
    let rounded = step.round(x)
    // A declared bound need not be a multiple of the step.
    return !isBounded ? rounded : min(max(rounded, schema.minimum ?? rounded), schema.maximum ?? rounded)
  }
}
