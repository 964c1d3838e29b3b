import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The rational-quadratic spline of arXiv:1906.04032, equations 4 and 5, one value at a time and as written.
struct SplineReference {
  let knotsX: [Double], knotsY: [Double], slopes: [Double]

  /// Takes `3 * bins - 1` unnormalised widths, heights and interior slopes.
  init(_ shape: pf_spline_shape, _ parameters: [Double]) {
    let bins = shape.bins
    func knots(_ u: ArraySlice<Double>) -> [Double] {
      let top = u.max()!
      let total = u.reduce(0) { $0 + exp($1 - top) }
      return u.reduce(into: [-shape.bound]) { knots, value in
        let share = shape.min_bin + (1 - shape.min_bin * Double(bins)) * exp(value - top) / total
        knots.append(knots.last! + 2 * shape.bound * share)
      }
    }
    knotsX = knots(parameters[..<bins])
    knotsY = knots(parameters[bins..<(2 * bins)])
    let shift = log(exp(1 - shape.min_slope) - 1)
    slopes = [1] + parameters[(2 * bins)...].map { shape.min_slope + log1p(exp($0 + shift)) } + [1]
  }

  func forward(_ x: Double) -> (y: Double, logDet: Double) {
    guard x >= knotsX.first!, x <= knotsX.last! else { return (x, 0) }
    let k = min(knotsX.lastIndex { $0 <= x }!, knotsX.count - 2)
    let (width, height) = (knotsX[k + 1] - knotsX[k], knotsY[k + 1] - knotsY[k])
    let (s, t) = (height / width, (x - knotsX[k]) / width)
    let denominator = s + (slopes[k + 1] + slopes[k] - 2 * s) * t * (1 - t)
    let numerator = slopes[k + 1] * t * t + 2 * s * t * (1 - t) + slopes[k] * (1 - t) * (1 - t)
    return (
      knotsY[k] + height * (s * t * t + slopes[k] * t * (1 - t)) / denominator,
      log(s * s * numerator / (denominator * denominator))
    )
  }
}
