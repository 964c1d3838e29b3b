import PushforwardCore

/// Bijections one after the other: `forward` applies them first to last, `inverse` last to first.
public struct Composition<Scalar: TileScalar>: Bijection {
  /// In the order of `forward`.
  public let parts: [any Bijection<Scalar>]
  /// Features of x and of z.
  public let features: Int
  /// Features of the context it reads; 0 when it reads none.
  public let contextFeatures: Int
  /// Whether `forward` has derivatives on a recording tape.
  public var forwardIsDifferentiable: Bool { parts.allSatisfy(\.forwardIsDifferentiable) }
  /// Whether `inverse` has derivatives on a recording tape.
  public var inverseIsDifferentiable: Bool { parts.allSatisfy(\.inverseIsDifferentiable) }

  /// A composition of parts of the same number of features; the identity when there are none.
  public init(_ parts: [any Bijection<Scalar>], features: Int) {
    precondition(parts.allSatisfy { $0.features == features }, "parts of unequal features")
    self.parts = parts
    self.features = features
    contextFeatures = parts.map(\.contextFeatures).max() ?? 0
  }

  /// Maps data to base space and adds the log-determinant.
  @_specialize(where Scalar == Float)
  public func forward(
    _ x: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    try check(x, context: context)
    // Loops rather than `reduce`, which allocates.
    var value = x
    for part in parts {
      value = try tape.scope { try part.forward(value, context: context, logAbsDet: logAbsDet, on: tape) }
    }
    return value
  }

  /// Maps base space to data and adds the log-determinant of that direction.
  public func inverse(
    _ z: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    try check(z, context: context)
    var value = z
    for part in parts.reversed() {
      value = try tape.scope { try part.inverse(value, context: context, logAbsDet: logAbsDet, on: tape) }
    }
    return value
  }
}

extension Composition: RowCompilable {
  func rowSteps(_ parameters: UnsafePointer<Scalar>) -> [RowStep<Scalar>]? {
    var steps: [RowStep<Scalar>] = []
    for part in parts {
      guard let part = part as? any RowCompilable<Scalar>, let more = part.rowSteps(parameters) else { return nil }
      steps += more
    }
    return steps
  }
}

/// A bijection with its directions exchanged.
///
/// An exchanged autoregressive layer samples in one differentiable pass (inverse autoregressive flow, Kingma et al.
/// 2016, arXiv:1606.04934): what variational training wants.
public struct Inverted<Scalar: TileScalar>: Bijection {
  /// The bijection whose `inverse` is this one's `forward`.
  public let bijection: any Bijection<Scalar>
  /// Features of x and of z.
  public var features: Int { bijection.features }
  /// Features of the context it reads; 0 when it reads none.
  public var contextFeatures: Int { bijection.contextFeatures }
  /// Whether `forward` has derivatives on a recording tape.
  public var forwardIsDifferentiable: Bool { bijection.inverseIsDifferentiable }
  /// Whether `inverse` has derivatives on a recording tape.
  public var inverseIsDifferentiable: Bool { bijection.forwardIsDifferentiable }

  /// Exchanges the directions of `bijection`.
  public init(_ bijection: any Bijection<Scalar>) { self.bijection = bijection }

  /// Maps data to base space and adds the log-determinant.
  @_specialize(where Scalar == Float)
  public func forward(
    _ x: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    try bijection.inverse(x, context: context, logAbsDet: logAbsDet, on: tape)
  }

  /// Maps base space to data and adds the log-determinant of that direction.
  public func inverse(
    _ z: Variable, context: Variable?, logAbsDet: Variable, on tape: Tape<Scalar>
  ) throws -> Variable {
    try bijection.forward(z, context: context, logAbsDet: logAbsDet, on: tape)
  }
}
