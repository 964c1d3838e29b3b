import CKernels

extension Float: TileScalar {
  /// See `TileScalar`.
  public static var storageName: String { "F32" }

  // MARK: Linear layers

  /// See `TileScalar`.
  @inlinable public static func linearForward(
    _ weight: UnsafePointer<Float>, _ stride: Int, _ bias: UnsafePointer<Float>?, _ x: UnsafePointer<Float>,
    _ residual: UnsafePointer<Float>?, _ y: UnsafeMutablePointer<Float>, _ pre: UnsafeMutablePointer<Float>?,
    _ out:
      Int, _ `in`: Int, _ extent: UnsafePointer<Int32>?, _ tiles: Int, _ lanes: Int, _ activation: Int32
  ) {
    pf_linear_forward_f32(weight, stride, bias, x, residual, y, pre, out, `in`, extent, tiles, lanes, activation)
  }

  /// See `TileScalar`.
  @inlinable public static func linearBackwardInput(
    _ weight: UnsafePointer<Float>, _ stride: Int, _ dy: UnsafePointer<Float>, _ rectified: UnsafePointer<Float>?,
    _ dx: UnsafeMutablePointer<Float>, _ out: Int, _ `in`: Int, _ firstRow: UnsafePointer<Int32>?, _ tiles: Int,
    _ lanes: Int, _ accumulate: Int32
  ) {
    pf_linear_backward_input_f32(weight, stride, dy, rectified, dx, out, `in`, firstRow, tiles, lanes, accumulate)
  }

  /// See `TileScalar`.
  @inlinable public static func linearBackwardWeight(
    _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ dWeight: UnsafeMutablePointer<Float>, _ stride: Int,
    _ dBias: UnsafeMutablePointer<Float>?, _ out: Int, _ `in`: Int, _ extent: UnsafePointer<Int32>?, _ tiles: Int,
    _ lanes: Int, _ scratch: UnsafeMutablePointer<Float>
  ) {
    pf_linear_backward_weight_f32(dy, x, dWeight, stride, dBias, out, `in`, extent, tiles, lanes, scratch)
  }

