import CKernels

/// The linear-algebra, optimizer and random kernels of a scalar type, so that a test is written once for both.
protocol LinearScalar: BinaryFloatingPoint, Sendable {
  typealias Input = UnsafePointer<Self>
  typealias Output = UnsafeMutablePointer<Self>
  typealias Mask = UnsafePointer<Int32>

  static func linearForward(
    _ w: Input, _ ldw: Int, _ bias: Input?, _ x: Input, _ residual: Input?, _ y: Output, _ pre: Output?, _ out: Int,
    _ inputs: Int, _ extent: Mask?, _ tiles: Int, _ lanes: Int, _ activation: Int32)
  static func linearBackwardInput(
    _ w: Input, _ ldw: Int, _ dy: Input, _ rectified: Input?, _ dx: Output, _ out: Int, _ inputs: Int,
    _ firstRow: Mask?, _ tiles: Int, _ lanes: Int, _ accumulate: Int32)
  static func linearBackwardWeight(
    _ dy: Input, _ x: Input, _ dw: Output, _ ldw: Int, _ dbias: Output?, _ out: Int, _ inputs: Int, _ extent: Mask?,
    _ tiles: Int, _ lanes: Int, _ scratch: Output)
  static func triangularSolve(
    _ a: Input, _ lda: Int, _ b: Input, _ x: Output, _ n: Int, _ upper: Int32, _ unit: Int32, _ transposed: Int32,
    _ tiles: Int, _ lanes: Int)
  static func rowsToTiles(_ rows: Input, _ ld: Int, _ tiles: Output, _ count: Int, _ features: Int, _ lanes: Int)
  static func tilesToRows(_ tiles: Input, _ rows: Output, _ ld: Int, _ count: Int, _ features: Int, _ lanes: Int)
  static func reduceGradients(
    _ shards: UnsafePointer<Output?>, _ shardCount: Int, _ out: Output, _ rows: Int, _ columns: Int, _ extent: Mask?,
    _ clear: Int32
  ) -> Double
  static func adamW(
    _ p: Output, _ g: Output, _ m: Output, _ v: Output, _ ema: Output?, _ rows: Int, _ columns: Int, _ extent: Mask?,
    _ gradientScale: Self, _ rate: Self, _ beta1: Self, _ beta2: Self, _ eps: Self, _ decay: Self, _ bias1: Self,
    _ bias2: Self, _ emaDecay: Self)
  static func uniform(
    _ seed: UInt64, _ purpose: UInt32, _ row: UInt64, _ out: Output, _ features: Int, _ tiles: Int, _ lanes: Int)
  static func normal(
    _ seed: UInt64, _ purpose: UInt32, _ row: UInt64, _ out: Output, _ features: Int, _ tiles: Int, _ lanes: Int)
}

extension Float: LinearScalar {
  static func linearForward(
    _ w: Input, _ ldw: Int, _ bias: Input?, _ x: Input, _ residual: Input?, _ y: Output, _ pre: Output?, _ out: Int,
    _ inputs: Int, _ extent: Mask?, _ tiles: Int, _ lanes: Int, _ activation: Int32
  ) {
    pf_linear_forward_f32(w, ldw, bias, x, residual, y, pre, out, inputs, extent, tiles, lanes, activation)
  }
  static func linearBackwardInput(
    _ w: Input, _ ldw: Int, _ dy: Input, _ rectified: Input?, _ dx: Output, _ out: Int, _ inputs: Int,
    _ firstRow: Mask?, _ tiles: Int, _ lanes: Int, _ accumulate: Int32
  ) {
    pf_linear_backward_input_f32(w, ldw, dy, rectified, dx, out, inputs, firstRow, tiles, lanes, accumulate)
  }
  static func linearBackwardWeight(
    _ dy: Input, _ x: Input, _ dw: Output, _ ldw: Int, _ dbias: Output?, _ out: Int, _ inputs: Int, _ extent: Mask?,
    _ tiles: Int, _ lanes: Int, _ scratch: Output
  ) {
    pf_linear_backward_weight_f32(dy, x, dw, ldw, dbias, out, inputs, extent, tiles, lanes, scratch)
  }
  static func triangularSolve(
    _ a: Input, _ lda: Int, _ b: Input, _ x: Output, _ n: Int, _ upper: Int32, _ unit: Int32, _ transposed: Int32,
    _ tiles: Int, _ lanes: Int
  ) {
    pf_triangular_solve_f32(a, lda, b, x, n, upper, unit, transposed, tiles, lanes)
  }
  static func rowsToTiles(
    _ rows: Input, _ ld: Int, _ tiles: Output, _ count: Int, _ features: Int, _ lanes: Int
  ) {
    pf_rows_to_tiles_f32(rows, ld, tiles, count, features, lanes)
  }
  static func tilesToRows(
    _ tiles: Input, _ rows: Output, _ ld: Int, _ count: Int, _ features: Int, _ lanes: Int
  ) {
    pf_tiles_to_rows_f32(tiles, rows, ld, count, features, lanes)
  }
  static func reduceGradients(
    _ shards: UnsafePointer<Output?>, _ shardCount: Int, _ out: Output, _ rows: Int, _ columns: Int, _ extent: Mask?,
    _ clear: Int32
  ) -> Double {
    pf_reduce_gradients_f32(shards, shardCount, out, rows, columns, extent, clear)
  }
  static func adamW(
    _ p: Output, _ g: Output, _ m: Output, _ v: Output, _ ema: Output?, _ rows: Int, _ columns: Int, _ extent: Mask?,
    _ gradientScale: Self, _ rate: Self, _ beta1: Self, _ beta2: Self, _ eps: Self, _ decay: Self, _ bias1: Self,
    _ bias2: Self, _ emaDecay: Self
  ) {
    pf_adamw_f32(
      p, g, m, v, ema, rows, columns, extent, gradientScale, rate, beta1, beta2, eps, decay, bias1, bias2, emaDecay)
  }
  static func uniform(
    _ seed: UInt64, _ purpose: UInt32, _ row: UInt64, _ out: Output, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_uniform_f32(seed, purpose, row, out, features, tiles, lanes)
  }
  static func normal(
    _ seed: UInt64, _ purpose: UInt32, _ row: UInt64, _ out: Output, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_normal_f32(seed, purpose, row, out, features, tiles, lanes)
  }
}

