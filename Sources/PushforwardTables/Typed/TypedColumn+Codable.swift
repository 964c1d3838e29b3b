extension TypedColumn: Codable {
  private enum CodingKeys: String, CodingKey {
    case schema, role, reason, values, levels, scale, step, origin, resolution, circle, positions
    case classShares = "class_shares"
    case missingShare = "missing_share"
    case presentWeight = "present_weight"
  }

  /// Reads a column and checks that its parts fit.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    schema = try container.decode(ColumnSchema.self, forKey: .schema)
    role = try container.decode(TypedRole.self, forKey: .role)
    reason = try container.decode(String.self, forKey: .reason)
    values = try container.decode([Double].self, forKey: .values)
    levels = try container.decodeIfPresent(CategoryClasses.self, forKey: .levels)
    scale = try container.decodeIfPresent(TypedScale.self, forKey: .scale)
    step = try container.decodeIfPresent(Double.self, forKey: .step)
    origin = try container.decode(Double.self, forKey: .origin)
    resolution = try container.decode(Double.self, forKey: .resolution)
    circle = try container.decodeIfPresent(Circle.self, forKey: .circle)
    classShares = try container.decode([Double].self, forKey: .classShares)
    positions = try container.decodeIfPresent([Double].self, forKey: .positions)
    missingShare = try container.decode(Double.self, forKey: .missingShare)
    presentWeight = try container.decode(Double.self, forKey: .presentWeight)
    let isOfCategories = [.category, .ordinal, .boolean].contains(role)
    let isStepSound = step.map { RecordingStep($0) != nil } ?? true
    let isCircleSound =
      circle.map { $0.period > 0 && $0.period.isFinite && $0.origin.isFinite && $0.cut.isFinite } ?? true
    guard isOfCategories == (levels != nil) || (role == .boolean && levels == nil), levels == nil || scale == nil,
      levels == nil || values.isEmpty, scale == nil || scale?.step == step, classes > 0, classShares.count == classes,
      classShares.allSatisfy({ $0 > 0 && $0 <= 1 }), abs(classShares.reduce(0, +) - 1) < 1e-6,
      values.allSatisfy(\.isFinite), zip(values, values.dropFirst()).allSatisfy({ $0 < $1 }), isStepSound,
      isCircleSound,
      positions.map({ $0.count == atoms && $0.allSatisfy(\.isFinite) }) ?? true, resolution > 0, resolution.isFinite,
      origin.isFinite, presentWeight > 0, presentWeight.isFinite, (0...1).contains(missingShare)
    else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "the parts of column \(quoted(schema.name)) do not fit")
      )
    }
  }

  /// Writes all parts.
  public func encode(to encoder: any Swift.Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(schema, forKey: .schema)
    try container.encode(role, forKey: .role)
    try container.encode(reason, forKey: .reason)
    try container.encode(values, forKey: .values)
    try container.encodeIfPresent(levels, forKey: .levels)
    try container.encodeIfPresent(scale, forKey: .scale)
    try container.encodeIfPresent(step, forKey: .step)
    try container.encode(origin, forKey: .origin)
    try container.encode(resolution, forKey: .resolution)
    try container.encodeIfPresent(circle, forKey: .circle)
    try container.encode(classShares, forKey: .classShares)
    try container.encodeIfPresent(positions, forKey: .positions)
    try container.encode(missingShare, forKey: .missingShare)
    try container.encode(presentWeight, forKey: .presentWeight)
  }
}
