import PushforwardCore
import PushforwardModels

/// What training makes large: the mean over rows of a value in nats.
public protocol Objective<Scalar>: Sendable {
  /// `Float` or `Double`.
  associatedtype Scalar: TileScalar
  /// Names and places of the parameters being trained.
  var layout: ParameterLayout { get }
  /// The value of each row: one feature.
  ///
  /// - Throws: whatever the model throws for rows of the wrong shape.
  func value(of x: Variable, context: Variable?, on tape: Tape<Scalar>) throws -> Variable
  /// Sets parameters that can start from data (`ActNorm`, `BatchNormalization`); called once, before the first step.
  ///
  /// - Throws: whatever the model throws for rows of the wrong shape.
  func initialize(
    _ parameters: inout Parameters<Scalar>, from rows: Matrix<Scalar>, context: Matrix<Scalar>?) throws
}

extension Objective {
  /// Changes nothing.
  public func initialize(
    _ parameters: inout Parameters<Scalar>, from rows: Matrix<Scalar>, context: Matrix<Scalar>?
  ) throws {}
}

/// Maximum likelihood: the value is `log p(x | context)`.
public struct MaximumLikelihood<Scalar: TileScalar>: Objective {
  /// The flow being fitted.
  public let network: FlowNetwork<Scalar>
  /// See `Objective`.
  public var layout: ParameterLayout { network.layout }

  /// Likelihood of a flow.
  public init(_ network: FlowNetwork<Scalar>) { self.network = network }

  /// See `Objective`.
  public func value(of x: Variable, context: Variable?, on tape: Tape<Scalar>) throws -> Variable {
    try network.logProb(x, context: context, on: tape).logProb
  }

  /// Starts the flow's normalising layers from the rows.
  public func initialize(
    _ parameters: inout Parameters<Scalar>, from rows: Matrix<Scalar>, context: Matrix<Scalar>?
  ) throws {
    try network.initialize(&parameters, from: rows, context: context)
  }
}

/// Reverse Kullback-Leibler: the value is `log f(x) - log q(x)` at reparameterised draws x of the flow q, for a given
/// unnormalised log-density f.
///
/// Its mean is a lower bound of the log of f's integral (the evidence lower bound).
///
/// Trains with a `DrawSource`. The flow must sample differentiably: coupling layers, or `Inverted` autoregressive ones.
/// - SeeAlso: Rezende & Mohamed (2015), "Variational Inference with Normalizing Flows", arXiv:1505.05770.
public struct ReverseKL<Scalar: TileScalar>: Objective {
  /// The flow being fitted.
  public let network: FlowNetwork<Scalar>
  private let logDensity: @Sendable (Variable, Tape<Scalar>) throws -> Variable
  /// See `Objective`.
  public var layout: ParameterLayout { network.layout }

  /// Fits `network` to a density.
  ///
  /// - Parameters:
  ///   - network: The flow being fitted.
  ///   - logDensity: The unnormalised log-density f of a value of the flow's features, written in tape operations;
  ///     returns one feature.
  /// - Throws: `EngineError.notDifferentiable` for a flow whose sampling has no derivative.
  public init(
    _ network: FlowNetwork<Scalar>, logDensity: @escaping @Sendable (Variable, Tape<Scalar>) throws -> Variable
  ) throws {
    guard network.bijection.inverseIsDifferentiable else {
      throw EngineError.notDifferentiable(
        operation: "sampling of this flow", remedy: "use coupling layers, or Inverted autoregressive layers")
    }
    self.network = network
    self.logDensity = logDensity
  }

  /// See `Objective`.
  public func value(of x: Variable, context: Variable?, on tape: Tape<Scalar>) throws -> Variable {
    let stream = RandomStream(seed: tape.random.seed, purpose: .base)
    let z = network.drawBase(stream: stream, firstRow: tape.firstRow, on: tape)
    // log q(x) = log base(z) - log |det dx/dz|, so the value is log f(x) + log |det dx/dz| - log base(z).
    let decoded = try network.decode(z, context: context, on: tape)
    let base = tape.makeZeros(features: 1)
    network.accumulateBaseLogProb(z, into: base, on: tape)
    tape.accumulate(base, into: decoded.logAbsDet, scale: -1)
    tape.accumulate(try logDensity(decoded.x, tape), into: decoded.logAbsDet)
    return decoded.logAbsDet
  }
}
