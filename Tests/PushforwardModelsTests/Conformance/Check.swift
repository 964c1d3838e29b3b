import Foundation
import PushforwardCore
import PushforwardModels

/// What every bijection promises.
///
/// Each check returns the failures it finds, so that the suite can itself be tested on broken bijections.
enum Check: String, CaseIterable, Sendable {
  case roundTrip = "the inverse undoes forward, and forward the inverse"
  case logDetPair = "the inverse's log-determinant is the negative of forward's"
  case jacobian = "the log-determinant is that of the tape's Jacobian"
  case differences = "the log-determinant is that of the Jacobian by central differences"
  case gradients = "gradients of value and log-determinant agree with central differences"
  case batch = "a batch of n equals n batches of one"
  case precision = "Float agrees with Double"
  case empty = "an empty batch gives an empty result"
  case extremes = "values and gradients are finite at knots, bounds and far outside"
  case shapes = "wrong shapes throw"

  /// Runs the check.
  func failures(_ item: BijectionCase, _ subject: Subject<Double>, _ float: Subject<Float>) throws -> [String] {
    var found: [String] = []
    for direction in Direction.allCases {
      let checker = Checker(item: item, subject: subject, direction: direction)
      let messages =
        switch self {
        case .roundTrip: try checker.roundTrip() + checker.roundTripFloat(float)
        case .logDetPair: try checker.logDetPair()
        case .jacobian: try checker.jacobian()
        case .differences: try checker.differences()
        case .gradients: try checker.gradients()
        case .batch: try checker.batch()
        case .precision: try checker.precision(float)
        case .empty: try checker.empty()
        case .extremes: try checker.extremes(subject) + checker.extremes(float)
        case .shapes: checker.shapes()
        }
      found += messages.map { "\(direction): \($0)" }
    }
    return found
  }
}

/// The largest relative error: absolute below `scale`, relative above.
func relativeError<Scalar: TileScalar>(_ a: [Scalar], _ b: [Double], scale: Double = 1) -> Double {
  precondition(a.count == b.count, "relativeError: \(a.count) and \(b.count) numbers")
  var worst = 0.0
  for (left, right) in zip(a, b) {
    let error = abs(Double(left) - right) / max(scale, abs(right))
    worst = error.isNaN ? .infinity : max(worst, error)
  }
  return worst
}

/// `log |det|` by elimination with row exchanges.
func logAbsDeterminant(_ matrix: [[Double]]) -> Double {
  var a = matrix
  let n = a.count
  var total = 0.0
  for k in 0..<n {
    let pivot = (k..<n).max { abs(a[$0][k]) < abs(a[$1][k]) }!
    a.swapAt(k, pivot)
    total += log(abs(a[k][k]))
    for row in k + 1..<max(n, k + 1) {
      let factor = a[row][k] / a[k][k]
      for column in k..<n { a[row][column] -= factor * a[k][column] }
    }
  }
  return total
}
