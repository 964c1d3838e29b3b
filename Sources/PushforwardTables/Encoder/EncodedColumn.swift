/// One modelled column of an encoder.
public struct EncodedColumn: Sendable, Codable, Equatable {
  /// What the column is.
  public let schema: ColumnSchema
  /// Its map to the model's scale.
  public let transform: ColumnTransform
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
  ///   - schema: What the column is.
  ///   - options: Choices.
  package init(fitting values: [Double], schema: ColumnSchema, options: EncoderOptions) {
    self.schema = schema
    let isWhole = schema.kind == .wholeNumber || schema.kind == .date
    // Reals count as known to the step that prevails, even where a few values have more decimals.
    let prevailing = isWhole ? nil : RecordingStep.prevailing(values)?.value
    let step = max(schema.step ?? 0, prevailing ?? 0)
    jitterWidth = isWhole || options.jitter == .stepped ? step : 0
    roundingStep = isWhole || options.roundsReals ? schema.step ?? prevailing : nil
    let useLog = options.allowsLog ? schema.log : false
    transform =
      switch options.transform {
      case .standard: .standard(StandardTransform(fitting: values, cell: jitterWidth, log: useLog))
      case .marginal: .marginal(MarginalTransform(fitting: values, step: step > 0 ? step : nil))
      }
  }

  /// Width of the cell that a value is spread over in training: the column's, or that of the atom it is.
  package func jitterWidth(at x: Double) -> Double {
    if jitterWidth > 0 { return jitterWidth }
    if case .marginal(let marginal) = transform, let atom = marginal.atom(at: x), atom.value == x { return atom.width }
    return 0
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
