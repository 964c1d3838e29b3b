import CKernels
import PushforwardCore

/// A scalar that the chain's kernels compute in (`pf_chain.h` states shapes and accuracy).
public protocol ChainScalar: TileScalar {
  /// `pf_chain_encode`.
  static func chainEncode(
    _ shape: UnsafePointer<pf_chain_shape>, _ code: UnsafePointer<Self>, _ low: UnsafePointer<Self>?,
    _ high: UnsafePointer<Self>?, _ state: UnsafePointer<Self>, _ embedding: UnsafePointer<Self>?,
    _ knots: UnsafePointer<Self>?, _ positions: UnsafePointer<Self>?, _ given: UnsafeMutablePointer<Self>?,
    _ later: UnsafeMutablePointer<Self>?)

  /// `pf_chain_encode_backward`.
  static func chainEncodeBackward(
    _ shape: UnsafePointer<pf_chain_shape>, _ code: UnsafePointer<Self>, _ state: UnsafePointer<Self>,
    _ dGiven: UnsafePointer<Self>?, _ dLater: UnsafePointer<Self>?, _ dEmbedding: UnsafeMutablePointer<Self>)

  /// `pf_chain_head`.
  static func chainHead(
    _ shape: UnsafePointer<pf_chain_shape>, _ head: UnsafePointer<Self>, _ code: UnsafePointer<Self>,
    _ low: UnsafePointer<Self>?, _ high: UnsafePointer<Self>?, _ width: UnsafePointer<Self>?,
    _ state: UnsafePointer<Self>, _ logProbability: UnsafeMutablePointer<Self>,
    _ gradient: UnsafeMutablePointer<Self>?)

  /// `pf_chain_head_backward`.
  static func chainHeadBackward(
    _ gradient: UnsafePointer<Self>, _ dy: UnsafePointer<Self>, _ dHead: UnsafeMutablePointer<Self>, _ rows: Int,
    _ overwrite: Int32)

  /// `pf_chain_hint`.
  static func chainHint(
    _ shape: UnsafePointer<pf_chain_hint_shape>, _ cells: UnsafePointer<Self>, _ mixture: UnsafeMutablePointer<Self>)

  /// `pf_chain_hint_backward`.
  static func chainHintBackward(
    _ shape: UnsafePointer<pf_chain_hint_shape>, _ cells: UnsafePointer<Self>, _ gradient: UnsafeMutablePointer<Self>)

  /// `pf_chain_draw`.
  static func chainDraw(
    _ shape: UnsafePointer<pf_chain_shape>, _ head: UnsafePointer<Self>, _ uniform: UnsafePointer<Self>,
    _ normal: UnsafePointer<Self>, _ code: UnsafeMutablePointer<Self>, _ low: UnsafeMutablePointer<Self>?,
    _ high: UnsafeMutablePointer<Self>?, _ width: UnsafeMutablePointer<Self>?, _ scratch: UnsafeMutablePointer<Self>)
}

extension Float: ChainScalar {
  /// See `ChainScalar`.
  public static func chainEncode(
    _ shape: UnsafePointer<pf_chain_shape>, _ code: UnsafePointer<Float>, _ low: UnsafePointer<Float>?,
    _ high: UnsafePointer<Float>?, _ state: UnsafePointer<Float>, _ embedding: UnsafePointer<Float>?,
    _ knots: UnsafePointer<Float>?, _ positions: UnsafePointer<Float>?, _ given: UnsafeMutablePointer<Float>?,
    _ later: UnsafeMutablePointer<Float>?
  ) {
    pf_chain_encode_f32(shape, code, low, high, state, embedding, knots, positions, given, later)
  }

  /// See `ChainScalar`.
  public static func chainEncodeBackward(
    _ shape: UnsafePointer<pf_chain_shape>, _ code: UnsafePointer<Float>, _ state: UnsafePointer<Float>,
    _ dGiven: UnsafePointer<Float>?, _ dLater: UnsafePointer<Float>?, _ dEmbedding: UnsafeMutablePointer<Float>
  ) {
    pf_chain_encode_backward_f32(shape, code, state, dGiven, dLater, dEmbedding)
  }

  /// See `ChainScalar`.
  public static func chainHead(
    _ shape: UnsafePointer<pf_chain_shape>, _ head: UnsafePointer<Float>, _ code: UnsafePointer<Float>,
    _ low: UnsafePointer<Float>?, _ high: UnsafePointer<Float>?, _ width: UnsafePointer<Float>?,
    _ state: UnsafePointer<Float>, _ logProbability: UnsafeMutablePointer<Float>,
    _ gradient: UnsafeMutablePointer<Float>?
  ) {
    pf_chain_head_f32(shape, head, code, low, high, width, state, logProbability, gradient)
  }

