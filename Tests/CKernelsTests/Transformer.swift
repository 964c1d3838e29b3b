import CKernels
import Testing

/// A univariate transformer of CKernels as arrays in, arrays out.
struct Transformer: CustomTestStringConvertible, Sendable {
  enum Kind: Sendable {
    case spline(bound: Double, minBin: Double, minSlope: Double, bins: Int), affine(bound: Double)
    case polynomial(degree: Int, bound: Double, minBin: Double, minSlope: Double, bins: Int)
  }

  let kind: Kind
  let features: Int, tiles: Int, lanes: Int

  var rows: Int {
    switch kind {
    case .spline(_, _, _, let bins): 3 * bins - 1
    case .affine: 2
    case .polynomial(let degree, _, _, _, let bins): degree == 1 ? bins : 2 * bins + 1
    }
  }
  var count: Int { features * tiles * lanes }
  var columns: Int { tiles * lanes }
  var testDescription: String { "\(kind), \(features) features, \(tiles) tiles, \(lanes) lanes" }

  var splineShape: pf_spline_shape {
    guard case .spline(let bound, let minBin, let minSlope, let bins) = kind else { preconditionFailure("no spline") }
    return pf_spline_shape(bound: bound, min_bin: minBin, min_slope: minSlope, bins: bins)
  }

  var polynomialShape: pf_polynomial_shape {
    guard case .polynomial(let degree, let bound, let minBin, let minSlope, let bins) = kind else {
      preconditionFailure("no polynomial spline")
    }
    return pf_polynomial_shape(
      bound: bound, min_bin: minBin, min_slope: minSlope, bins: bins, degree: Int32(degree))
  }

  /// Where parameter `row` of feature `f` lies in column `c`, and where the feature's value lies.
  func parameterIndex(_ row: Int, _ f: Int, _ c: Int) -> Int {
    (((c / lanes) * features + f) * rows + row) * lanes + c % lanes
  }
  func index(_ f: Int, _ c: Int) -> Int { ((c / lanes) * features + f) * lanes + c % lanes }
  func parameters(of f: Int, column c: Int, in p: [Double]) -> [Double] {
    (0..<rows).map { p[parameterIndex($0, f, c)] }
  }

  /// The knots of a spline's feature, by the reference.
  func knots(of f: Int, column c: Int, in p: [Double]) -> [Double] {
    let own = parameters(of: f, column: c, in: p)
    if case .polynomial = kind { return PolynomialSplineReference(polynomialShape, own).knotsX }
    return SplineReference(splineShape, own).knotsX
  }

  /// A spline's value and log-det at `x`, by the reference.
  func reference(_ x: Double, of f: Int, column c: Int, in p: [Double]) -> (y: Double, logDet: Double) {
    let own = parameters(of: f, column: c, in: p)
    if case .polynomial = kind { return PolynomialSplineReference(polynomialShape, own).forward(x) }
    return SplineReference(splineShape, own).forward(x)
  }

  func map(inverse: Bool, _ x: [Double], _ p: [Double], addedTo logDet: [Double]) -> (y: [Double], logDet: [Double]) {
    var (y, l) = ([Double](repeating: .nan, count: count), logDet)
    switch kind {
    case .spline:
      var shape = splineShape
      (inverse ? pf_spline_inverse_f64 : pf_spline_forward_f64)(&shape, x, p, &y, &l, features, tiles, lanes)
    case .affine(let bound):
      (inverse ? pf_affine_inverse_f64 : pf_affine_forward_f64)(bound, x, p, &y, &l, features, tiles, lanes)
    case .polynomial:
      var shape = polynomialShape
      (inverse ? pf_polynomial_inverse_f64 : pf_polynomial_forward_f64)(&shape, x, p, &y, &l, features, tiles, lanes)
    }
    return (y, l)
  }

  func map(inverse: Bool, _ x: [Double], _ p: [Double]) -> (y: [Double], logDet: [Double]) {
    map(inverse: inverse, x, p, addedTo: [Double](repeating: 0, count: columns))
  }

