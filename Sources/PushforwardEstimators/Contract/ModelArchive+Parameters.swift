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

  /// Reads a parameter buffer; there must be no other tensors, and shapes are checked before the buffer is allocated.
  ///
  /// - Throws: `EstimatorError.notAModel`, `SafeTensorsError`.
  public func parameters(layout: ParameterLayout) throws -> Parameters<Float> {
    if let extra = tensorNames.first(where: { layout.slice(named: $0) == nil }) {
      throw damage("unknown tensor '\(extra)'")
    }
    let numbers = try layout.slices.map { slice in
      try values(slice.name, shape: [slice.rows, slice.columns], as: Float.self)
    }
    var parameters = Parameters<Float>.zeros(layout: layout)
    for (slice, values) in zip(layout.slices, numbers) { parameters[slice] = values }
    return parameters
  }
}
