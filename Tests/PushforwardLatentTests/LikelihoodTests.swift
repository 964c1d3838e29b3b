import CKernels
import Foundation
import PushforwardCore
import PushforwardLatent
import Testing

/// The kernel's log-likelihood and its slope.
func likelihood<Scalar: LatentScalar>(
  _ columns: [ColumnLikelihood], cells: [Double], parameters: [Double], as type: Scalar.Type = Scalar.self
) -> (total: Double, slope: [Double]) {
  let kernels = columns.map { $0.kernelColumn(floor: 0.01) }
  var total: [Scalar] = [0]
  var slope = [Scalar](repeating: 0, count: parameters.count)
  Scalar.likelihood(
    kernels, kernels.count, cells.map { Scalar($0) }, parameters.map { Scalar($0) }, &total, &slope, 1, 1)
  return (Double(total[0]), slope.map { Double($0) })
}

/// Likelihoods of columns, as the decoder is scored.
@Suite struct LikelihoodTests {
  private static let columns: [ColumnLikelihood] = [
    .gaussian(center: 0, scale: 1), .bernoulli, .categorical(levels: 4),
    .discretized(lower: 0, upper: 16, step: 1, center: 8, scale: 8),
    .discretized(lower: nil, upper: nil, step: 1, center: 0, scale: 2),
    .discretized(lower: 3, upper: 3, step: 1, center: 3, scale: 1),
  ]
  private static let parameters = [0.3, -0.4, 0.7, 0.1, -1.2, 0.5, 0.9, -0.2, -1.5, 0.4, 0.3, 1.0, 0.2]

  @Test func valuesAreThoseOfTheFormulas() {
    func softplus(_ x: Double) -> Double { log1p(exp(x)) }
    func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    let scale = softplus(-0.4) + 0.01
    let gaussian = -0.5 * pow((1.2 - 0.3) / scale, 2) - log(scale) - 0.5 * log(2 * Double.pi)
    let columns = Self.columns
    #expect(
      abs(likelihood([columns[0]], cells: [1.2], parameters: [0.3, -0.4], as: Double.self).total - gaussian) < 1e-12)
    let bernoulli = likelihood([columns[1]], cells: [0], parameters: [0.7], as: Double.self).total
    #expect(abs(bernoulli - log(1 - logistic(0.7))) < 1e-12)
    let logits = [0.1, -1.2, 0.5, 0.9]
    let sum = logits.reduce(0) { $0 + exp($1) }
    let categorical = likelihood([columns[2]], cells: [2], parameters: logits, as: Double.self).total
    #expect(abs(categorical - (0.5 - log(sum))) < 1e-12)
    // Shade 5 of 0...16: from 4.5 to 5.5, counted as (x - 8) / 8.
    let width = softplus(-1.5) + 0.1 / 16
    let mass = logistic(((5.5 - 8) / 8 + 0.2) / width) - logistic(((4.5 - 8) / 8 + 0.2) / width)
    let shade = likelihood([columns[3]], cells: [(5.0 - 8) / 8], parameters: [-0.2, -1.5], as: Double.self).total
    #expect(abs(shade - log(mass)) < 1e-12)
    #expect(likelihood([columns[5]], cells: [0], parameters: [1.0, 0.2], as: Double.self).total == 0)
    // A change of units: a column ten times as wide has a density a tenth as high.
    let wide = likelihood([.gaussian(center: 5, scale: 10)], cells: [1.2], parameters: [0.3, -0.4], as: Double.self)
    #expect(abs(wide.total - (gaussian - log(10))) < 1e-12)
  }

  @Test(arguments: [-40.0, -3, 0, 2, 25]) func massesSumToOne(_ s: Double) {
    for mean in [-3.0, -0.9, 0.1, 5] {
      let shades = (0...16).map { level in
        exp(
          likelihood([Self.columns[3]], cells: [(Double(level) - 8) / 8], parameters: [mean, s], as: Double.self).total)
      }
      #expect(abs(shades.reduce(0, +) - 1) < 1e-9)
      if s < 3 {
        let whole = (-4000...4000).map { level in
          exp(
            likelihood([Self.columns[4]], cells: [Double(level) / 2], parameters: [mean, s], as: Double.self).total)
        }
        #expect(abs(whole.reduce(0, +) - 1) < 1e-9)
      }
    }
  }

  @Test func slopesAgreeWithDifferences() {
    for cells in [
      [1.2, 1, 2, -0.375, 3.5, 0], [-0.7, 0, 0, -1, -1, 0], [0.1, 1, 3, 1, 0, 0],
      [ColumnLikelihood.missing, 1, ColumnLikelihood.missing, 0.5, ColumnLikelihood.missing, 0],
    ] {
      let slope = likelihood(Self.columns, cells: cells, parameters: Self.parameters, as: Double.self).slope
      for index in Self.parameters.indices {
        func moved(_ h: Double) -> Double {
          var parameters = Self.parameters
          parameters[index] += h
          return likelihood(Self.columns, cells: cells, parameters: parameters, as: Double.self).total
        }
        let h = 1e-4
        let numeric = (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h)
        #expect(abs(slope[index] - numeric) < 1e-8, "parameter \(index), cells \(cells)")
      }
    }
  }

  @Test func missingCellsAddNothing() {
    let missing = [Double](repeating: ColumnLikelihood.missing, count: Self.columns.count)
    let found = likelihood(Self.columns, cells: missing, parameters: Self.parameters, as: Float.self)
    #expect(found.total == 0)
    #expect(found.slope.allSatisfy { $0 == 0 })
  }

  @Test func floatAndDoubleAgreeAndExtremesAreFinite() {
    for scale in [0.0, 50, -50, 1e4, -1e4] {
      let parameters = Self.parameters.map { $0 + scale }
      let cells = [1.2, 1, 2, -0.375, 3.5, 0]
      let single = likelihood(Self.columns, cells: cells, parameters: parameters, as: Float.self)
      let double = likelihood(Self.columns, cells: cells, parameters: parameters, as: Double.self)
      #expect(double.total.isFinite && single.total.isFinite)
      #expect(double.slope.allSatisfy(\.isFinite) && single.slope.allSatisfy(\.isFinite))
      #expect(abs(single.total - double.total) < 1e-5 * max(1, abs(double.total)))
    }
  }
}
