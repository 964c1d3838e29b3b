import Foundation
import PushforwardCore
import PushforwardMixtures
import PushforwardSequences
import Testing

/// Tests/Reference/sequences.json, which Scripts/reference/sequences.py writes with hmmlearn.
struct SequenceReference: Decodable {
  struct Fitted: Decodable {
    let initial, transition: [Double]
    let means, covariances, probabilities: [Double]?
    let logLikelihood: Double
  }
  struct Gaussian: Decodable {
    let kind: EmissionKind
    let perState: Int
    let weights, means, covariances, logProb, pathLogProb, posteriors: [Double]
    let path: [Int32]
    let fitted: Fitted?
  }
  struct Categorical: Decodable {
    let codes: [Int32]
    let levels: Int
    let probabilities, logProb, pathLogProb, posteriors: [Double]
    let path: [Int32]
    let fitted: Fitted
  }
  let states, dimension, rounds: Int
  let lengths: [Int]
  let initial, transition, rows: [Double]
  let gaussian: [Gaussian]
  let categorical: Categorical

  static func load() throws -> SequenceReference {
    var folder = URL(fileURLWithPath: #filePath)
    while folder.lastPathComponent != "Tests" { folder.deleteLastPathComponent() }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(
      SequenceReference.self, from: Data(contentsOf: folder.appendingPathComponent("Reference/sequences.json")))
  }

  var numbers: MixtureRows {
    get throws {
      try MixtureRows(numbers: Matrix(rows: rows.count / dimension, columns: dimension, values: rows))
    }
  }
  var codes: MixtureRows {
    get throws {
      try MixtureRows(
        numbers: Matrix(rows: categorical.codes.count, columns: 0), codes: categorical.codes,
        levels: [categorical.levels])
    }
  }
  var sequences: SequenceLayout { get throws { try SequenceLayout(lengths: lengths) } }
  var chain: MarkovChain { get throws { try MarkovChain(initial: initial, transition: transition) } }

  func model(_ parameters: Gaussian) throws -> ComponentHiddenMarkovModel {
    let emission = try ComponentEmission(
      GaussianMixture(
        features: dimension, weights: parameters.weights, means: parameters.means,
        kind: parameters.kind == .gaussian ? .full : .diagonal, covariances: parameters.covariances),
      perState: parameters.perState)
    return try HiddenMarkovModel(chain: chain, emission: emission)
  }

  var categoricalModel: ComponentHiddenMarkovModel {
    get throws {
      let emission = try ComponentEmission(
        GaussianMixture(
          features: 0, weights: [Double](repeating: 1, count: states), means: [], kind: .full, covariances: [],
          levels: [categorical.levels], probabilities: [categorical.probabilities]))
      return try HiddenMarkovModel(chain: chain, emission: emission)
    }
  }
}

/// The largest difference of two lists, relative where values exceed 1.
func distance(_ a: [Double], _ b: [Double]) -> Double {
  a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1) / max(1, abs($1.1))) } : .infinity
}