  /// See `ChainScalar`.
  public static func chainHeadBackward(
    _ gradient: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ dHead: UnsafeMutablePointer<Float>, _ rows: Int,
    _ overwrite: Int32
  ) {
    pf_chain_head_backward_f32(gradient, dy, dHead, rows, overwrite)
  }

  /// See `ChainScalar`.
  public static func chainHint(
    _ shape: UnsafePointer<pf_chain_hint_shape>, _ cells: UnsafePointer<Float>, _ mixture: UnsafeMutablePointer<Float>
  ) {
    pf_chain_hint_f32(shape, cells, mixture)
  }

  /// See `ChainScalar`.
  public static func chainHintBackward(
    _ shape: UnsafePointer<pf_chain_hint_shape>, _ cells: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>
  ) {
    pf_chain_hint_backward_f32(shape, cells, gradient)
  }

  /// See `ChainScalar`.
  public static func chainDraw(
    _ shape: UnsafePointer<pf_chain_shape>, _ head: UnsafePointer<Float>, _ uniform: UnsafePointer<Float>,
    _ normal: UnsafePointer<Float>, _ code: UnsafeMutablePointer<Float>, _ low: UnsafeMutablePointer<Float>?,
    _ high: UnsafeMutablePointer<Float>?, _ width: UnsafeMutablePointer<Float>?,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    pf_chain_draw_f32(shape, head, uniform, normal, code, low, high, width, scratch)
  }
}

extension Double: ChainScalar {
  /// See `ChainScalar`.
  public static func chainEncode(
    _ shape: UnsafePointer<pf_chain_shape>, _ code: UnsafePointer<Double>, _ low: UnsafePointer<Double>?,
    _ high: UnsafePointer<Double>?, _ state: UnsafePointer<Double>, _ embedding: UnsafePointer<Double>?,
    _ knots: UnsafePointer<Double>?, _ positions: UnsafePointer<Double>?, _ given: UnsafeMutablePointer<Double>?,
    _ later: UnsafeMutablePointer<Double>?
  ) {
    pf_chain_encode_f64(shape, code, low, high, state, embedding, knots, positions, given, later)
  }

  /// See `ChainScalar`.
  public static func chainEncodeBackward(
    _ shape: UnsafePointer<pf_chain_shape>, _ code: UnsafePointer<Double>, _ state: UnsafePointer<Double>,
    _ dGiven: UnsafePointer<Double>?, _ dLater: UnsafePointer<Double>?, _ dEmbedding: UnsafeMutablePointer<Double>
  ) {
    pf_chain_encode_backward_f64(shape, code, state, dGiven, dLater, dEmbedding)
  }

  /// See `ChainScalar`.
  public static func chainHead(
    _ shape: UnsafePointer<pf_chain_shape>, _ head: UnsafePointer<Double>, _ code: UnsafePointer<Double>,
    _ low: UnsafePointer<Double>?, _ high: UnsafePointer<Double>?, _ width: UnsafePointer<Double>?,
    _ state: UnsafePointer<Double>, _ logProbability: UnsafeMutablePointer<Double>,
    _ gradient: UnsafeMutablePointer<Double>?
  ) {
    pf_chain_head_f64(shape, head, code, low, high, width, state, logProbability, gradient)
  }

  /// See `ChainScalar`.
  public static func chainHeadBackward(
    _ gradient: UnsafePointer<Double>, _ dy: UnsafePointer<Double>, _ dHead: UnsafeMutablePointer<Double>, _ rows: Int,
    _ overwrite: Int32
  ) {
    pf_chain_head_backward_f64(gradient, dy, dHead, rows, overwrite)
  }

  /// See `ChainScalar`.
  public static func chainHint(
    _ shape: UnsafePointer<pf_chain_hint_shape>, _ cells: UnsafePointer<Double>, _ mixture: UnsafeMutablePointer<Double>
  ) {
    pf_chain_hint_f64(shape, cells, mixture)
  }

  /// See `ChainScalar`.
  public static func chainHintBackward(
    _ shape: UnsafePointer<pf_chain_hint_shape>, _ cells: UnsafePointer<Double>,
    _ gradient: UnsafeMutablePointer<Double>
  ) {
    pf_chain_hint_backward_f64(shape, cells, gradient)
  }

  /// See `ChainScalar`.
  public static func chainDraw(
    _ shape: UnsafePointer<pf_chain_shape>, _ head: UnsafePointer<Double>, _ uniform: UnsafePointer<Double>,
    _ normal: UnsafePointer<Double>, _ code: UnsafeMutablePointer<Double>, _ low: UnsafeMutablePointer<Double>?,
    _ high: UnsafeMutablePointer<Double>?, _ width: UnsafeMutablePointer<Double>?,
    _ scratch: UnsafeMutablePointer<Double>
  ) {
    pf_chain_draw_f64(shape, head, uniform, normal, code, low, high, width, scratch)
  }
}
