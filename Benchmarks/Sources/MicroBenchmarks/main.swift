// The kernels of a flow against the core's measured multiply-add peak, one line each, on the calling thread.
//
//   MicroBenchmarks [--seconds 0.2]
//
// GFLOP/s count useful work: weights that a mask sets to zero are not counted. Processor time, best of many runs, so
// that the figures hold on a machine that is not idle. A layer's shape is rows x columns, a batch 256 rows (4 tiles).
import CPeak
import Foundation
import Pushforward
import PushforwardCore
import PushforwardModels

func option(_ name: String, _ fallback: Double) -> Double {
  guard let index = CommandLine.arguments.firstIndex(of: "--\(name)"), index + 1 < CommandLine.arguments.count else {
    return fallback
  }
  return Double(CommandLine.arguments[index + 1]) ?? fallback
}
let budget = option("seconds", 0.2)

func now() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Seconds of one call at its best.
func best(_ body: () -> Void) -> Double {
  body()
  var fastest = Double.infinity
  let end = now() + budget
  repeat {
    let start = now()
    var calls = 0
    repeat {
      body()
      calls += 1
    } while now() - start < 2e-3
    fastest = min(fastest, (now() - start) / Double(calls))
  } while now() < end
  return fastest
}

let tiles = 4
let lanes = 64
func buffer(_ count: Int) -> UnsafeMutablePointer<Float> {
  let memory = AlignedBuffer<Float>(count: count)
  let stream = RandomStream(seed: UInt64(count), purpose: .test)
  let values: Matrix<Float> = stream.normal(rows: 1, columns: count)
  memory.pointer.update(from: values.values, count: count)
  return Unmanaged.passRetained(memory).takeUnretainedValue().pointer
}

func measuredPeak() -> Double {
  let operations = peak_float_operations(20_000)
  return operations / best { _ = peak_float_operations(20_000) }
}
let peak = measuredPeak()
print("| kernel | shape | us | GFLOP/s | of peak |")
print("| --- | --- | ---: | ---: | ---: |")
func report(_ kernel: String, _ shape: String, operations: Double?, _ body: () -> Void) {
  let seconds = best(body)
  let time = String(format: "%.2f", seconds * 1e6)
  guard let operations else {
    print("| \(kernel) | \(shape) | \(time) | | |")
    return
  }
  let rate = operations / seconds
  print(
    "| \(kernel) | \(shape) | \(time) | \(String(format: "%.1f", rate * 1e-9)) |"
      + " \(String(format: "%.0f %%", 100 * rate / peak)) |")
}
report("multiply-add peak", "", operations: peak_float_operations(20_000)) { _ = peak_float_operations(20_000) }

/// Sorted degrees 1 to D - 1 spread over hidden units, and what rows of the next layer see.
func layer(rows: Int, columns: Int, extents: [Int32]?) {
  let useful = extents.map { $0.reduce(0.0) { $0 + Double($1) } } ?? Double(rows * columns)
  let operations = 2 * useful * Double(tiles * lanes)
  let (weight, bias) = (buffer(rows * columns), buffer(rows))
  if let extents {
    for row in 0..<rows {
      for column in Int(extents[row])..<columns { weight[row * columns + column] = 0 }
    }
  }
  let (x, y) = (buffer(columns * lanes * tiles), buffer(rows * lanes * tiles))
  let (dy, dx) = (buffer(rows * lanes * tiles), buffer(columns * lanes * tiles))
  let (dw, scratch) = (buffer(rows * columns), buffer((columns + 16) * lanes * tiles))
  let mask = extents.map { TriangularMask(extents: $0, columns: columns) }
  let shape = "\(rows)x\(columns)\(extents == nil ? "" : " triangular")"
  report("linear forward", shape, operations: operations) {
    Float.linearForward(
      weight, columns, bias, x, nil, y, nil, rows, columns, mask?.extents, tiles, lanes, Activation.relu.kernelNumber)
  }
  report("linear backward, input", shape, operations: operations) {
    Float.linearBackwardInput(weight, columns, dy, nil, dx, rows, columns, mask?.firstRows, tiles, lanes, 0)
  }
  report("linear backward, weight", shape, operations: operations) {
    Float.linearBackwardWeight(dy, x, dw, columns, nil, rows, columns, mask?.extents, tiles, lanes, scratch)
  }
}

extension Activation {
  /// What the kernels call the rectifier; it costs the least.
  var kernelNumber: Int32 { self == .relu ? 1 : 0 }
}

for columns in [64, 128] { layer(rows: 128, columns: columns, extents: nil) }
layer(rows: 512, columns: 128, extents: nil)
for features in [6, 21, 63] {
  let degrees = (0..<128).map { 1 + $0 * (features - 1) / 128 }
  let inputs = degrees.map { Int32($0) }
  let hidden = degrees.map { degree in Int32(degrees.filter { $0 <= degree }.count) }
  layer(rows: 128, columns: features, extents: inputs)
  layer(rows: 128, columns: 128, extents: hidden)
  for count in [2, 23] {
    let extents = (0..<features * count).map { row in Int32(degrees.filter { $0 < row / count + 1 }.count) }
    layer(rows: features * count, columns: 128, extents: extents)
  }
}

let features = 21
let (x, y, logDet) = (buffer(features * lanes * tiles), buffer(features * lanes * tiles), buffer(lanes * tiles))
for (name, transformer) in [("affine", Transformer.affine), ("spline, 8 bins", .spline(bins: 8, bound: 5))] {
  let parameters = buffer(features * transformer.parameterCount * lanes * tiles)
  for inverse in [false, true] {
    report(inverse ? "\(name), inverse" : name, "\(features) features", operations: nil) {
      transformer.apply(
        inverse: inverse, x, parameters, y, logDet, features: features, tiles: tiles, lanes: lanes)
    }
  }
}
