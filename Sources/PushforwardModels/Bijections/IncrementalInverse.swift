import CKernels
import PushforwardCore

/// An autoregressive layer as the kernels see it.
///
/// Owns the memory that the description points to.
final class LayerDescription<Scalar: TileScalar>: @unchecked Sendable {
  let made: UnsafeMutablePointer<pf_made>
  private let layers: UnsafeMutablePointer<pf_made_layer>
  private let numbers: AlignedBuffer<Int32>
  private let other: OtherTransformer

  init(_ network: MADE<Scalar>, _ transformer: Transformer) {
    let features = network.features
    let operations = network.stack.layers
    let count = operations.reduce(0) { $0 + $1.weight.rows + features + 1 }
    numbers = AlignedBuffer(count: count)
    layers = .allocate(capacity: operations.count)
    made = .allocate(capacity: 1)
    var next = numbers.pointer
    for (index, operation) in operations.enumerated() {
      let extents = next
      let first = extents + operation.weight.rows
      next = first + features + 1
      for (row, extent) in operation.mask!.extents.enumerated() { extents[row] = extent }
      // Units of degree m are first[m]..<first[m + 1]; output rows stand feature by feature.
      for degree in 0...features {
        first[degree] = Int32(
          index == operations.count - 1
            ? degree * transformer.parameterCount
            : network.hiddenDegrees[index].firstIndex { $0 >= degree } ?? operation.weight.rows)
      }
      layers[index] = pf_made_layer(
        weight: operation.weight.offset, bias: operation.bias?.offset ?? -1, rows: operation.weight.rows,
        columns: operation.weight.columns, extent: extents, first: first, activation: operation.activation.kernel)
    }
    other = OtherTransformer(transformer, Scalar.self)
    let settings = network.stack.settings
    made.initialize(
      to: pf_made(
        features: features, context: network.contextFeatures, hidden_count: operations.count - 1, layer: layers,
        residual: settings.residual ? 1 : 0, activation: settings.activation.kernel,
        bounds_input: settings.boundsInput ? 1 : 0, transformer: transformer.kernel,
        parameter_count: transformer.parameterCount, log_scale_bound: transformer.logScaleBound,
        spline: transformer.shape,
        other: { owner, inverse, x, parameters, y, logDet, features, lanes in
          Unmanaged<OtherTransformer>.fromOpaque(owner!).takeUnretainedValue()
            .apply(inverse != 0, x!, parameters!, y!, logDet!, features, lanes)
        }, owner: Unmanaged.passUnretained(other).toOpaque()))
  }

  deinit {
    layers.deallocate()
    made.deallocate()
  }
}

/// A transformer that the kernels do not know by number: they call it (`pf_other_transformer`).
private final class OtherTransformer: Sendable {
  let apply:
    @Sendable (
      _ inverse: Bool, UnsafeRawPointer, _ parameters: UnsafeRawPointer, UnsafeMutableRawPointer,
      _ logDet: UnsafeMutableRawPointer, _ features: Int, _ lanes: Int
    ) -> Void

  init<Scalar: TileScalar>(_ transformer: Transformer, _ type: Scalar.Type) {
    apply = { inverse, x, parameters, y, logDet, features, lanes in
      transformer.apply(
        inverse: inverse, x.assumingMemoryBound(to: type), parameters.assumingMemoryBound(to: type),
        y.assumingMemoryBound(to: type), logDet.assumingMemoryBound(to: type), features: features, tiles: 1,
        lanes: lanes)
    }
  }
}

/// The inverse of an autoregressive layer in one pass: for each feature in order, its output rows, the inverse of its
/// transformer, then the hidden units whose degree that feature completes, layer by layer (`pf_made_inverse`).
///
/// The degrees drive it, so it serves plain and residual networks, any context and any transformer.
final class IncrementalInverse<Scalar: TileScalar>: TapeOperation<Scalar>, @unchecked Sendable {
  let description: LayerDescription<Scalar>

  init(made: MADE<Scalar>, transformer: Transformer) {
    description = LayerDescription(made, transformer)
  }

  override var hasParameters: Bool { true }

  override func forward(_ context: OperationContext<Scalar>, _ node: inout TapeNode<Scalar>) {
    let tape = context.tape
    let mark = tape.scratchMark
    let scratch = tape.makeScratch(count: pf_made_scratch(description.made, context.lanes))
    Scalar.madeInverse(
      description.made, context.parameters, context.hasInput(node, 1) ? context.input(node, 1) : nil,
      context.input(node, 0), context.output(node), context.accumulator(node)!, scratch, context.tiles, context.lanes)
    tape.releaseScratch(to: mark)
  }

  override func backward(_ context: OperationContext<Scalar>, _ node: TapeNode<Scalar>) {
    preconditionFailure("Autoregressive.inverse refuses recording tapes")
  }
}
