import PushforwardCore

/// Runs a tape function over many rows in pieces, on all workers, and collects one output row for each.
package struct RowRunner<Scalar: TileScalar> {
  /// Rows in all.
  package let rows: Int
  /// Threads, or the calling one alone.
  package let workers: WorkerPool?
  /// Rows a piece: a few tiles, so that a piece stays in the cache and costs little to deal.
  private let piece = 256

  package init(rows: Int, workers: WorkerPool?) {
    self.rows = rows
    self.workers = workers
  }

  /// - Throws: the first error of `body`, by row order.
  package func run(
    parameters: Parameters<Scalar>, outputs: Int, _ body: (Tape<Scalar>, _ start: Int) throws -> Variable
  ) throws -> Matrix<Scalar> {
    var result = Matrix<Scalar>(rows: rows, columns: outputs)
    if rows == 0 { return result }
    let pieces = (rows + piece - 1) / piece
    let pool = pieces > 1 ? workers : nil
    let tapes = (0..<(pool?.workers ?? 1)).map { _ in Tape<Scalar>() }
    var errors = [(any Error)?](repeating: nil, count: pieces)
    result.values.withUnsafeMutableBufferPointer { out in
      errors.withUnsafeMutableBufferPointer { errors in
        let (out, errors) = (out.baseAddress!, errors.baseAddress!)
        parameters.withUnsafePointer { parameters in
          func work(item: Int, worker: Int) {
            let start = item * piece
            let tape = tapes[worker]
            tape.begin(rows: min(piece, rows - start), parameters: parameters, wide: rows > 1)
            do {
              let value = try body(tape, start)
              tape.copy(value, toRowMajor: out + start * outputs, stride: outputs)
            } catch {
              errors[item] = error
            }
          }
          if let pool {
            pool.run(items: pieces, work)
          } else {
            for item in 0..<pieces { work(item: item, worker: 0) }
          }
        }
      }
    }
    if let error = errors.first(where: { $0 != nil }) { throw error! }
    return result
  }
}
