import PushforwardCore
import PushforwardInterchange

extension ModelArchive {
  /// Stores each slice of a parameter buffer as a tensor under its own name.
  ///
  /// - Throws: `SafeTensorsError`.
  public mutating func add(_ parameters: Parameters<Float>, layout: ParameterLayout) throws {
    for slice in layout.slices {
      try add(slice.name, shape: [slice.rows, slice.columns], parameters[slice])
    }
  }

  /// Reads a parameter buffer; shapes are checked before it is allocated.
  ///
  /// - Parameters:
  ///   - layout: The slices, which must all be there.
  ///   - prefixes: How the names of other tensors begin; there must be none but these.
  /// - Returns: The numbers.
  /// - Throws: `EstimatorError.notAModel`, `SafeTensorsError`.
  public func parameters(layout: ParameterLayout, besides prefixes: [String] = []) throws -> Parameters<Float> {
    let unknown = tensorNames.first { name in
      layout.slice(named: name) == nil && !prefixes.contains { name.hasPrefix($0) }
    }
    if let unknown { throw damage("unknown tensor '\(unknown)'") }
    let numbers = try layout.slices.map { slice in
      try values(slice.name, shape: [slice.rows, slice.columns], as: Float.self)
    }
    var parameters = Parameters<Float>.zeros(layout: layout)
    for (slice, values) in zip(layout.slices, numbers) { parameters[slice] = values }
    return parameters
  }
}
