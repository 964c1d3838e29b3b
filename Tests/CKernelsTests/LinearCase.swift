import CKernels
import Testing

/// A pseudo-random number in [-1, 1), a pure function of its arguments (the finalizer of SplitMix64).
func noise(_ seed: Int, _ index: Int) -> Double {
  var z = UInt64(bitPattern: Int64(seed)) &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(bitPattern: Int64(index))
  for multiplier: UInt64 in [0xBF58_476D_1CE4_E5B9, 0x94D0_49BB_1331_11EB] { z = (z ^ (z >> 30)) &* multiplier }
  return Double(Int64(bitPattern: z ^ (z >> 31))) * 0x1p-63
}

/// A linear layer with data, and what plain loops in Double make of it.
struct LinearCase: CustomTestStringConvertible, Sendable {
  let out: Int
  let inputs: Int
  let tiles: Int
  let lanes: Int
  let isMasked: Bool
  let seed: Int

  var testDescription: String {
    "\(out) x \(inputs), \(tiles) tiles of \(lanes)\(isMasked ? ", masked" : ""), seed \(seed)"
  }

  /// Columns beyond `inputs` belong to nobody and hold NaN.
  var ldw: Int { inputs + seed % 4 }

  /// Non-decreasing, with repeats and jumps; starts at 0 for odd seeds.
  var extent: [Int32] {
    if !isMasked { return Array(repeating: Int32(inputs), count: out) }
    var reach = seed % 2
    return (0..<out).map { row in
      let step = Int(abs(noise(seed, row)) * Double(2 * inputs + out) / Double(out) * 1.2)
      reach = min(inputs, reach + (row == 0 ? 0 : step))
      return Int32(reach)
    }
  }

  var firstRow: [Int32] {
    let extent = extent
    return (0..<inputs).map { column in Int32(extent.firstIndex { $0 > column } ?? out) }
  }

  /// `out x ldw`; zero beyond the extents.
  var weights: [Double] {
    let extent = extent
    return (0..<out * ldw).map { index in
      let (row, column) = (index / ldw, index % ldw)
      if column >= inputs { return .nan }
      return column < extent[row] ? Double(Float(noise(seed + 1, index))) : 0
    }
  }

  func vector(_ purpose: Int, count: Int) -> [Double] { (0..<count).map { Double(Float(noise(seed + purpose, $0))) } }
  var bias: [Double] { vector(2, count: out) }
  var x: [Double] { vector(3, count: tiles * inputs * lanes) }
  /// Residual going forward, dY going back.
  var y: [Double] { vector(4, count: tiles * out * lanes) }

  /// Sums of products with the sums of their magnitudes, which scale the rounding error allowed.
  struct Sums {
    var value: [Double]
    var magnitude: [Double]

    /// The first element further from `actual` than `tolerance` of its magnitude.
    func firstMismatch<Scalar: BinaryFloatingPoint>(_ actual: [Scalar], tolerance: Double) -> String? {
      for (index, value) in value.enumerated() {
        let difference = abs(Double(actual[index]) - value)
        if !(difference <= tolerance * (1 + magnitude[index])) {
          return "element \(index): \(actual[index]), expected \(value)"
        }
      }
      return nil
    }
  }

  private func element(_ tile: Int, _ row: Int, _ lane: Int, of rows: Int) -> Int { (tile * rows + row) * lanes + lane }

  /// W x + bias + residual.
  func forward() -> Sums {
    let (w, b, x, residual, extent) = (weights, bias, x, y, extent)
    var sums = Sums(value: residual, magnitude: residual.map(abs))
    for tile in 0..<tiles {
      for row in 0..<out {
        for lane in 0..<lanes {
          let at = element(tile, row, lane, of: out)
          sums.value[at] += b[row]
          for k in 0..<Int(extent[row]) {
            let product = w[row * ldw + k] * x[element(tile, k, lane, of: inputs)]
            sums.value[at] += product
            sums.magnitude[at] += abs(product)
          }
        }
      }
    }
    return sums
  }

  /// W^T dY + start.
  func backwardInput(start: Double) -> Sums {
    let (w, dy, extent) = (weights, y, extent)
    let count = tiles * inputs * lanes
    var sums = Sums(value: .init(repeating: start, count: count), magnitude: .init(repeating: abs(start), count: count))
    for tile in 0..<tiles {
      for row in 0..<out {
        for k in 0..<Int(extent[row]) {
          for lane in 0..<lanes {
            let product = w[row * ldw + k] * dy[element(tile, row, lane, of: out)]
            let at = element(tile, k, lane, of: inputs)
            sums.value[at] += product
            sums.magnitude[at] += abs(product)
          }
        }
      }
    }
    return sums
  }

  /// dY X^T within the extents plus `start`; elsewhere `start`, with no error allowed.
  func backwardWeight(start: [Double]) -> Sums {
    let (x, dy, extent) = (x, y, extent)
    var sums = Sums(value: start, magnitude: start.map(abs))
    for row in 0..<out {
      for k in 0..<Int(extent[row]) {
        let at = row * ldw + k
        for tile in 0..<tiles {
          for lane in 0..<lanes {
            let product = dy[element(tile, row, lane, of: out)] * x[element(tile, k, lane, of: inputs)]
            sums.value[at] += product
            sums.magnitude[at] += abs(product)
          }
        }
      }
    }
    return sums
  }

  /// Small shapes at random, and those with every kind of remainder; rows one by one each fourth time.
  static let all: [LinearCase] = {
    var cases: [LinearCase] = []
    for seed in 0..<120 {
      let pick = { (n: Int, purpose: Int) in Int(abs(noise(1000 + seed, purpose)) * Double(n)) }
      let isRow = seed % 4 == 3
      cases.append(
        LinearCase(
          out: 1 + pick(70, 0), inputs: 1 + pick(70, 1), tiles: seed % 12 == 0 || seed % 20 == 7 ? 0 : 1 + pick(3, 2),
          lanes: isRow ? 1 : 64, isMasked: seed % 3 != 0, seed: seed))
    }
    let shapes = [
      (1, 1), (1, 16), (1, 17), (2, 128), (3, 15), (6, 64), (7, 31), (8, 33), (13, 63), (128, 126), (126, 128),
    ]
    for (index, shape) in shapes.enumerated() {
      for lanes in [1, 64] {
        for isMasked in [false, true] {
          cases.append(
            LinearCase(
              out: shape.0, inputs: shape.1, tiles: 1 + index % 3, lanes: lanes, isMasked: isMasked,
              seed: 200 + index))
        }
      }
    }
    cases.append(LinearCase(out: 1449, inputs: 63, tiles: 1, lanes: 64, isMasked: true, seed: 301))
    cases.append(LinearCase(out: 63, inputs: 1449, tiles: 1, lanes: 64, isMasked: false, seed: 302))
    cases.append(LinearCase(out: 65, inputs: 1449, tiles: 1, lanes: 1, isMasked: true, seed: 303))
    return cases
  }()
}
