import Foundation
import PushforwardCore
import PushforwardModels

/// `Tests/Reference/flows.json`, whose README says what each key means.
struct ReferenceFile: Decodable {
  let cases: [String: ReferenceCase]

  /// Reads the file of the package.
  static func load(from path: String = #filePath) throws -> ReferenceFile {
    let tests = URL(fileURLWithPath: path).deletingLastPathComponent().deletingLastPathComponent()
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(
      ReferenceFile.self, from: Data(contentsOf: tests.appendingPathComponent("Reference/flows.json")))
  }
}

struct ReferenceCase: Decodable {
  let kind: String
  let features: Int?
  let contextFeatures: Int?
  let context: [[Double]]?
  let x: [[Double]]?
  let z: [[Double]]?
  let logAbsDet: [Double]?
  let logProb: [Double]?
  let zGiven: [[Double]]?
  let xOfZ: [[Double]]?
  let inverseLogAbsDet: [Double]?
  let peerFloat32Error: [String: Double]?
  let output: [[Double]]?
  let outputsPerFeature: Int?
  let activation: String?
  let residual: Bool?
  let hiddenDegrees: [[Int]]?
  let activationBeforeOutput: Bool?
  let layers: [ReferenceLayer]?
  let curves: [ReferenceCurve]?
}

struct ReferenceCurve: Decodable {
  let transformer: ReferenceTransformer
  let parameters: [Double]
  let x: [Double]
  let y: [Double]
  let logSlope: [Double]
  let yGiven: [Double]
  let xOfY: [Double]
  let inverseLogSlope: [Double]
  let peerFloat32Error: [String: Double]?
}

struct ReferenceTransformer: Decodable {
  let type: String
  let logScaleBound: Double?
  let bins: Int?
  let bound: Double?
  let minBin: Double?
  let minSlope: Double?

  var transformer: Transformer {
    switch type {
    case "additive": .additive
    case "affine": .affine(logScaleBound: logScaleBound!)
    default:
      .rationalQuadraticSpline(bins: bins!, bound: bound!, minimumBin: minBin!, minimumSlope: minSlope!)
    }
  }
}

/// A layer of a flow, or of a network (weight and bias only).
struct ReferenceLayer: Decodable {
  let type: String?
  let weight: Numbers?
  let bias: Numbers?
  let order: [Int]?
  let transformer: ReferenceTransformer?
  let network: ReferenceNetwork?
  let isTransformed: [Bool]?
  let lower: Numbers?
  let upper: Numbers?
  let mean: Numbers?
  let variance: Numbers?
  let epsilon: Double?
  let logScale: Numbers?
  let shift: Numbers?
  let w: Numbers?
  let b: Numbers?
  let uUnconstrained: Numbers?
  let center: Numbers?
  let alpha: Numbers?
  let betaUnconstrained: Numbers?
}

struct ReferenceNetwork: Decodable {
  let features: Int?
  let contextFeatures: Int?
  let activation: String
  let residual: Bool?
  let hiddenDegrees: [[Int]]?
  let layers: [ReferenceLayer]

  /// Settings of the same network here.
  var settings: NetworkSettings {
    NetworkSettings(
      hidden: layers.dropLast().map(\.bias!.values.count), activation: Activation(rawValue: activation)!,
      residual: residual ?? false, boundsInput: false)
  }
}

/// A number, a vector or a matrix, row-major.
struct Numbers: Decodable {
  let values: [Double]

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Double.self) {
      values = [number]
    } else if let vector = try? container.decode([Double].self) {
      values = vector
    } else {
      values = try container.decode([[Double]].self).flatMap { $0 }
    }
  }
}

/// Builds the layers of a reference case out of this library's bijections, with the reference's parameters.
struct ReferenceBuilder<Scalar: TileScalar> {
  private var layout = ParameterLayout()
  private var values: [(name: String, values: [Double])] = []

  /// The flow of a case.
  static func subject(_ item: ReferenceCase) throws -> Subject<Scalar> {
    var builder = ReferenceBuilder()
    var parts: [any Bijection<Scalar>] = []
    for (index, layer) in item.layers!.enumerated() {
      parts += try builder.make(
        layer, features: item.features!, contextFeatures: item.contextFeatures ?? 0, name: "\(index)")
    }
    return Subject(bijection: Composition(parts, features: item.features!), parameters: try builder.parameters())
  }

