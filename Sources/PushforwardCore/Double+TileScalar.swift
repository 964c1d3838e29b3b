import CKernels

extension Double: TileScalar {
  /// See `TileScalar`.
  public static var storageName: String { "F64" }

  // MARK: Linear layers

  /// See `TileScalar`.
  @inlinable public static func linearForward(
    _ weight: UnsafePointer<Double>, _ stride: Int, _ bias: UnsafePointer<Double>?, _ x: UnsafePointer<Double>,
    _ residual: UnsafePointer<Double>?, _ y: UnsafeMutablePointer<Double>, _ pre: UnsafeMutablePointer<Double>?,
    _ out: Int, _ `in`: Int, _ extent: UnsafePointer<Int32>?, _ tiles: Int, _ lanes: Int, _ activation: Int32
  ) {
    pf_linear_forward_f64(weight, stride, bias, x, residual, y, pre, out, `in`, extent, tiles, lanes, activation)
  }

  /// See `TileScalar`.
  @inlinable public static func linearBackwardInput(
    _ weight: UnsafePointer<Double>, _ stride: Int, _ dy: UnsafePointer<Double>, _ rectified: UnsafePointer<Double>?,
    _ dx: UnsafeMutablePointer<Double>, _ out: Int, _ `in`: Int, _ firstRow: UnsafePointer<Int32>?, _ tiles: Int,
    _ lanes: Int, _ accumulate: Int32
  ) {
    pf_linear_backward_input_f64(weight, stride, dy, rectified, dx, out, `in`, firstRow, tiles, lanes, accumulate)
  }

  /// See `TileScalar`.
  @inlinable public static func linearBackwardWeight(
    _ dy: UnsafePointer<Double>, _ x: UnsafePointer<Double>, _ dWeight: UnsafeMutablePointer<Double>, _ stride: Int,
    _ dBias: UnsafeMutablePointer<Double>?, _ out: Int, _ `in`: Int, _ extent: UnsafePointer<Int32>?, _ tiles: Int,
    _ lanes: Int, _ scratch: UnsafeMutablePointer<Double>
  ) {
    pf_linear_backward_weight_f64(dy, x, dWeight, stride, dBias, out, `in`, extent, tiles, lanes, scratch)
  }

