import CKernels

/// A scalar the kernels compute in: `Float` (the default) or `Double` (tests, and where precision counts).
///
/// The static requirements are the C kernels, one each; generic Swift code orchestrates and never loops over numbers.
/// Shapes, aliasing and accuracy are stated once, in the headers of `CKernels` named above each group.
public protocol TileScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable, Codable, LosslessStringConvertible {
  /// The element type's name in the model file (safetensors): `F32` or `F64`.
  static var storageName: String { get }

  // MARK: Linear layers (pf_linear.h)

  /// `pf_linear_forward`.
  static func linearForward(
    _ weight: UnsafePointer<Self>, _ stride: Int, _ bias: UnsafePointer<Self>?, _ x: UnsafePointer<Self>,
    _ residual: UnsafePointer<Self>?, _ y: UnsafeMutablePointer<Self>, _ pre: UnsafeMutablePointer<Self>?, _ out: Int,
    _ `in`: Int, _ extent: UnsafePointer<Int32>?, _ tiles: Int, _ lanes: Int, _ activation: Int32
  )

  /// `pf_linear_backward_input`.
  static func linearBackwardInput(
    _ weight: UnsafePointer<Self>, _ stride: Int, _ dy: UnsafePointer<Self>, _ rectified: UnsafePointer<Self>?,
    _ dx: UnsafeMutablePointer<Self>, _ out: Int, _ `in`: Int, _ firstRow: UnsafePointer<Int32>?, _ tiles: Int,
    _ lanes: Int, _ accumulate: Int32
  )

  /// `pf_linear_backward_weight`.
  static func linearBackwardWeight(
    _ dy: UnsafePointer<Self>, _ x: UnsafePointer<Self>, _ dWeight: UnsafeMutablePointer<Self>, _ stride: Int,
    _ dBias: UnsafeMutablePointer<Self>?, _ out: Int, _ `in`: Int, _ extent: UnsafePointer<Int32>?, _ tiles: Int,
    _ lanes: Int, _ scratch: UnsafeMutablePointer<Self>
  )

  /// `pf_triangular_solve`.
  static func triangularSolve(
    _ matrix: UnsafePointer<Self>, _ stride: Int, _ b: UnsafePointer<Self>, _ x: UnsafeMutablePointer<Self>,
    _ n:
      Int, _ upper: Int32, _ unit: Int32, _ transposed: Int32, _ tiles: Int, _ lanes: Int
  )

  /// `pf_rows_to_tiles`.
  static func rowsToTiles(
    _ rows: UnsafePointer<Self>, _ stride: Int, _ tiles: UnsafeMutablePointer<Self>, _ rowCount: Int,
    _ features:
      Int, _ lanes: Int
  )

  /// `pf_tiles_to_rows`.
  static func tilesToRows(
    _ tiles: UnsafePointer<Self>, _ rows: UnsafeMutablePointer<Self>, _ stride: Int, _ rowCount: Int,
    _ features:
      Int, _ lanes: Int
  )

  /// `pf_activation_backward`.
  static func activationBackward(
    _ activation: Int32, _ saved: UnsafePointer<Self>, _ dy: UnsafePointer<Self>, _ dz: UnsafeMutablePointer<Self>,
    _ count: Int
  )

  // MARK: Elementwise functions and reductions (pf_elementwise.h)

  /// `pf_unary`.
  static func unary(
    _ op: Int32, _ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, _ count: Int
  )

  /// `pf_unary_backward`.
  static func unaryBackward(
    _ op: Int32, _ x: UnsafePointer<Self>, _ y: UnsafePointer<Self>, _ dy: UnsafePointer<Self>,
    _ dx:
      UnsafeMutablePointer<Self>, _ count: Int
  )

  /// `pf_binary`.
  static func binary(
    _ op: Int32, _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, _ count: Int
  )

  /// `pf_binary_backward`.
  static func binaryBackward(
    _ op: Int32, _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>, _ dy: UnsafePointer<Self>,
    _ da:
      UnsafeMutablePointer<Self>?, _ db: UnsafeMutablePointer<Self>?, _ count: Int
  )

  /// `pf_scale_shift`.
  static func scaleShift(
    _ x: UnsafePointer<Self>, _ scale: Self, _ shift: Self, _ y: UnsafeMutablePointer<Self>, _ count: Int
  )

  /// `pf_axpy`.
  static func axpy(
    _ scale: Self, _ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, _ count: Int
  )