  /// See `TileScalar`.
  @inlinable public static func triangularSolve(
    _ matrix: UnsafePointer<Float>, _ stride: Int, _ b: UnsafePointer<Float>, _ x: UnsafeMutablePointer<Float>,
    _ n:
      Int, _ upper: Int32, _ unit: Int32, _ transposed: Int32, _ tiles: Int, _ lanes: Int
  ) {
    pf_triangular_solve_f32(matrix, stride, b, x, n, upper, unit, transposed, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func rowsToTiles(
    _ rows: UnsafePointer<Float>, _ stride: Int, _ tiles: UnsafeMutablePointer<Float>, _ rowCount: Int,
    _ features:
      Int, _ lanes: Int
  ) {
    pf_rows_to_tiles_f32(rows, stride, tiles, rowCount, features, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func tilesToRows(
    _ tiles: UnsafePointer<Float>, _ rows: UnsafeMutablePointer<Float>, _ stride: Int, _ rowCount: Int,
    _ features:
      Int, _ lanes: Int
  ) {
    pf_tiles_to_rows_f32(tiles, rows, stride, rowCount, features, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func activationBackward(
    _ activation: Int32, _ saved: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
    _ dz:
      UnsafeMutablePointer<Float>, _ count: Int
  ) {
    pf_activation_backward_f32(activation, saved, dy, dz, count)
  }

  // MARK: Elementwise functions and reductions

  /// See `TileScalar`.
  @inlinable public static func unary(
    _ op: Int32, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    pf_unary_f32(op, x, y, count)
  }

  /// See `TileScalar`.
  @inlinable public static func unaryBackward(
    _ op: Int32, _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
    _ dx:
      UnsafeMutablePointer<Float>, _ count: Int
  ) {
    pf_unary_backward_f32(op, x, y, dy, dx, count)
  }

  /// See `TileScalar`.
  @inlinable public static func binary(
    _ op: Int32, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    _ count:
      Int
  ) {
    pf_binary_f32(op, a, b, y, count)
  }

  /// See `TileScalar`.
  @inlinable public static func binaryBackward(
    _ op: Int32, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
    _ da:
      UnsafeMutablePointer<Float>?, _ db: UnsafeMutablePointer<Float>?, _ count: Int
  ) {
    pf_binary_backward_f32(op, a, b, dy, da, db, count)
  }

  /// See `TileScalar`.
  @inlinable public static func scaleShift(
    _ x: UnsafePointer<Float>, _ scale: Float, _ shift: Float, _ y: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    pf_scale_shift_f32(x, scale, shift, y, count)
  }

  /// See `TileScalar`.
  @inlinable public static func axpy(
    _ scale: Float, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    pf_axpy_f32(scale, x, y, count)
  }

  /// See `TileScalar`.
  @inlinable public static func fill(
    _ y: UnsafeMutablePointer<Float>, _ value: Float, _ count: Int
  ) {
    pf_fill_f32(y, value, count)
  }

  /// See `TileScalar`.
  @inlinable public static func sum(
    _ x: UnsafePointer<Float>, _ count: Int
  ) -> Double {
    pf_sum_f32(x, count)
  }

  /// See `TileScalar`.
  @inlinable public static func countNonFinite(
    _ x: UnsafePointer<Float>, _ count: Int
  ) -> Int {
    pf_count_nonfinite_f32(x, count)
  }

  /// See `TileScalar`.
  @inlinable public static func sumFeatures(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_sum_features_f32(x, y, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func broadcastFeatures(
    _ dy: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_broadcast_features_f32(dy, dx, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func logSumExpFeatures(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_logsumexp_features_f32(x, y, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func logSumExpFeaturesBackward(
    _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
    _ dx:
      UnsafeMutablePointer<Float>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_logsumexp_features_backward_f32(x, y, dy, dx, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func standardNormalLogDensity(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_standard_normal_log_density_f32(x, y, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func standardNormalLogDensityBackward(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>, _ features: Int,
    _ tiles: Int, _ lanes: Int
  ) {
    pf_standard_normal_log_density_backward_f32(x, dy, dx, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func featureAffine(
    _ x: UnsafePointer<Float>, _ scale: UnsafePointer<Float>?, _ shift: UnsafePointer<Float>?,
    _ y:
      UnsafeMutablePointer<Float>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_feature_affine_f32(x, scale, shift, y, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func featureDot(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>?, _ out: UnsafeMutablePointer<Float>, _ features: Int,
    _ tiles: Int, _ lanes: Int
  ) {
    pf_feature_dot_f32(a, b, out, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func gatherFeatures(
    _ x: UnsafePointer<Float>, _ index: UnsafePointer<Int32>, _ y: UnsafeMutablePointer<Float>, _ inFeatures: Int,
    _ outFeatures: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_gather_features_f32(x, index, y, inFeatures, outFeatures, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func scatterAddFeatures(
    _ dy: UnsafePointer<Float>, _ index: UnsafePointer<Int32>, _ dx: UnsafeMutablePointer<Float>, _ inFeatures: Int,
    _ outFeatures: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_scatter_add_features_f32(dy, index, dx, inFeatures, outFeatures, tiles, lanes)
  }

  // MARK: Univariate transformers

  /// See `TileScalar`.
  @inlinable public static func splineForward(
    _ shape: UnsafePointer<pf_spline_shape>, _ x: UnsafePointer<Float>, _ params: UnsafePointer<Float>,
    _ y:
      UnsafeMutablePointer<Float>, _ logDet: UnsafeMutablePointer<Float>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_spline_forward_f32(shape, x, params, y, logDet, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func splineInverse(
    _ shape: UnsafePointer<pf_spline_shape>, _ y: UnsafePointer<Float>, _ params: UnsafePointer<Float>,
    _ x:
      UnsafeMutablePointer<Float>, _ logDet: UnsafeMutablePointer<Float>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_spline_inverse_f32(shape, y, params, x, logDet, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func splineBackward(
    _ shape: UnsafePointer<pf_spline_shape>, _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>,
    _ params:
      UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ dLogDet: UnsafePointer<Float>,
    _ dx:
      UnsafeMutablePointer<Float>, _ dParams: UnsafeMutablePointer<Float>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_spline_backward_f32(shape, x, y, params, dy, dLogDet, dx, dParams, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func splineInverseBackward(
    _ shape: UnsafePointer<pf_spline_shape>, _ y: UnsafePointer<Float>, _ x: UnsafePointer<Float>,
    _ params:
      UnsafePointer<Float>, _ dx: UnsafePointer<Float>, _ dLogDet: UnsafePointer<Float>,
    _ dy:
      UnsafeMutablePointer<Float>, _ dParams: UnsafeMutablePointer<Float>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_spline_inverse_backward_f32(shape, y, x, params, dx, dLogDet, dy, dParams, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func splineForwardKeeping(
    _ shape: UnsafePointer<pf_spline_shape>, _ x: UnsafePointer<Float>, _ params: UnsafeMutablePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, _ logDet: UnsafeMutablePointer<Float>, _ features: Int, _ tiles: Int
  ) {
    pf_spline_forward_keeping_f32(shape, x, params, y, logDet, features, tiles)
  }

  /// See `TileScalar`.
  @inlinable public static func splineBackwardKept(
    _ shape: UnsafePointer<pf_spline_shape>, _ x: UnsafePointer<Float>, _ params: UnsafeMutablePointer<Float>,
    _ dy: UnsafePointer<Float>, _ dLogDet: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>, _ features: Int,
    _ tiles: Int
  ) {
    pf_spline_backward_kept_f32(shape, x, params, dy, dLogDet, dx, features, tiles)
  }

  /// See `TileScalar`.
  @inlinable public static func polynomialForward(
    _ shape: UnsafePointer<pf_polynomial_shape>, _ x: UnsafePointer<Float>, _ params: UnsafePointer<Float>,
    _ y:
      UnsafeMutablePointer<Float>, _ logDet: UnsafeMutablePointer<Float>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_polynomial_forward_f32(shape, x, params, y, logDet, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func polynomialInverse(
    _ shape: UnsafePointer<pf_polynomial_shape>, _ y: UnsafePointer<Float>, _ params: UnsafePointer<Float>,
    _ x:
      UnsafeMutablePointer<Float>, _ logDet: UnsafeMutablePointer<Float>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_polynomial_inverse_f32(shape, y, params, x, logDet, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func polynomialBackward(
    _ shape: UnsafePointer<pf_polynomial_shape>, _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>,
    _ params:
      UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ dLogDet: UnsafePointer<Float>,
    _ dx:
      UnsafeMutablePointer<Float>, _ dParams: UnsafeMutablePointer<Float>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_polynomial_backward_f32(shape, x, y, params, dy, dLogDet, dx, dParams, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func polynomialInverseBackward(
    _ shape: UnsafePointer<pf_polynomial_shape>, _ y: UnsafePointer<Float>, _ x: UnsafePointer<Float>,
    _ params:
      UnsafePointer<Float>, _ dx: UnsafePointer<Float>, _ dLogDet: UnsafePointer<Float>,
    _ dy:
      UnsafeMutablePointer<Float>, _ dParams: UnsafeMutablePointer<Float>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_polynomial_inverse_backward_f32(shape, y, x, params, dx, dLogDet, dy, dParams, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func affineForward(
    _ logScaleBound: Double, _ x: UnsafePointer<Float>, _ params: UnsafePointer<Float>,
    _ y:
      UnsafeMutablePointer<Float>, _ logDet: UnsafeMutablePointer<Float>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_affine_forward_f32(logScaleBound, x, params, y, logDet, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func affineInverse(
    _ logScaleBound: Double, _ y: UnsafePointer<Float>, _ params: UnsafePointer<Float>,
    _ x:
      UnsafeMutablePointer<Float>, _ logDet: UnsafeMutablePointer<Float>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_affine_inverse_f32(logScaleBound, y, params, x, logDet, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func affineBackward(
    _ logScaleBound: Double, _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ params: UnsafePointer<Float>,
    _ dy: UnsafePointer<Float>, _ dLogDet: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>,
    _ dParams:
      UnsafeMutablePointer<Float>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_affine_backward_f32(logScaleBound, x, y, params, dy, dLogDet, dx, dParams, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func affineInverseBackward(
    _ logScaleBound: Double, _ y: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ params: UnsafePointer<Float>,
    _ dx: UnsafePointer<Float>, _ dLogDet: UnsafePointer<Float>, _ dy: UnsafeMutablePointer<Float>,
    _ dParams:
      UnsafeMutablePointer<Float>, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_affine_inverse_backward_f32(logScaleBound, y, x, params, dx, dLogDet, dy, dParams, features, tiles, lanes)
  }

  // MARK: Autoregressive layers (pf_made.h, pf_row_network.h)

  /// See `TileScalar`.
  @inlinable public static func madeInverse(
    _ made: UnsafePointer<pf_made>, _ parameters: UnsafePointer<Float>, _ context: UnsafePointer<Float>?,
    _ z: UnsafePointer<Float>, _ x: UnsafeMutablePointer<Float>, _ logDet: UnsafeMutablePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>, _ tiles: Int, _ lanes: Int
  ) {
    pf_made_inverse_f32(made, parameters, context, z, x, logDet, scratch, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func rowNetworkPack(
    _ network: OpaquePointer, _ parameters: UnsafePointer<Float>, _ packed: UnsafeMutablePointer<Float>
  ) {
    pf_row_network_pack_f32(network, parameters, packed)
  }

  /// See `TileScalar`.
  @inlinable public static func rowNetworkForward(
    _ network: OpaquePointer, _ packed: UnsafePointer<Float>, _ context: UnsafePointer<Float>?,
    _ x: UnsafePointer<Float>, _ z: UnsafeMutablePointer<Float>, _ logDet: UnsafeMutablePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    pf_row_network_forward_f32(network, packed, context, x, z, logDet, scratch)
  }

  /// See `TileScalar`.
  @inlinable public static func rowNetworkInverse(
    _ network: OpaquePointer, _ packed: UnsafePointer<Float>, _ context: UnsafePointer<Float>?,
    _ z: UnsafePointer<Float>, _ x: UnsafeMutablePointer<Float>, _ logDet: UnsafeMutablePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    pf_row_network_inverse_f32(network, packed, context, z, x, logDet, scratch)
  }

  // MARK: Scalar equations

  /// See `TileScalar`.
  @inlinable public static func tanhRoot(
    _ k: UnsafePointer<Float>, _ s: UnsafePointer<Float>, _ a: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    pf_tanh_root_f32(k, s, a, count)
  }

  /// See `TileScalar`.
  @inlinable public static func tanhRootBackward(
    _ a: UnsafePointer<Float>, _ s: UnsafePointer<Float>, _ da: UnsafePointer<Float>,
    _ dk: UnsafeMutablePointer<Float>?,
    _ ds: UnsafeMutablePointer<Float>?, _ count: Int
  ) {
    pf_tanh_root_backward_f32(a, s, da, dk, ds, count)
  }

  // MARK: Random numbers

  /// See `TileScalar`.
  @inlinable public static func uniform(
    _ seed: UInt64, _ purpose: UInt32, _ firstRow: UInt64, _ out: UnsafeMutablePointer<Float>, _ features: Int,
    _ tiles: Int, _ lanes: Int
  ) {
    pf_uniform_f32(seed, purpose, firstRow, out, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func normal(
    _ seed: UInt64, _ purpose: UInt32, _ firstRow: UInt64, _ out: UnsafeMutablePointer<Float>, _ features: Int,
    _ tiles: Int, _ lanes: Int
  ) {
    pf_normal_f32(seed, purpose, firstRow, out, features, tiles, lanes)
  }

  /// See `TileScalar`.
  @inlinable public static func dropoutMask(
    _ rate: Float, _ kept: Float, _ mask: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    pf_dropout_mask_f32(rate, kept, mask, count)
  }

  // MARK: Optimizer

  /// See `TileScalar`.
  @inlinable public static func reduceGradients(
    _ shards: UnsafePointer<UnsafeMutablePointer<Float>?>, _ shardCount: Int, _ out: UnsafeMutablePointer<Float>,
    _ rows: Int, _ columns: Int, _ extent: UnsafePointer<Int32>?, _ clear: Int32
  ) -> Double {
    pf_reduce_gradients_f32(shards, shardCount, out, rows, columns, extent, clear)
  }

  /// See `TileScalar`.
  @inlinable public static func adamW(
    _ p: UnsafeMutablePointer<Float>, _ g: UnsafeMutablePointer<Float>, _ m: UnsafeMutablePointer<Float>,
    _ v: UnsafeMutablePointer<Float>, _ ema: UnsafeMutablePointer<Float>?, _ rows: Int, _ columns: Int,
    _ extent: UnsafePointer<Int32>?, _ gradientScale: Float, _ rate: Float, _ beta1: Float, _ beta2: Float,
    _ epsilon: Float,
    _ decay: Float, _ bias1: Float, _ bias2: Float, _ emaDecay: Float
  ) {
    pf_adamw_f32(
      p, g, m, v, ema, rows, columns, extent, gradientScale, rate, beta1, beta2, epsilon, decay, bias1, bias2, emaDecay)
  }

}
