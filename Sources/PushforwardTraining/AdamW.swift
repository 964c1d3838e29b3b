import PushforwardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The optimizer, for training loops of one's own.
///
/// `Trainer` has it built in. A value: a copy is a snapshot.
///
/// Weight decay is decoupled from the gradient and reaches weight matrices only; slices of role `constant` and
/// `statistic` stay as they are.
///
/// - SeeAlso: Loshchilov and Hutter (2019), "Decoupled Weight Decay Regularization", arXiv:1711.05101.
public struct AdamW<Scalar: TileScalar>: Sendable {
  /// Step size; may be changed between steps.
  public var rate: Double
  /// L2 term on weight matrices, per step in units of `rate`.
  public var weightDecay: Double
  /// Gradients of a larger global norm are scaled down to it.
  public var clipNorm: Double
  /// Decay of the mean of gradients.
  public var beta1 = 0.9
  /// Decay of the mean of their squares.
  public var beta2 = 0.999
  /// Added to the root of the mean square.
  public var epsilon = 1e-8
  /// Steps taken.
  public private(set) var steps = 0
  private var firstMoment: Parameters<Scalar>
  private var secondMoment: Parameters<Scalar>

  /// An optimizer of parameters of that layout.
  public init(
    layout: ParameterLayout, rate: Double = 1e-3, weightDecay: Double = 0, clipNorm: Double = .infinity
  ) {
    self.rate = rate
    self.weightDecay = weightDecay
    self.clipNorm = clipNorm
    firstMoment = .zeros(layout: layout)
    secondMoment = .zeros(layout: layout)
  }

  /// Moves the parameters one step down a gradient, then sets the gradient to zero for the next one.
  ///
  /// A gradient that is not finite moves nothing (and is cleared): look at what is returned.
  ///
  /// - Returns: The gradient's global norm before clipping.
  /// - Precondition: Both have the optimizer's layout.
  @discardableResult
  public mutating func step(
    _ parameters: inout Parameters<Scalar>, gradient: inout Parameters<Scalar>
  ) -> Double {
    let layout = firstMoment.layout
    precondition(parameters.layout == layout && gradient.layout == layout, "AdamW: parameters of another layout")
    let trained = layout.slices.filter { $0.role == .weight || $0.role == .bias }
    return gradient.withUnsafeMutablePointer { g in
      defer { Scalar.fill(g, 0, layout.count) }
      let norm = trained.reduce(0) { $0 + squares(g + $1.offset, $1.count) }.squareRoot()
      guard norm.isFinite else { return norm }
      steps += 1
      let scale = Scalar(norm > clipNorm ? clipNorm / norm : 1)
      let bias1 = Scalar(1 - pow(beta1, Double(steps)))
      let bias2 = Scalar(1 - pow(beta2, Double(steps)))
      parameters.withUnsafeMutablePointer { p in
        firstMoment.withUnsafeMutablePointer { m in
          secondMoment.withUnsafeMutablePointer { v in
            for slice in trained {
              let at = slice.offset
              Scalar.adamW(
                p + at, g + at, m + at, v + at, nil, 1, slice.count, nil, scale, Scalar(rate), Scalar(beta1),
                Scalar(beta2), Scalar(epsilon), Scalar(slice.role == .weight ? weightDecay : 0), bias1, bias2, 0)
            }
          }
        }
      }
      return norm
    }
  }

  private func squares(_ values: UnsafePointer<Scalar>, _ count: Int) -> Double {
    (0..<count).reduce(0) { $0 + Double(values[$1]) * Double(values[$1]) }
  }
}