  /// `pf_fill`.
  static func fill(
    _ y: UnsafeMutablePointer<Self>, _ value: Self, _ count: Int
  )

  /// `pf_sum`.
  static func sum(
    _ x: UnsafePointer<Self>, _ count: Int
  ) -> Double

  /// `pf_count_nonfinite`.
  static func countNonFinite(
    _ x: UnsafePointer<Self>, _ count: Int
  ) -> Int

  /// `pf_sum_features`.
  static func sumFeatures(
    _ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, _ features: Int, _ tiles: Int, _ lanes: Int
  )

  /// `pf_broadcast_features`.
  static func broadcastFeatures(
    _ dy: UnsafePointer<Self>, _ dx: UnsafeMutablePointer<Self>, _ features: Int, _ tiles: Int, _ lanes: Int
  )

  /// `pf_logsumexp_features`.
  static func logSumExpFeatures(
    _ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, _ features: Int, _ tiles: Int, _ lanes: Int
  )

  /// `pf_logsumexp_features_backward`.
  static func logSumExpFeaturesBackward(
    _ x: UnsafePointer<Self>, _ y: UnsafePointer<Self>, _ dy: UnsafePointer<Self>, _ dx: UnsafeMutablePointer<Self>,
    _ features: Int, _ tiles: Int, _ lanes: Int
  )

  /// `pf_standard_normal_log_density`.
  static func standardNormalLogDensity(
    _ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, _ features: Int, _ tiles: Int, _ lanes: Int
  )

  /// `pf_standard_normal_log_density_backward`.
  static func standardNormalLogDensityBackward(
    _ x: UnsafePointer<Self>, _ dy: UnsafePointer<Self>, _ dx: UnsafeMutablePointer<Self>, _ features: Int,
    _ tiles:
      Int, _ lanes: Int
  )

  /// `pf_feature_affine`.
  static func featureAffine(
    _ x: UnsafePointer<Self>, _ scale: UnsafePointer<Self>?, _ shift: UnsafePointer<Self>?,
    _ y:
      UnsafeMutablePointer<Self>, _ features: Int, _ tiles: Int, _ lanes: Int
  )

  /// `pf_feature_dot`.
  static func featureDot(
    _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>?, _ out: UnsafeMutablePointer<Self>, _ features: Int,
    _ tiles: Int, _ lanes: Int
  )

  /// `pf_gather_features`.
  static func gatherFeatures(
    _ x: UnsafePointer<Self>, _ index: UnsafePointer<Int32>, _ y: UnsafeMutablePointer<Self>, _ inFeatures: Int,
    _ outFeatures: Int, _ tiles: Int, _ lanes: Int
  )

  /// `pf_scatter_add_features`.
  static func scatterAddFeatures(
    _ dy: UnsafePointer<Self>, _ index: UnsafePointer<Int32>, _ dx: UnsafeMutablePointer<Self>, _ inFeatures: Int,
    _ outFeatures: Int, _ tiles: Int, _ lanes: Int
  )

  // MARK: Univariate transformers (pf_univariate.h)

  /// `pf_spline_forward`.
  static func splineForward(
    _ shape: UnsafePointer<pf_spline_shape>, _ x: UnsafePointer<Self>, _ params: UnsafePointer<Self>,
    _ y:
      UnsafeMutablePointer<Self>, _ logDet: UnsafeMutablePointer<Self>, _ features: Int, _ tiles: Int, _ lanes: Int
  )

  /// `pf_spline_inverse`.
  static func splineInverse(
    _ shape: UnsafePointer<pf_spline_shape>, _ y: UnsafePointer<Self>, _ params: UnsafePointer<Self>,
    _ x:
      UnsafeMutablePointer<Self>, _ logDet: UnsafeMutablePointer<Self>, _ features: Int, _ tiles: Int, _ lanes: Int
  )

  /// `pf_spline_backward`.
  static func splineBackward(
    _ shape: UnsafePointer<pf_spline_shape>, _ x: UnsafePointer<Self>, _ y: UnsafePointer<Self>,
    _ params:
      UnsafePointer<Self>, _ dy: UnsafePointer<Self>, _ dLogDet: UnsafePointer<Self>,
    _ dx:
      UnsafeMutablePointer<Self>, _ dParams: UnsafeMutablePointer<Self>, _ features: Int, _ tiles: Int, _ lanes: Int
  )

