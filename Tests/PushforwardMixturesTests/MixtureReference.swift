import Foundation
import PushforwardCore
import PushforwardMixtures
import Testing

/// Tests/Reference/mixtures.json, which Scripts/reference/mixtures.py writes.
struct MixtureReference: Decodable {
  struct Case: Decodable {
    let kind: CovarianceKind
    let rounds: Int
    let startMeans, startVariances, weights, means, covariances, logProb, responsibilities: [Double]
    let meanLogProb, bic: Double
  }
  struct Gap: Decodable {
    let present: [Int]
    let logProb: [Double]
  }
  struct Kernel: Decodable {
    let bandwidth: Double
    let logProb: [Double]
  }
  let rows, standardised: [Double]
  let dimension: Int
  let cases: [Case]
  let gaps: [Gap]
  let kernel: [Kernel]

  static func load() throws -> MixtureReference {
    var folder = URL(fileURLWithPath: #filePath)
    while folder.lastPathComponent != "Tests" { folder.deleteLastPathComponent() }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(
      MixtureReference.self, from: Data(contentsOf: folder.appendingPathComponent("Reference/mixtures.json")))
  }

  var matrix: Matrix<Double> { Matrix(rows: rows.count / dimension, columns: dimension, values: rows) }
}

/// The largest difference of two lists, relative where values exceed 1.
func distance(_ a: [Double], _ b: [Double]) -> Double {
  a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1) / max(1, abs($1.1))) } : .infinity
}