  func map(inverse: Bool, _ x: [Float], _ p: [Float]) -> (y: [Float], logDet: [Float]) {
    var (y, l) = ([Float](repeating: .nan, count: count), [Float](repeating: 0, count: columns))
    switch kind {
    case .spline:
      var shape = splineShape
      (inverse ? pf_spline_inverse_f32 : pf_spline_forward_f32)(&shape, x, p, &y, &l, features, tiles, lanes)
    case .affine(let bound):
      (inverse ? pf_affine_inverse_f32 : pf_affine_forward_f32)(bound, x, p, &y, &l, features, tiles, lanes)
    case .polynomial:
      var shape = polynomialShape
      (inverse ? pf_polynomial_inverse_f32 : pf_polynomial_forward_f32)(&shape, x, p, &y, &l, features, tiles, lanes)
    }
    return (y, l)
  }

  /// Adds to `dx` and `dp`; `x` is the argument of the map and `y` its result in either direction.
  func backward(
    inverse: Bool, _ x: [Double], _ y: [Double], _ p: [Double], dy: [Double], dLogDet: [Double], dx: inout [Double],
    dp: inout [Double]
  ) {
    switch kind {
    case .spline:
      var shape = splineShape
      let run = inverse ? pf_spline_inverse_backward_f64 : pf_spline_backward_f64
      run(&shape, x, y, p, dy, dLogDet, &dx, &dp, features, tiles, lanes)
    case .affine(let bound):
      let run = inverse ? pf_affine_inverse_backward_f64 : pf_affine_backward_f64
      run(bound, x, y, p, dy, dLogDet, &dx, &dp, features, tiles, lanes)
    case .polynomial:
      var shape = polynomialShape
      let run = inverse ? pf_polynomial_inverse_backward_f64 : pf_polynomial_backward_f64
      run(&shape, x, y, p, dy, dLogDet, &dx, &dp, features, tiles, lanes)
    }
  }

  func backward(
    inverse: Bool, _ x: [Float], _ y: [Float], _ p: [Float], dy: [Float], dLogDet: [Float], dx: inout [Float],
    dp: inout [Float]
  ) {
    switch kind {
    case .spline:
      var shape = splineShape
      let run = inverse ? pf_spline_inverse_backward_f32 : pf_spline_backward_f32
      run(&shape, x, y, p, dy, dLogDet, &dx, &dp, features, tiles, lanes)
    case .affine(let bound):
      let run = inverse ? pf_affine_inverse_backward_f32 : pf_affine_backward_f32
      run(bound, x, y, p, dy, dLogDet, &dx, &dp, features, tiles, lanes)
    case .polynomial:
      var shape = polynomialShape
      let run = inverse ? pf_polynomial_inverse_backward_f32 : pf_polynomial_backward_f32
      run(&shape, x, y, p, dy, dLogDet, &dx, &dp, features, tiles, lanes)
    }
  }

  static let all: [Transformer] = {
    let kinds: [Kind] = [
      .affine(bound: 3), .spline(bound: 5, minBin: 1e-3, minSlope: 1e-3, bins: 8),
      .spline(bound: 1, minBin: 0.01, minSlope: 0.1, bins: 5), .spline(bound: 3, minBin: 1e-4, minSlope: 1e-3, bins: 1),
      .spline(bound: 8, minBin: 1e-3, minSlope: 1e-2, bins: 2),
      .spline(bound: 10, minBin: 1e-4, minSlope: 1e-3, bins: 32),
      .polynomial(degree: 1, bound: 4, minBin: 1e-3, minSlope: 1e-3, bins: 7),
      .polynomial(degree: 1, bound: 2, minBin: 1e-2, minSlope: 1e-3, bins: 1),
      .polynomial(degree: 2, bound: 4, minBin: 1e-3, minSlope: 1e-3, bins: 6),
      .polynomial(degree: 2, bound: 3, minBin: 1e-3, minSlope: 0.1, bins: 1),
      .polynomial(degree: 2, bound: 10, minBin: 1e-4, minSlope: 1e-2, bins: 32),
    ]
    let sizes = [(1, 1, 64), (3, 2, 64), (4, 0, 64), (1, 1, 1), (21, 1, 1)]
    return kinds.flatMap { kind in
      sizes.map { Transformer(kind: kind, features: $0.0, tiles: $0.1, lanes: $0.2) }
    }
  }()
}