  /// See `TileScalar`.
  @inlinable public static func triangularSolve(
    _ matrix: UnsafePointer<Double>, _ stride: Int, _ b: UnsafePointer<Double>, _ x: UnsafeMutablePointer<Double>,
    _ n: Int, _ upper: Int32, _ unit: Int32, _ transposed: Int32, _ tiles: Int, _ lanes: Int
  ) {
    pf_triangular_solve_f64(matrix, stride, b, x, n, upper, unit, transposed, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func rowsToTiles(
    _ rows: UnsafePointer<Double>, _ stride: Int, _ tiles: UnsafeMutablePointer<Double>, _ rowCount: Int,
    _ features: Int, _ lanes: Int
  ) {
    pf_rows_to_tiles_f64(rows, stride, tiles, rowCount, features, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func tilesToRows(
    _ tiles: UnsafePointer<Double>, _ rows: UnsafeMutablePointer<Double>, _ stride: Int, _ rowCount: Int,
    _ features: Int, _ lanes: Int
  ) {
    pf_tiles_to_rows_f64(tiles, rows, stride, rowCount, features, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func activationBackward(
    _ activation: Int32, _ saved: UnsafePointer<Double>, _ dy: UnsafePointer<Double>,
    _ dz:
      UnsafeMutablePointer<Double>, _ count: Int
  ) {
    pf_activation_backward_f64(activation, saved, dy, dz, count)
  }

  // MARK: Elementwise functions and reductions

  /// See `TileScalar`.
  @inlinable public static func unary(
    _ op: Int32, _ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ count: Int
  ) {
    pf_unary_f64(op, x, y, count)
  }

  /// See `TileScalar`.
  @inlinable public static func unaryBackward(
    _ op: Int32, _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ dy: UnsafePointer<Double>,
    _ dx:
      UnsafeMutablePointer<Double>, _ count: Int
  ) {
    pf_unary_backward_f64(op, x, y, dy, dx, count)
  }

  /// See `TileScalar`.
  @inlinable public static func binary(
    _ op: Int32, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>,
    _ count:
      Int
  ) {
    pf_binary_f64(op, a, b, y, count)
  }

  /// See `TileScalar`.
  @inlinable public static func binaryBackward(
    _ op: Int32, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ dy: UnsafePointer<Double>,
    _ da:
      UnsafeMutablePointer<Double>?, _ db: UnsafeMutablePointer<Double>?, _ count: Int
  ) {
    pf_binary_backward_f64(op, a, b, dy, da, db, count)
  }

  /// See `TileScalar`.
  @inlinable public static func scaleShift(
    _ x: UnsafePointer<Double>, _ scale: Double, _ shift: Double, _ y: UnsafeMutablePointer<Double>, _ count: Int
  ) {
    pf_scale_shift_f64(x, scale, shift, y, count)
  }

  /// See `TileScalar`.
  @inlinable public static func axpy(
    _ scale: Double, _ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ count: Int
  ) {
    pf_axpy_f64(scale, x, y, count)
  }

  /// See `TileScalar`.
  @inlinable public static func fill(
    _ y: UnsafeMutablePointer<Double>, _ value: Double, _ count: Int
  ) {
    pf_fill_f64(y, value, count)
  }

  /// See `TileScalar`.
  @inlinable public static func sum(
    _ x: UnsafePointer<Double>, _ count: Int
  ) -> Double {
    pf_sum_f64(x, count)
  }

  /// See `TileScalar`.
  @inlinable public static func countNonFinite(
    _ x: UnsafePointer<Double>, _ count: Int
  ) -> Int {
    pf_count_nonfinite_f64(x, count)
  }

  /// See `TileScalar`.
  @inlinable public static func sumFeatures(
    _ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_sum_features_f64(x, y, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func broadcastFeatures(
    _ dy: UnsafePointer<Double>, _ dx: UnsafeMutablePointer<Double>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_broadcast_features_f64(dy, dx, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func logSumExpFeatures(
    _ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_logsumexp_features_f64(x, y, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func logSumExpFeaturesBackward(
    _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ dy: UnsafePointer<Double>,
    _ dx:
      UnsafeMutablePointer<Double>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_logsumexp_features_backward_f64(x, y, dy, dx, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func standardNormalLogDensity(
    _ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_standard_normal_log_density_f64(x, y, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func standardNormalLogDensityBackward(
    _ x: UnsafePointer<Double>, _ dy: UnsafePointer<Double>, _ dx: UnsafeMutablePointer<Double>, _ features: Int,
    _ tiles: Int, _ lanes: Int
  ) {
    pf_standard_normal_log_density_backward_f64(x, dy, dx, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func featureAffine(
    _ x: UnsafePointer<Double>, _ scale: UnsafePointer<Double>?, _ shift: UnsafePointer<Double>?,
    _ y:
      UnsafeMutablePointer<Double>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_feature_affine_f64(x, scale, shift, y, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func featureDot(
    _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>?, _ out: UnsafeMutablePointer<Double>, _ features: Int,
    _ tiles: Int, _ lanes: Int
  ) {
    pf_feature_dot_f64(a, b, out, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func gatherFeatures(
    _ x: UnsafePointer<Double>, _ index: UnsafePointer<Int32>, _ y: UnsafeMutablePointer<Double>, _ inFeatures: Int,
    _ outFeatures: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_gather_features_f64(x, index, y, inFeatures, outFeatures, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func scatterAddFeatures(
    _ dy: UnsafePointer<Double>, _ index: UnsafePointer<Int32>, _ dx: UnsafeMutablePointer<Double>,
    _ inFeatures:
      Int, _ outFeatures: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_scatter_add_features_f64(dy, index, dx, inFeatures, outFeatures, tiles, lanes)
  }

  // MARK: Univariate transformers

  /// See `TileScalar`.
  @inlinable public static func splineForward(
    _ shape: UnsafePointer<pf_spline_shape>, _ x: UnsafePointer<Double>, _ params: UnsafePointer<Double>,
    _ y:
      UnsafeMutablePointer<Double>, _ logDet: UnsafeMutablePointer<Double>, _ features: Int, _ tiles: Int,
    _ lanes:
      Int
  ) {
    pf_spline_forward_f64(shape, x, params, y, logDet, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func splineInverse(
    _ shape: UnsafePointer<pf_spline_shape>, _ y: UnsafePointer<Double>, _ params: UnsafePointer<Double>,
    _ x:
      UnsafeMutablePointer<Double>, _ logDet: UnsafeMutablePointer<Double>, _ features: Int, _ tiles: Int,
    _ lanes:
      Int
  ) {
    pf_spline_inverse_f64(shape, y, params, x, logDet, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func splineBackward(
    _ shape: UnsafePointer<pf_spline_shape>, _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>,
    _ params:
      UnsafePointer<Double>, _ dy: UnsafePointer<Double>, _ dLogDet: UnsafePointer<Double>,
    _ dx:
      UnsafeMutablePointer<Double>, _ dParams: UnsafeMutablePointer<Double>, _ features: Int, _ tiles: Int,
    _ lanes:
      Int
  ) {
    pf_spline_backward_f64(shape, x, y, params, dy, dLogDet, dx, dParams, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func splineInverseBackward(
    _ shape: UnsafePointer<pf_spline_shape>, _ y: UnsafePointer<Double>, _ x: UnsafePointer<Double>,
    _ params:
      UnsafePointer<Double>, _ dx: UnsafePointer<Double>, _ dLogDet: UnsafePointer<Double>,
    _ dy:
      UnsafeMutablePointer<Double>, _ dParams: UnsafeMutablePointer<Double>, _ features: Int, _ tiles: Int,
    _ lanes:
      Int
  ) {
    pf_spline_inverse_backward_f64(shape, y, x, params, dx, dLogDet, dy, dParams, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func splineForwardKeeping(
    _ shape: UnsafePointer<pf_spline_shape>, _ x: UnsafePointer<Double>, _ params: UnsafeMutablePointer<Double>,
    _ y: UnsafeMutablePointer<Double>, _ logDet: UnsafeMutablePointer<Double>, _ features: Int, _ tiles: Int
  ) {
    pf_spline_forward_keeping_f64(shape, x, params, y, logDet, features, tiles)
  }

  /// See `TileScalar`.
  @inlinable public static func splineBackwardKept(
    _ shape: UnsafePointer<pf_spline_shape>, _ x: UnsafePointer<Double>, _ params: UnsafeMutablePointer<Double>,
    _ dy: UnsafePointer<Double>, _ dLogDet: UnsafePointer<Double>, _ dx: UnsafeMutablePointer<Double>, _ features: Int,
    _ tiles: Int
  ) {
    pf_spline_backward_kept_f64(shape, x, params, dy, dLogDet, dx, features, tiles)
  }

  /// See `TileScalar`.
  @inlinable public static func polynomialForward(
    _ shape: UnsafePointer<pf_polynomial_shape>, _ x: UnsafePointer<Double>, _ params: UnsafePointer<Double>,
    _ y:
      UnsafeMutablePointer<Double>, _ logDet: UnsafeMutablePointer<Double>, _ features: Int, _ tiles: Int,
    _ lanes:
      Int
  ) {
    pf_polynomial_forward_f64(shape, x, params, y, logDet, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func polynomialInverse(
    _ shape: UnsafePointer<pf_polynomial_shape>, _ y: UnsafePointer<Double>, _ params: UnsafePointer<Double>,
    _ x:
      UnsafeMutablePointer<Double>, _ logDet: UnsafeMutablePointer<Double>, _ features: Int, _ tiles: Int,
    _ lanes:
      Int
  ) {
    pf_polynomial_inverse_f64(shape, y, params, x, logDet, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func polynomialBackward(
    _ shape: UnsafePointer<pf_polynomial_shape>, _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>,
    _ params:
      UnsafePointer<Double>, _ dy: UnsafePointer<Double>, _ dLogDet: UnsafePointer<Double>,
    _ dx:
      UnsafeMutablePointer<Double>, _ dParams: UnsafeMutablePointer<Double>, _ features: Int, _ tiles: Int,
    _ lanes:
      Int
  ) {
    pf_polynomial_backward_f64(shape, x, y, params, dy, dLogDet, dx, dParams, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func polynomialInverseBackward(
    _ shape: UnsafePointer<pf_polynomial_shape>, _ y: UnsafePointer<Double>, _ x: UnsafePointer<Double>,
    _ params:
      UnsafePointer<Double>, _ dx: UnsafePointer<Double>, _ dLogDet: UnsafePointer<Double>,
    _ dy:
      UnsafeMutablePointer<Double>, _ dParams: UnsafeMutablePointer<Double>, _ features: Int, _ tiles: Int,
    _ lanes:
      Int
  ) {
    pf_polynomial_inverse_backward_f64(shape, y, x, params, dx, dLogDet, dy, dParams, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func affineForward(
    _ logScaleBound: Double, _ x: UnsafePointer<Double>, _ params: UnsafePointer<Double>,
    _ y:
      UnsafeMutablePointer<Double>, _ logDet: UnsafeMutablePointer<Double>, _ features: Int, _ tiles: Int,
    _ lanes:
      Int
  ) {
    pf_affine_forward_f64(logScaleBound, x, params, y, logDet, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func affineInverse(
    _ logScaleBound: Double, _ y: UnsafePointer<Double>, _ params: UnsafePointer<Double>,
    _ x:
      UnsafeMutablePointer<Double>, _ logDet: UnsafeMutablePointer<Double>, _ features: Int, _ tiles: Int,
    _ lanes:
      Int
  ) {
    pf_affine_inverse_f64(logScaleBound, y, params, x, logDet, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func affineBackward(
    _ logScaleBound: Double, _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>,
    _ params:
      UnsafePointer<Double>, _ dy: UnsafePointer<Double>, _ dLogDet: UnsafePointer<Double>,
    _ dx:
      UnsafeMutablePointer<Double>, _ dParams: UnsafeMutablePointer<Double>, _ features: Int, _ tiles: Int,
    _ lanes:
      Int
  ) {
    pf_affine_backward_f64(logScaleBound, x, y, params, dy, dLogDet, dx, dParams, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func affineInverseBackward(
    _ logScaleBound: Double, _ y: UnsafePointer<Double>, _ x: UnsafePointer<Double>,
    _ params:
      UnsafePointer<Double>, _ dx: UnsafePointer<Double>, _ dLogDet: UnsafePointer<Double>,
    _ dy:
      UnsafeMutablePointer<Double>, _ dParams: UnsafeMutablePointer<Double>, _ features: Int, _ tiles: Int,
    _ lanes:
      Int
  ) {
    pf_affine_inverse_backward_f64(logScaleBound, y, x, params, dx, dLogDet, dy, dParams, features, tiles, lanes)
  }

  // MARK: Autoregressive layers (pf_made.h, pf_row_network.h)

  /// See `TileScalar`.
  @inlinable public static func madeInverse(
    _ made: UnsafePointer<pf_made>, _ parameters: UnsafePointer<Double>, _ context: UnsafePointer<Double>?,
    _ z: UnsafePointer<Double>, _ x: UnsafeMutablePointer<Double>, _ logDet: UnsafeMutablePointer<Double>,
    _ scratch: UnsafeMutablePointer<Double>, _ tiles: Int, _ lanes: Int
  ) {
    pf_made_inverse_f64(made, parameters, context, z, x, logDet, scratch, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func rowNetworkPack(
    _ network: OpaquePointer, _ parameters: UnsafePointer<Double>, _ packed: UnsafeMutablePointer<Double>
  ) {
    pf_row_network_pack_f64(network, parameters, packed)
  }

  /// See `TileScalar`.
  @inlinable public static func rowNetworkForward(
    _ network: OpaquePointer, _ packed: UnsafePointer<Double>, _ context: UnsafePointer<Double>?,
    _ x: UnsafePointer<Double>, _ z: UnsafeMutablePointer<Double>, _ logDet: UnsafeMutablePointer<Double>,
    _ scratch: UnsafeMutablePointer<Double>
  ) {
    pf_row_network_forward_f64(network, packed, context, x, z, logDet, scratch)
  }

  /// See `TileScalar`.
  @inlinable public static func rowNetworkInverse(
    _ network: OpaquePointer, _ packed: UnsafePointer<Double>, _ context: UnsafePointer<Double>?,
    _ z: UnsafePointer<Double>, _ x: UnsafeMutablePointer<Double>, _ logDet: UnsafeMutablePointer<Double>,
    _ scratch: UnsafeMutablePointer<Double>
  ) {
    pf_row_network_inverse_f64(network, packed, context, z, x, logDet, scratch)
  }

  // MARK: Scalar equations

  /// See `TileScalar`.
  @inlinable public static func tanhRoot(
    _ k: UnsafePointer<Double>, _ s: UnsafePointer<Double>, _ a: UnsafeMutablePointer<Double>, _ count: Int
  ) {
    pf_tanh_root_f64(k, s, a, count)
  }

  /// See `TileScalar`.
  @inlinable public static func tanhRootBackward(
    _ a: UnsafePointer<Double>, _ s: UnsafePointer<Double>, _ da: UnsafePointer<Double>,
    _ dk: UnsafeMutablePointer<Double>?,
    _ ds: UnsafeMutablePointer<Double>?, _ count: Int
  ) {
    pf_tanh_root_backward_f64(a, s, da, dk, ds, count)
  }

  // MARK: Random numbers

  /// See `TileScalar`.
  @inlinable public static func uniform(
    _ seed: UInt64, _ purpose: UInt32, _ firstRow: UInt64, _ out: UnsafeMutablePointer<Double>, _ features: Int,
    _ tiles: Int, _ lanes: Int
  ) {
    pf_uniform_f64(seed, purpose, firstRow, out, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func normal(
    _ seed: UInt64, _ purpose: UInt32, _ firstRow: UInt64, _ out: UnsafeMutablePointer<Double>, _ features: Int,
    _ tiles: Int, _ lanes: Int
  ) {
    pf_normal_f64(seed, purpose, firstRow, out, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func dropoutMask(
    _ rate: Double, _ kept: Double, _ mask: UnsafeMutablePointer<Double>, _ count: Int
  ) {
    pf_dropout_mask_f64(rate, kept, mask, count)
  }

  // MARK: Optimizer

  /// See `TileScalar`.
  @inlinable public static func reduceGradients(
    _ shards: UnsafePointer<UnsafeMutablePointer<Double>?>, _ shardCount: Int, _ out: UnsafeMutablePointer<Double>,
    _ rows: Int, _ columns: Int, _ extent: UnsafePointer<Int32>?, _ clear: Int32
  ) -> Double {
    pf_reduce_gradients_f64(shards, shardCount, out, rows, columns, extent, clear)
  }

  /// See `TileScalar`.
  @inlinable public static func adamW(
    _ p: UnsafeMutablePointer<Double>, _ g: UnsafeMutablePointer<Double>, _ m: UnsafeMutablePointer<Double>,
    _ v: UnsafeMutablePointer<Double>, _ ema: UnsafeMutablePointer<Double>?, _ rows: Int, _ columns: Int,
    _ extent: UnsafePointer<Int32>?, _ gradientScale: Double, _ rate: Double, _ beta1: Double, _ beta2: Double,
    _ epsilon: Double,
    _ decay: Double, _ bias1: Double, _ bias2: Double, _ emaDecay: Double
  ) {
    pf_adamw_f64(
      p, g, m, v, ema, rows, columns, extent, gradientScale, rate, beta1, beta2, epsilon, decay, bias1, bias2, emaDecay)
  }

}
