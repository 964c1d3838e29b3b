import PushforwardCore

/// An invertible, differentiable map between data x and base space z, with its log-determinant.
///
/// `forward` is data to base (the normalizing direction), `inverse` is base to data. Each direction computes the value
/// and its own `log |det J|` together and ADDS the latter to an accumulator, so that a stack of bijections costs no
/// extra pass. Every bijection accepts a context, used or not, so that composition stays uniform.
///
/// A bijection holds structure only; its numbers lie in the model's `Parameters`, which the tape carries.
public protocol Bijection<Scalar>: Sendable {
  /// `Float` or `Double`.
  associatedtype Scalar: TileScalar
  /// Features of x and of z.
  var features: Int { get }
  /// Features of the context it reads; 0 when it reads none.
  var contextFeatures: Int { get }
  /// Whether `forward` has derivatives on a recording tape; it throws `EngineError.notDifferentiable` if not.
  var forwardIsDifferentiable: Bool { get }
  /// Whether `inverse` has derivatives on a recording tape; it throws `EngineError.notDifferentiable` if not.
  var inverseIsDifferentiable: Bool { get }

  /// Maps data to base space.
  ///
  /// - Parameters:
  ///   - x: Data, `features x lanes` a tile.
  ///   - context: Conditioning values, `contextFeatures x lanes`; `nil` if unconditional.
  ///   - logAbsDet: Accumulator, one value a lane, in nats; `log |det dz/dx|` is added.
  ///   - tape: Where the value is computed; it carries the parameters.
  /// - Returns: z, shape of `x`.
  /// - Throws: `EngineError.featureCount` when the shapes differ from the bijection's.
  func forward(
    _ x: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable

  /// Maps base space to data; adds `log |det dx/dz|` to `logAbsDet`.
  func inverse(
    _ z: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable
}

extension Bijection {
  /// True unless stated otherwise.
  public var forwardIsDifferentiable: Bool { true }
  /// True unless stated otherwise.
  public var inverseIsDifferentiable: Bool { true }
  /// None unless stated otherwise.
  public var contextFeatures: Int { 0 }

  /// `forward` with its log-determinant as a value of its own.
  public func forwardWithLogDet(
    _ x: Variable, context: Variable? = nil, on tape: Tape<Scalar>
  ) throws -> (z: Variable, logAbsDet: Variable) {
    let logAbsDet = tape.makeZeros(features: 1)
    return (try forward(x, context: context, logAbsDet: logAbsDet, on: tape), logAbsDet)
  }

  /// `inverse` with its log-determinant as a value of its own.
  public func inverseWithLogDet(
    _ z: Variable, context: Variable? = nil, on tape: Tape<Scalar>
  ) throws -> (x: Variable, logAbsDet: Variable) {
    let logAbsDet = tape.makeZeros(features: 1)
    return (try inverse(z, context: context, logAbsDet: logAbsDet, on: tape), logAbsDet)
  }

  /// For conforming types: what to ask first in `forward` and `inverse`.
  ///
  /// - Throws: `EngineError.featureCount` unless the value and the context have the bijection's shapes.
  public func check(_ x: Variable, context: Variable?) throws {
    if x.features != features {
      throw EngineError.featureCount(operation: "\(Self.self)", expected: features, found: x.features)
    }
    if contextFeatures > 0 && context?.features != contextFeatures {
      throw EngineError.featureCount(
        operation: "\(Self.self), context", expected: contextFeatures, found: context?.features ?? 0)
    }
  }
}
