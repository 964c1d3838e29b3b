import PushforwardCore

/// The inverse of an autoregressive layer in one pass: for each feature in order, its output rows, the inverse of its
/// transformer, then the hidden units whose degree that feature completes, layer by layer.
///
/// The degrees drive it, so it serves plain and residual networks, any context and any transformer.
final class IncrementalInverse<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  private let made: MADE<Scalar>
  private let transformer: Transformer
  /// First unit of each degree, for every hidden layer: units of degree `m` are `starts[l][m]..<starts[l][m + 1]`.
  private let starts: [[Int]]

  init(made: MADE<Scalar>, transformer: Transformer) {
    self.made = made
    self.transformer = transformer
    starts = made.hiddenDegrees.map { degrees in
      (0...max(made.features, 1)).map { m in degrees.firstIndex { $0 >= m } ?? degrees.count }
    }
  }

  override var hasParameters: Bool { true }

  override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    let (features, lanes) = (made.features, context.lanes)
    let tape = context.tape
    let mark = tape.scratchMark
    let entry = tape.makeScratch(count: (made.contextFeatures + features) * lanes)
    let hidden = made.hiddenDegrees.map { tape.makeScratch(count: $0.count * lanes) }
    let activated =
      made.stack.settings.residual ? made.hiddenDegrees.map { tape.makeScratch(count: $0.count * lanes) } : []
    let rows = tape.makeScratch(count: transformer.parameterCount * lanes)
    for tile in 0..<context.tiles {
      if made.contextFeatures > 0 {
        let count = made.contextFeatures * lanes
        see(context.input(node, 1) + tile * count, entry, count)
      }
      let seen = entry + made.contextFeatures * lanes
      let x = context.output(node) + tile * features * lanes
      let z = context.input(node, 0) + tile * features * lanes
      let logDet = context.accumulator(node)! + tile * lanes
      for feature in 0..<features {
        updateUnits(degree: feature, entry: entry, hidden: hidden, activated: activated, context)
        let last = made.hiddenDegrees.isEmpty ? entry : (activated.last ?? hidden[hidden.count - 1])
        apply(
          made.stack.output, feature * transformer.parameterCount..<(feature + 1) * transformer.parameterCount,
          from: last, residual: nil, to: rows, rowOrigin: feature * transformer.parameterCount, context)
        transformer.apply(
          inverse: true, z + feature * lanes, rows, x + feature * lanes, logDet, features: 1, tiles: 1, lanes: lanes)
        see(x + feature * lanes, seen + feature * lanes, lanes)
      }
    }
    tape.releaseScratch(to: mark)
  }

  /// Inputs as the network sees them (see `LayerStack.apply`).
  private func see(_ x: UnsafePointer<Scalar>, _ seen: UnsafeMutablePointer<Scalar>, _ count: Int) {
    if made.stack.settings.boundsInput {
      Scalar.unary(UnaryFunction.softLimit.kernel, x, seen, count)
    } else {
      seen.update(from: x, count: count)
    }
  }

  /// Computes the hidden units of one degree in all layers.
  private func updateUnits(
    degree: Int, entry: UnsafeMutablePointer<Scalar>, hidden: [UnsafeMutablePointer<Scalar>],
    activated: [UnsafeMutablePointer<Scalar>], _ context: OperationContext<Scalar>
  ) {
    let residual = !activated.isEmpty
    for index in hidden.indices {
      let units = starts[index][degree]..<starts[index][degree + 1]
      if units.isEmpty { continue }
      let layer = made.stack.layers[index]
      if !residual {
        apply(layer, units, from: index == 0 ? entry : hidden[index - 1], residual: nil, to: hidden[index], context)
        continue
      }
      // Entry and block ends are linear; what the next layer reads of them is activated (see LayerStack.hidden).
      if index % 2 == 1 {
        apply(layer, units, from: activated[index - 1], residual: nil, to: activated[index], context)
      } else {
        let before = index == 0 ? entry : activated[index - 1]
        apply(layer, units, from: before, residual: index == 0 ? nil : hidden[index - 2], to: hidden[index], context)
        let (start, count) = (units.lowerBound * context.lanes, units.count * context.lanes)
        if let function = made.stack.settings.activation.function {
          Scalar.unary(function.kernel, hidden[index] + start, activated[index] + start, count)
        } else {
          (activated[index] + start).update(from: hidden[index] + start, count: count)
        }
      }
    }
  }

  /// Some rows of a linear layer, one tile.
  private func apply(
    _ layer: LinearOperation<Scalar>, _ units: Range<Int>, from x: UnsafeMutablePointer<Scalar>,
    residual: UnsafeMutablePointer<Scalar>?, to y: UnsafeMutablePointer<Scalar>, rowOrigin: Int = 0,
    _ context: OperationContext<Scalar>
  ) {
    let (first, lanes) = (units.lowerBound, context.lanes)
    let columns = layer.weight.columns
    let parameters = context.parameters
    layer.mask!.extents.withUnsafeBufferPointer { extents in
      Scalar.linearForward(
        parameters + layer.weight.offset + first * columns, columns, layer.bias.map { parameters + $0.offset + first },
        x, residual.map { UnsafePointer($0 + first * lanes) }, y + (first - rowOrigin) * lanes, nil, units.count,
        columns,
        extents.baseAddress! + first, 1, lanes, layer.activation.kernel)
    }
  }

  override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    preconditionFailure("Autoregressive.inverse refuses recording tapes")
  }
}