  /// `pf_spline_inverse_backward`.
  static func splineInverseBackward(
    _ shape: UnsafePointer<pf_spline_shape>, _ y: UnsafePointer<Self>, _ x: UnsafePointer<Self>,
    _ params:
      UnsafePointer<Self>, _ dx: UnsafePointer<Self>, _ dLogDet: UnsafePointer<Self>,
    _ dy:
      UnsafeMutablePointer<Self>, _ dParams: UnsafeMutablePointer<Self>, _ features: Int, _ tiles: Int, _ lanes: Int
  )

  /// `pf_spline_forward_keeping`.
  static func splineForwardKeeping(
    _ shape: UnsafePointer<pf_spline_shape>, _ x: UnsafePointer<Self>, _ params: UnsafeMutablePointer<Self>,
    _ y: UnsafeMutablePointer<Self>, _ logDet: UnsafeMutablePointer<Self>, _ features: Int, _ tiles: Int
  )

  /// `pf_spline_backward_kept`.
  static func splineBackwardKept(
    _ shape: UnsafePointer<pf_spline_shape>, _ x: UnsafePointer<Self>, _ params: UnsafeMutablePointer<Self>,
    _ dy: UnsafePointer<Self>, _ dLogDet: UnsafePointer<Self>, _ dx: UnsafeMutablePointer<Self>, _ features: Int,
    _ tiles: Int
  )

  /// `pf_polynomial_forward`.
  static func polynomialForward(
    _ shape: UnsafePointer<pf_polynomial_shape>, _ x: UnsafePointer<Self>, _ params: UnsafePointer<Self>,
    _ y:
      UnsafeMutablePointer<Self>, _ logDet: UnsafeMutablePointer<Self>, _ features: Int, _ tiles: Int, _ lanes: Int
  )

  /// `pf_polynomial_inverse`.
  static func polynomialInverse(
    _ shape: UnsafePointer<pf_polynomial_shape>, _ y: UnsafePointer<Self>, _ params: UnsafePointer<Self>,
    _ x:
      UnsafeMutablePointer<Self>, _ logDet: UnsafeMutablePointer<Self>, _ features: Int, _ tiles: Int, _ lanes: Int
  )

  /// `pf_polynomial_backward`.
  static func polynomialBackward(
    _ shape: UnsafePointer<pf_polynomial_shape>, _ x: UnsafePointer<Self>, _ y: UnsafePointer<Self>,
    _ params:
      UnsafePointer<Self>, _ dy: UnsafePointer<Self>, _ dLogDet: UnsafePointer<Self>,
    _ dx:
      UnsafeMutablePointer<Self>, _ dParams: UnsafeMutablePointer<Self>, _ features: Int, _ tiles: Int, _ lanes: Int
  )

  /// `pf_polynomial_inverse_backward`.
  static func polynomialInverseBackward(
    _ shape: UnsafePointer<pf_polynomial_shape>, _ y: UnsafePointer<Self>, _ x: UnsafePointer<Self>,
    _ params:
      UnsafePointer<Self>, _ dx: UnsafePointer<Self>, _ dLogDet: UnsafePointer<Self>,
    _ dy:
      UnsafeMutablePointer<Self>, _ dParams: UnsafeMutablePointer<Self>, _ features: Int, _ tiles: Int, _ lanes: Int
  )

  /// `pf_affine_forward`.
  static func affineForward(
    _ logScaleBound: Double, _ x: UnsafePointer<Self>, _ params: UnsafePointer<Self>,
    _ y:
      UnsafeMutablePointer<Self>, _ logDet: UnsafeMutablePointer<Self>, _ features: Int, _ tiles: Int, _ lanes: Int
  )

  /// `pf_affine_inverse`.
  static func affineInverse(
    _ logScaleBound: Double, _ y: UnsafePointer<Self>, _ params: UnsafePointer<Self>,
    _ x:
      UnsafeMutablePointer<Self>, _ logDet: UnsafeMutablePointer<Self>, _ features: Int, _ tiles: Int, _ lanes: Int
  )

  /// `pf_affine_backward`.
  static func affineBackward(
    _ logScaleBound: Double, _ x: UnsafePointer<Self>, _ y: UnsafePointer<Self>, _ params: UnsafePointer<Self>,
    _ dy: UnsafePointer<Self>, _ dLogDet: UnsafePointer<Self>, _ dx: UnsafeMutablePointer<Self>,
    _ dParams:
      UnsafeMutablePointer<Self>, _ features: Int, _ tiles: Int, _ lanes: Int
  )