extension Double: LinearScalar {
  static func linearForward(
    _ w: Input, _ ldw: Int, _ bias: Input?, _ x: Input, _ residual: Input?, _ y: Output, _ pre: Output?, _ out: Int,
    _ inputs: Int, _ extent: Mask?, _ tiles: Int, _ lanes: Int, _ activation: Int32
  ) {
    pf_linear_forward_f64(w, ldw, bias, x, residual, y, pre, out, inputs, extent, tiles, lanes, activation)
  }
  static func linearBackwardInput(
    _ w: Input, _ ldw: Int, _ dy: Input, _ rectified: Input?, _ dx: Output, _ out: Int, _ inputs: Int,
    _ firstRow: Mask?, _ tiles: Int, _ lanes: Int, _ accumulate: Int32
  ) {
    pf_linear_backward_input_f64(w, ldw, dy, rectified, dx, out, inputs, firstRow, tiles, lanes, accumulate)
  }
  static func linearBackwardWeight(
    _ dy: Input, _ x: Input, _ dw: Output, _ ldw: Int, _ dbias: Output?, _ out: Int, _ inputs: Int, _ extent: Mask?,
    _ tiles: Int, _ lanes: Int, _ scratch: Output
  ) {
    pf_linear_backward_weight_f64(dy, x, dw, ldw, dbias, out, inputs, extent, tiles, lanes, scratch)
  }
  static func triangularSolve(
    _ a: Input, _ lda: Int, _ b: Input, _ x: Output, _ n: Int, _ upper: Int32, _ unit: Int32, _ transposed: Int32,
    _ tiles: Int, _ lanes: Int
  ) {
    pf_triangular_solve_f64(a, lda, b, x, n, upper, unit, transposed, tiles, lanes)
  }
  static func rowsToTiles(
    _ rows: Input, _ ld: Int, _ tiles: Output, _ count: Int, _ features: Int, _ lanes: Int
  ) {
    pf_rows_to_tiles_f64(rows, ld, tiles, count, features, lanes)
  }
  static func tilesToRows(
    _ tiles: Input, _ rows: Output, _ ld: Int, _ count: Int, _ features: Int, _ lanes: Int
  ) {
    pf_tiles_to_rows_f64(tiles, rows, ld, count, features, lanes)
  }
  static func reduceGradients(
    _ shards: UnsafePointer<Output?>, _ shardCount: Int, _ out: Output, _ rows: Int, _ columns: Int, _ extent: Mask?,
    _ clear: Int32
  ) -> Double {
    pf_reduce_gradients_f64(shards, shardCount, out, rows, columns, extent, clear)
  }
  static func adamW(
    _ p: Output, _ g: Output, _ m: Output, _ v: Output, _ ema: Output?, _ rows: Int, _ columns: Int, _ extent: Mask?,
    _ gradientScale: Self, _ rate: Self, _ beta1: Self, _ beta2: Self, _ eps: Self, _ decay: Self, _ bias1: Self,
    _ bias2: Self, _ emaDecay: Self
  ) {
    pf_adamw_f64(
      p, g, m, v, ema, rows, columns, extent, gradientScale, rate, beta1, beta2, eps, decay, bias1, bias2, emaDecay)
  }
  static func uniform(
    _ seed: UInt64, _ purpose: UInt32, _ row: UInt64, _ out: Output, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_uniform_f64(seed, purpose, row, out, features, tiles, lanes)
  }
  static func normal(
    _ seed: UInt64, _ purpose: UInt32, _ row: UInt64, _ out: Output, _ features: Int, _ tiles: Int, _ lanes: Int
  ) {
    pf_normal_f64(seed, purpose, row, out, features, tiles, lanes)
  }
}
