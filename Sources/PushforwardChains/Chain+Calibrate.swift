import CKernels
import PushforwardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension Chain {
  /// Sums are made of so many parts, in order, so that they do not depend on the number of threads.
  private static var parts: Int { 32 }

  /// The chain with its heads' class biases moved until, on average over rows, classes are as likely as they are frequent.
  ///
  /// Maximum likelihood of the biases alone by iterative scaling: training that stops early, dropout, and the average of the
  /// weights leave them off by a few tenths of a percent. Heads of low rank stay as they are.
  ///
  /// - Parameters:
  ///   - rows: The rows.
  ///   - rounds: Passes over them.
  ///   - workers: Threads; the result does not depend on them.
  /// - Returns: The chain.
  /// - Throws: `ChainError` for cells that are none of the chain's.
  ///
  /// Source: Darroch, Ratcliff (1972), "Generalized iterative scaling for log-linear models", Annals of Mathematical
  /// Statistics 43. Every row has one class, so the likelihood grows with each round.
  public func calibrated(on rows: ChainRows, rounds: Int, workers: WorkerPool? = nil) throws -> Chain {
    guard let bias = network.output.bias, rows.count > 0 else { return self }
    var chain = self
    for _ in 0..<rounds {
      let (found, expected) = try chain.classTotals(rows, workers: workers)
      var parameters = chain.parameters
      var values = parameters[bias]
      for index in network.fullHeads?.columns ?? [] {
        let column = network.plan.columns[index]
        for row in column.outputRows.prefix(column.headClasses) {
          values[row] += Float(log((found[row] + 0.5) / (expected[row] + 0.5)))
        }
      }
      parameters[bias] = values
      chain = Chain(network: network, parameters: parameters, hints: hints)
    }
    return chain
  }

  /// For each row of the output that is a class of a head: the weight of the rows in that class, and what the chain expects.
  private func classTotals(_ rows: ChainRows, workers: WorkerPool?) throws -> (found: [Double], expected: [Double]) {
    let tiles = try cells(rows, given: [])
    let outputs = network.plan.outputRows
    let lanes = Int(PF_LANES)
    let columns = network.fullHeads?.columns ?? []
    let totals = AlignedBuffer<Double>(count: 2 * outputs * Self.parts)
    let tileCount = (rows.count + lanes - 1) / lanes
    let tapes = (0..<(workers?.workers ?? 1)).map { _ in Tape<Float>() }
    parameters.withUnsafePointer { numbers in
      func work(_ part: Int, _ worker: Int) {
        let sums = totals.pointer + 2 * outputs * part
        let tape = tapes[worker]
        var tile = part * tileCount / Self.parts
        let end = (part + 1) * tileCount / Self.parts
        while tile < end {
          let start = tile * lanes
          let count = min(4 * lanes, rows.count - start, (end - tile) * lanes)
          tape.begin(rows: count, parameters: numbers, wide: true)
          let found = tape.pointer(network.outputs(tiles.input(on: tape, start: start), on: tape))
          for row in 0..<count {
            let at = found + row / lanes * outputs * lanes + row % lanes
            let weight = rows.weights.map { Double($0[start + row]) } ?? 1
            for index in columns {
              let code = Int(rows.columns[index].codes[start + row])
              if code >= 0 { add(network.plan.columns[index], code, weight, at, to: sums, outputs: outputs) }
            }
          }
          tile += 4
        }
      }
      if let workers {
        workers.run(items: Self.parts, work)
      } else {
        for part in 0..<Self.parts { work(part, 0) }
      }
    }
    var (found, expected) = ([Double](repeating: 0, count: outputs), [Double](repeating: 0, count: outputs))
    for part in 0..<Self.parts {
      for row in 0..<outputs {
        found[row] += totals.pointer[2 * outputs * part + row]
        expected[row] += totals.pointer[2 * outputs * part + outputs + row]
      }
    }
    return (found, expected)
  }

  private func add(
    _ column: ChainPlan.Column, _ code: Int, _ weight: Double, _ head: UnsafePointer<Float>,
    to sums: UnsafeMutablePointer<Double>, outputs: Int
  ) {
    let (first, classes, lanes) = (column.outputRows.lowerBound, column.headClasses, Int(PF_LANES))
    if classes == 0 { return }
    sums[first + code] += weight
    var top = head[first * lanes]
    for k in 1..<classes { top = max(top, head[(first + k) * lanes]) }
    var total: Float = 0
    for k in 0..<classes { total += expf(head[(first + k) * lanes] - top) }
    let scale = weight / Double(total)
    for k in 0..<classes { sums[outputs + first + k] += scale * Double(expf(head[(first + k) * lanes] - top)) }
  }
}
