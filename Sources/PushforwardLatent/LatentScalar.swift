import CKernels
import PushforwardCore

/// A scalar with the kernels of this module (`pf_likelihood.h`): `Float` or `Double`.
public protocol LatentScalar: TileScalar {
  /// `pf_likelihood`.
  static func likelihood(
    _ columns: UnsafePointer<pf_likelihood_column>, _ count: Int, _ x: UnsafePointer<Self>,
    _ parameters: UnsafePointer<Self>, _ total: UnsafeMutablePointer<Self>, _ slope: UnsafeMutablePointer<Self>?,
    _ tiles: Int, _ lanes: Int)

  /// `pf_likelihood_backward`.
  static func likelihoodBackward(
    _ slope: UnsafePointer<Self>, _ dTotal: UnsafePointer<Self>, _ dParameters: UnsafeMutablePointer<Self>,
    _ rows: Int, _ tiles: Int, _ lanes: Int)

  /// `pf_likelihood_inputs`.
  static func likelihoodInputs(
    _ columns: UnsafePointer<pf_likelihood_column>, _ count: Int, _ x: UnsafePointer<Self>,
    _ inputs: UnsafeMutablePointer<Self>, _ flags: Int, _ tiles: Int, _ lanes: Int)
}

extension Float: LatentScalar {
  /// See `LatentScalar`.
  public static func likelihood(
    _ columns: UnsafePointer<pf_likelihood_column>, _ count: Int, _ x: UnsafePointer<Float>,
    _ parameters: UnsafePointer<Float>, _ total: UnsafeMutablePointer<Float>, _ slope: UnsafeMutablePointer<Float>?,
    _ tiles: Int, _ lanes: Int
  ) { pf_likelihood_f32(columns, count, x, parameters, total, slope, tiles, lanes) }

  /// See `LatentScalar`.
  public static func likelihoodBackward(
    _ slope: UnsafePointer<Float>, _ dTotal: UnsafePointer<Float>, _ dParameters: UnsafeMutablePointer<Float>,
    _ rows: Int, _ tiles: Int, _ lanes: Int
  ) { pf_likelihood_backward_f32(slope, dTotal, dParameters, rows, tiles, lanes) }

  /// See `LatentScalar`.
  public static func likelihoodInputs(
    _ columns: UnsafePointer<pf_likelihood_column>, _ count: Int, _ x: UnsafePointer<Float>,
    _ inputs: UnsafeMutablePointer<Float>, _ flags: Int, _ tiles: Int, _ lanes: Int
  ) { pf_likelihood_inputs_f32(columns, count, x, inputs, flags, tiles, lanes) }
}

extension Double: LatentScalar {
  /// See `LatentScalar`.
  public static func likelihood(
    _ columns: UnsafePointer<pf_likelihood_column>, _ count: Int, _ x: UnsafePointer<Double>,
    _ parameters: UnsafePointer<Double>, _ total: UnsafeMutablePointer<Double>, _ slope: UnsafeMutablePointer<Double>?,
    _ tiles: Int, _ lanes: Int
  ) { pf_likelihood_f64(columns, count, x, parameters, total, slope, tiles, lanes) }

  /// See `LatentScalar`.
  public static func likelihoodBackward(
    _ slope: UnsafePointer<Double>, _ dTotal: UnsafePointer<Double>, _ dParameters: UnsafeMutablePointer<Double>,
    _ rows: Int, _ tiles: Int, _ lanes: Int
  ) { pf_likelihood_backward_f64(slope, dTotal, dParameters, rows, tiles, lanes) }

  /// See `LatentScalar`.
  public static func likelihoodInputs(
    _ columns: UnsafePointer<pf_likelihood_column>, _ count: Int, _ x: UnsafePointer<Double>,
    _ inputs: UnsafeMutablePointer<Double>, _ flags: Int, _ tiles: Int, _ lanes: Int
  ) { pf_likelihood_inputs_f64(columns, count, x, inputs, flags, tiles, lanes) }
}
