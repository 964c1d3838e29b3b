import PushforwardCore
import PushforwardModels

extension FlowSpecification {
  /// Refuses sizes that a file cannot mean, before anything is built from them.
  ///
  /// Every weight of a flow is stored in its file, so an architecture that takes more numbers than the file has is
  /// wrong, and building it could take any amount of memory.
  ///
  /// - Throws: `EngineError.invalidSetting`.
  func checkSizes(elements: Int) throws {
    let elements = max(elements, 1)
    try check("features", features, 1...elements)
    try check("context features", contextFeatures, 0...elements)
    var total = 0
    if let embedding { total += try weights(embedding, inputs: contextFeatures, outputs: 0, elements) }
    total += try weights(of: bijection, elements, depth: 0)
    try check("weights of the architecture", total, 0...elements)
  }

  private func weights(of part: BijectionSpecification, _ elements: Int, depth: Int) throws -> Int {
    try check("depth of nested bijections", depth, 0...64)
    switch part {
    case .autoregressive(let transformer, let network):
      return try weights(network, inputs: features, outputs: features, transformer, elements)
    case .coupling(let isTransformed, let transformer, let network):
      return try weights(
        network, inputs: isTransformed.count { !$0 }, outputs: isTransformed.count { $0 }, transformer, elements)
    case .composition(let parts):
      try check("bijections in a composition", parts.count, 0...max(elements, 1024))
      return try parts.reduce(0) {
        try check("weights", $0 + weights(of: $1, elements, depth: depth + 1), 0...elements)
      }
    case .inverted(let inner): return try weights(of: inner, elements, depth: depth + 1)
    case .luLinear: return try check("weights of a linear layer", product(features, features), 0...elements)
    default: return 0
    }
  }

  private func weights(
    _ network: NetworkSettings, inputs: Int, outputs: Int, _ transformer: Transformer, _ elements: Int
  ) throws -> Int {
    switch transformer {
    case .additive: break
    case .affine(let bound):
      if !(bound > 0 && bound <= 80) {
        throw EngineError.invalidSetting(name: "log-scale bound", expected: "above 0, at most 80", found: "\(bound)")
      }
    case .rationalQuadraticSpline(let bins, let bound, let minimumBin, let minimumSlope):
      try check("spline bins", bins, 1...1024)
      if !(bound > 0 && bound.isFinite && minimumBin > 0 && minimumBin * Double(bins) < 1 && minimumSlope > 0
        && minimumSlope < 1)
      {
        throw EngineError.invalidSetting(
          name: "spline", expected: "a finite bound, floors above 0 that leave room",
          found: "bound \(bound), floors \(minimumBin) and \(minimumSlope)")
      }
    }
    return try weights(network, inputs: inputs, outputs: outputs * transformer.parameterCount, elements)
  }

  private func weights(_ network: NetworkSettings, inputs: Int, outputs: Int, _ elements: Int) throws -> Int {
    var total = 0
    var width = inputs
    for next in network.hidden {
      try check("hidden width", next, 1...elements)
      total += try check("weights of a layer", product(width, next), 0...elements)
      width = next
    }
    return total + (try check("weights of a layer", product(width, outputs), 0...elements))
  }

  /// The product, or the largest number when it is larger than that.
  private func product(_ a: Int, _ b: Int) -> Int {
    let (result, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow ? .max : result
  }

  @discardableResult
  private func check(_ name: String, _ found: Int, _ range: ClosedRange<Int>) throws -> Int {
    if !range.contains(found) {
      throw EngineError.invalidSetting(
        name: name, expected: "from \(range.lowerBound) to \(range.upperBound)", found: "\(found)")
    }
    return found
  }
}
