/// The tape's vocabulary: what bijections, networks and losses are written in.
extension Tape {
  /// An elementwise function.
  public func apply(_ function: UnaryFunction, _ x: Variable) -> Variable {
    record(standard.unary, x, outputFeatures: x.features, choice: Int(function.kernel))
  }

  /// An elementwise function of two values of the same shape.
  ///
  /// A one-feature value is first repeated to the other's features.
  public func apply(_ function: BinaryFunction, _ a: Variable, _ b: Variable) -> Variable {
    let features = max(a.features, b.features)
    let left = a.features == features ? a : broadcast(a, features: features)
    let right = b.features == features ? b : broadcast(b, features: features)
    return record(standard.binary, left, right, outputFeatures: features, choice: Int(function.kernel))
  }

  /// `a + b`.
  public func add(_ a: Variable, _ b: Variable) -> Variable { apply(.add, a, b) }
  /// `a - b`.
  public func subtract(_ a: Variable, _ b: Variable) -> Variable { apply(.subtract, a, b) }
  /// `a b`, element by element.
  public func multiply(_ a: Variable, _ b: Variable) -> Variable { apply(.multiply, a, b) }
  /// `a / b`, element by element.
  public func divide(_ a: Variable, _ b: Variable) -> Variable { apply(.divide, a, b) }
  /// `e^x`.
  public func exp(_ x: Variable) -> Variable { apply(.exp, x) }
  /// Natural logarithm.
  public func log(_ x: Variable) -> Variable { apply(.log, x) }
  /// `x^2`.
  public func square(_ x: Variable) -> Variable { apply(.square, x) }

  /// `scale x + shift`.
  public func affine(_ x: Variable, scale: Double, shift: Double = 0) -> Variable {
    record(
      standard.scale, x, outputFeatures: x.features, attribute: scale,
      choice: Int(Int64(bitPattern: shift.bitPattern)))
  }

  /// Sum over features: one number a row.
  public func sumFeatures(_ x: Variable) -> Variable { record(standard.sumFeatures, x, outputFeatures: 1) }

  /// `log sum exp` over features: one number a row.
  public func logSumExpFeatures(_ x: Variable) -> Variable { record(standard.logSumExp, x, outputFeatures: 1) }

  /// Repeats a one-feature value.
  public func broadcast(_ x: Variable, features: Int) -> Variable {
    precondition(x.features == 1, "broadcast takes one feature, not \(x.features)")
    return record(standard.broadcast, x, outputFeatures: features)
  }

  /// Features of `a` above those of `b`.
  public func concatenate(_ a: Variable, _ b: Variable) -> Variable {
    record(standard.concatenate, a, b, outputFeatures: a.features + b.features)
  }

  /// The features of the given numbers, in that order.
  public func select(_ x: Variable, features: [Int]) -> Variable {
    record(GatherOperation(index: features), x, outputFeatures: features.count)
  }

  /// Adds `scale` times a one-feature value to an accumulator (a log-determinant or log-density).
  public func accumulate(_ x: Variable, into accumulator: Variable, scale: Double = 1) {
    precondition(x.features == 1, "accumulate takes one feature, not \(x.features)")
    record(standard.accumulate, x, outputFeatures: 0, accumulator: accumulator, attribute: scale)
  }

  /// Adds the standard normal's log-density (nats, summed over features) to an accumulator.
  public func accumulateStandardNormalLogDensity(_ x: Variable, into accumulator: Variable) {
    record(standard.standardNormal, x, outputFeatures: 0, accumulator: accumulator)
  }

  /// Adds a constant to every lane of a value, in place.
  ///
  /// For constant parts of a log-determinant.
  public func addConstant(_ constant: Double, to accumulator: Variable) {
    let count = elementCount(features: accumulator.features)
    Scalar.scaleShift(pointer(accumulator), 1, Scalar(constant), pointer(accumulator), count)
  }

  /// Scratch memory of zeros.
  package func makeZeroScratch(count: Int) -> UnsafeMutablePointer<Scalar> {
    let pointer = makeScratch(count: count)
    Scalar.fill(pointer, 0, count)
    return pointer
  }
}
