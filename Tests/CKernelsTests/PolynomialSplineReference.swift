import CKernels
import Foundation

/// A polynomial spline of one value, written plainly: what the kernels are held to.
struct PolynomialSplineReference {
  let knotsX: [Double]
  private let knotsY: [Double]
  /// Slopes at the ends of each bin.
  private let ends: [(left: Double, right: Double)]

  init(_ shape: pf_polynomial_shape, _ p: [Double]) {
    let bins = shape.bins
    let span = 2 * shape.bound
    func sizes(_ rows: ArraySlice<Double>) -> [Double] {
      let weights = rows.map { exp($0) }
      let sum = weights.reduce(0, +)
      let shared = 1 - Double(bins) * shape.min_bin
      return weights.map { span * (shape.min_bin + shared * $0 / sum) }
    }
    func cumulated(_ sizes: [Double]) -> [Double] { sizes.reduce(into: [-shape.bound]) { $0.append($0.last! + $1) } }
    if shape.degree == 1 {
      let heights = sizes(p[0..<bins])
      let width = span / Double(bins)
      knotsX = cumulated([Double](repeating: width, count: bins))
      knotsY = cumulated(heights)
      ends = heights.map { ($0 / width, $0 / width) }
      return
    }
    let widths = sizes(p[0..<bins])
    let raw: [Double] = p[bins...(2 * bins)].map { exp($0) }
    var area = 0.0
    for bin in 0..<bins { area += widths[bin] * (raw[bin] + raw[bin + 1]) / 2 }
    let scale: Double = (1 - shape.min_slope) * span / area
    let slopes: [Double] = raw.map { shape.min_slope + scale * $0 }
    var heights: [Double] = []
    for bin in 0..<bins { heights.append(widths[bin] * (slopes[bin] + slopes[bin + 1]) / 2) }
    knotsX = cumulated(widths)
    knotsY = cumulated(heights)
    ends = (0..<bins).map { (slopes[$0], slopes[$0 + 1]) }
  }

  func forward(_ x: Double) -> (y: Double, logDet: Double) {
    if x < knotsX[0] || x > knotsX.last! { return (x, 0) }
    let bin = min(knotsX.lastIndex { $0 <= x } ?? 0, ends.count - 1)
    let t = (x - knotsX[bin]) / (knotsX[bin + 1] - knotsX[bin])
    let slope = ends[bin].left + (ends[bin].right - ends[bin].left) * t
    // The area of a trapezium up to t.
    return (knotsY[bin] + (x - knotsX[bin]) * (ends[bin].left + slope) / 2, log(slope))
  }
}
