/// For programs of one's own: a value computed on a tape, and a mean over rows with its gradient, in one call.
extension Tape {
  /// Computes a value.
  ///
  /// Forgets what the tape held and runs `value` on it.
  ///
  /// - Parameters:
  ///   - rows: Rows of data that `value` puts on the tape.
  ///   - parameters: What `value` reads.
  ///   - value: Computes the value.
  /// - Returns: The value's numbers, `rows x features`.
  /// - Throws: What `value` throws.
  public func matrix(
    rows: Int, parameters: Parameters<Scalar>, of value: (Tape<Scalar>) throws -> Variable
  ) rethrows -> Matrix<Scalar> {
    try parameters.withUnsafePointer { numbers in
      begin(rows: rows, parameters: numbers)
      return matrix(try value(self))
    }
  }

  /// The mean over rows of a one-feature value, and its gradient.
  ///
  /// Forgets what the tape held, runs `value` on it and runs it backwards. Minimise what is returned, or return minus
  /// what is to be made large.
  ///
  /// - Parameters:
  ///   - rows: Rows of data that `value` puts on the tape, at least one.
  ///   - parameters: What `value` reads.
  ///   - gradient: Of the same layout; the gradient of the mean is ADDED to it.
  ///   - value: Computes a loss for each row: one feature.
  /// - Returns: The mean of the losses, summed in Double.
  /// - Throws: What `value` throws; the gradient is then unchanged.
  /// - Precondition: The tape records gradients.
  public func mean(
    rows: Int, parameters: Parameters<Scalar>, gradient: inout Parameters<Scalar>,
    of value: (Tape<Scalar>) throws -> Variable
  ) rethrows -> Double {
    precondition(recordsGradients, "mean(rows:parameters:gradient:of:) on a tape that does not record gradients")
    precondition(rows > 0, "a mean of no rows")
    precondition(parameters.layout == gradient.layout, "a gradient of another layout")
    return try parameters.withUnsafePointer { numbers in
      try gradient.withUnsafeMutablePointer { slopes in
        begin(rows: rows, parameters: numbers, gradients: slopes)
        let loss = try value(self)
        precondition(loss.features == 1, "a loss has one feature, not \(loss.features)")
        let lanes = elementCount(features: 1)
        let (losses, seed) = (pointer(loss), makeScratch(count: lanes))
        var total = 0.0
        for lane in 0..<lanes {
          seed[lane] = lane < rows ? Scalar(1 / Double(rows)) : 0
          if lane < rows { total += Double(losses[lane]) }
        }
        backward(from: loss, seed: seed)
        return total / Double(rows)
      }
    }
  }

  /// A linear layer `activation(W x + b)`, `W` being `weight`, of as many columns as `x` has features.
  ///
  /// - Throws: `EngineError.featureCount`.
  public func linear(_ layer: LinearOperation<Scalar>, _ x: Variable) throws -> Variable {
    guard x.features == layer.weight.columns else {
      throw EngineError.featureCount(
        operation: "linear layer \(layer.weight.name)", expected: layer.weight.columns, found: x.features)
    }
    return record(layer, x, outputFeatures: layer.weight.rows)
  }
}
