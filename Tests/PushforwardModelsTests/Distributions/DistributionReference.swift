import Foundation
import PushforwardModels
import Testing

/// Tests/Reference/distributions.json, which Scripts/reference/distributions.py writes.
struct DistributionReference: Decodable {
  /// A number, or the name of one that JSON cannot write.
  struct Number: Decodable {
    let value: Double
    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Double.self) {
        value = number
      } else {
        value = try #require(Double(container.decode(String.self)))
      }
    }
  }

  struct Case: Decodable, CustomTestStringConvertible {
    let name: String
    let distribution: AnyDistribution
    let x: [Double]
    let logProb, lower, upper, logLower, logUpper: [Number]
    let level: [Double]
    let quantile, upperQuantile: [Number]
    let mean, variance, entropy: Number?
    var testDescription: String { name }
  }

  struct Divergence: Decodable, CustomTestStringConvertible {
    let from, to: AnyDistribution
    let value: Number
    var testDescription: String { "\(from.base) to \(to.base)" }
  }

  struct SpecialValues: Decodable {
    let positive, real: [Double]
    let digamma, logGammaOnePlus, stirlingError, erfcx: [Number]
  }

  struct MultivariateValues: Decodable {
    let mean, covariance, otherMean, otherCovariance, rows, logProb: [Double]
    let entropy, klDivergence, conditionalValue: Double
    let conditionalMean, conditionalCovariance: [Double]
  }

  let cases: [Case]
  let divergences: [Divergence]
  let specialFunctions: SpecialValues
  let multivariateNormal: MultivariateValues

  static let shared: DistributionReference = {
    var folder = URL(fileURLWithPath: #filePath)
    while folder.lastPathComponent != "Tests" { folder.deleteLastPathComponent() }
    do {
      let data = try Data(contentsOf: folder.appendingPathComponent("Reference/distributions.json"))
      return try JSONDecoder().decode(DistributionReference.self, from: data)
    } catch {
      fatalError("Tests/Reference/distributions.json: \(error)")
    }
  }()
}