  /// `pf_affine_inverse_backward`.
  static func affineInverseBackward(
    _ logScaleBound: Double, _ y: UnsafePointer<Self>, _ x: UnsafePointer<Self>, _ params: UnsafePointer<Self>,
    _ dx: UnsafePointer<Self>, _ dLogDet: UnsafePointer<Self>, _ dy: UnsafeMutablePointer<Self>,
    _ dParams:
      UnsafeMutablePointer<Self>, _ features: Int, _ tiles: Int, _ lanes: Int
  )

  // MARK: Autoregressive layers (pf_made.h, pf_row_network.h)

  /// `pf_made_inverse`.
  static func madeInverse(
    _ made: UnsafePointer<pf_made>, _ parameters: UnsafePointer<Self>, _ context: UnsafePointer<Self>?,
    _ z: UnsafePointer<Self>, _ x: UnsafeMutablePointer<Self>, _ logDet: UnsafeMutablePointer<Self>,
    _ scratch: UnsafeMutablePointer<Self>, _ tiles: Int, _ lanes: Int
  )

  /// `pf_row_network_pack`.
  static func rowNetworkPack(
    _ network: OpaquePointer, _ parameters: UnsafePointer<Self>, _ packed: UnsafeMutablePointer<Self>
  )

  /// `pf_row_network_forward`.
  static func rowNetworkForward(
    _ network: OpaquePointer, _ packed: UnsafePointer<Self>, _ context: UnsafePointer<Self>?,
    _ x: UnsafePointer<Self>, _ z: UnsafeMutablePointer<Self>, _ logDet: UnsafeMutablePointer<Self>,
    _ scratch: UnsafeMutablePointer<Self>
  )

  /// `pf_row_network_inverse`.
  static func rowNetworkInverse(
    _ network: OpaquePointer, _ packed: UnsafePointer<Self>, _ context: UnsafePointer<Self>?,
    _ z: UnsafePointer<Self>, _ x: UnsafeMutablePointer<Self>, _ logDet: UnsafeMutablePointer<Self>,
    _ scratch: UnsafeMutablePointer<Self>
  )

  // MARK: Scalar equations (pf_roots.h)

  /// `pf_tanh_root`.
  static func tanhRoot(
    _ k: UnsafePointer<Self>, _ s: UnsafePointer<Self>, _ a: UnsafeMutablePointer<Self>, _ count: Int
  )

  /// `pf_tanh_root_backward`.
  static func tanhRootBackward(
    _ a: UnsafePointer<Self>, _ s: UnsafePointer<Self>, _ da: UnsafePointer<Self>, _ dk: UnsafeMutablePointer<Self>?,
    _ ds: UnsafeMutablePointer<Self>?, _ count: Int
  )

  // MARK: Random numbers (pf_random.h)

  /// `pf_uniform`.
  static func uniform(
    _ seed: UInt64, _ purpose: UInt32, _ firstRow: UInt64, _ out: UnsafeMutablePointer<Self>, _ features: Int,
    _ tiles: Int, _ lanes: Int
  )

  /// `pf_normal`.
  static func normal(
    _ seed: UInt64, _ purpose: UInt32, _ firstRow: UInt64, _ out: UnsafeMutablePointer<Self>, _ features: Int,
    _ tiles: Int, _ lanes: Int
  )

  /// `pf_dropout_mask`.
  static func dropoutMask(
    _ rate: Self, _ kept: Self, _ mask: UnsafeMutablePointer<Self>, _ count: Int
  )

  // MARK: Optimizer (pf_optimizer.h)

  /// `pf_reduce_gradients`.
  static func reduceGradients(
    _ shards: UnsafePointer<UnsafeMutablePointer<Self>?>, _ shardCount: Int, _ out: UnsafeMutablePointer<Self>,
    _ rows: Int, _ columns: Int, _ extent: UnsafePointer<Int32>?, _ clear: Int32
  ) -> Double

  /// `pf_adamw`.
  static func adamW(
    _ p: UnsafeMutablePointer<Self>, _ g: UnsafeMutablePointer<Self>, _ m: UnsafeMutablePointer<Self>,
    _ v: UnsafeMutablePointer<Self>, _ ema: UnsafeMutablePointer<Self>?, _ rows: Int, _ columns: Int,
    _ extent: UnsafePointer<Int32>?, _ gradientScale: Self, _ rate: Self, _ beta1: Self, _ beta2: Self, _ epsilon: Self,
    _ decay: Self, _ bias1: Self, _ bias2: Self,
    _ emaDecay:
      Self
  )

}