  /// The network of a case of kind `made`.
  static func network(_ item: ReferenceCase) throws -> (MADE<Scalar>, Parameters<Scalar>) {
    var builder = ReferenceBuilder()
    let settings = NetworkSettings(
      hidden: item.hiddenDegrees!.map(\.count), activation: Activation(rawValue: item.activation!)!,
      residual: item.residual!, boundsInput: false)
    let made = MADE<Scalar>(
      features: item.features!, contextFeatures: item.contextFeatures!, outputsPerFeature: item.outputsPerFeature!,
      settings: settings, hiddenDegrees: item.hiddenDegrees!, layout: &builder.layout, name: "made")
    builder.add(item.layers!, name: "made")
    return (made, try builder.parameters())
  }

  private func parameters() throws -> Parameters<Scalar> {
    var parameters = Parameters<Scalar>(layout: layout)
    for (name, values) in values { try parameters.set(name, to: values.map { Scalar($0) }) }
    return parameters
  }

  private mutating func add(_ layers: [ReferenceLayer], name: String) {
    for (index, layer) in layers.enumerated() {
      let path = index == layers.count - 1 ? "\(name).output" : "\(name).hidden.\(index)"
      values.append(("\(path).weight", layer.weight!.values))
      values.append(("\(path).bias", layer.bias!.values))
    }
  }

  private mutating func make(
    _ layer: ReferenceLayer, features: Int, contextFeatures: Int, name: String
  ) throws -> [any Bijection<Scalar>] {
    switch layer.type! {
    case "permutation":
      return [Permutation(order: layer.order!)]
    case "autoregressive":
      let network = layer.network!
      let made = Autoregressive<Scalar>(
        features: features, contextFeatures: contextFeatures, transformer: layer.transformer!.transformer,
        network: network.settings, hiddenDegrees: network.hiddenDegrees, layout: &layout, name: name)
      add(network.layers, name: "\(name).conditioner")
      let order = layer.order!
      let back = order.indices.map { order.firstIndex(of: $0)! }
      return [Permutation(order: order), made, Permutation(order: back)]
    case "coupling":
      let coupling = Coupling<Scalar>(
        isTransformed: layer.isTransformed!, contextFeatures: contextFeatures,
        transformer: layer.transformer!.transformer, network: layer.network!.settings, layout: &layout, name: name)
      add(layer.network!.layers, name: "\(name).conditioner")
      return [coupling]
    default:
      return [try elementary(layer, features: features, name: name)]
    }
  }

  /// Layers without a network.
  private mutating func elementary(
    _ layer: ReferenceLayer, features n: Int, name: String
  ) throws -> any Bijection<Scalar> {
    func set(_ part: String, _ numbers: [Double]) { values.append(("\(name).\(part)", numbers)) }
    let specification: BijectionSpecification
    switch layer.type! {
    case "lu":
      // U = V diag(d): here V's transpose is stored, and log d.
      let (lower, upper) = (layer.lower!.values, layer.upper!.values)
      let diagonal = (0..<n).map { upper[$0 * n + $0] }
      var (below, transposed) = ([Double](repeating: 0, count: n * n), [Double](repeating: 0, count: n * n))
      for row in 0..<n {
        for column in 0..<row {
          below[row * n + column] = lower[row * n + column]
          transposed[row * n + column] = upper[column * n + row] / diagonal[row]
        }
      }
      set("lower", below)
      set("upper", transposed)
      set("log_diagonal", diagonal.map { log($0) })
      set("bias", layer.bias!.values)
      specification = .luLinear(order: nil)
    case "batch_norm":
      set("log_scale", layer.weight!.values.map { log($0) })
      set("shift", layer.bias!.values)
      set("mean", layer.mean!.values)
      set("variance", layer.variance!.values)
      specification = .batchNormalization(epsilon: layer.epsilon!)
    case "act_norm":
      set("log_scale", layer.logScale!.values)
      set("shift", layer.shift!.values)
      specification = .actNorm
    case "logit":
      specification = .logit(lower: [0], upper: [1], alpha: 0)
    case "planar":
      set("w", layer.w!.values)
      set("v", layer.uUnconstrained!.values)
      set("b", layer.b!.values)
      specification = .planar(network: nil)
    default:
      set("center", layer.center!.values)
      set("a", layer.alpha!.values.map { log(expm1($0)) })
      set("b", layer.betaUnconstrained!.values)
      specification = .radial(network: nil)
    }
    return try specification.make(features: n, as: Scalar.self, layout: &layout, name: name)
  }
}
