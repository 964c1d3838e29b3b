import PushforwardCore
import PushforwardMixtures

extension HiddenMarkovModel where Emission == ComponentEmission {
  /// Draws a sequence.
  ///
  /// - Parameters:
  ///   - length: Rows, not negative.
  ///   - sequence: Number of the sequence: each has random numbers of its own.
  ///   - seed: Same seed, same rows; a longer sequence begins with the shorter one.
  /// - Returns: The rows and the states that emitted them.
  public func sample(length: Int, sequence: Int = 0, seed: UInt64) -> (rows: MixtureRows, states: [Int32]) {
    let path = samplePath(length: length, sequence: sequence, seed: seed)
    let own = RandomStream(seed: seed, purpose: .base).split(UInt64(sequence)).seed
    return (emission.mixture.sample(states: path, perState: emission.perState, seed: own), path)
  }

  /// The rows with their missing cells drawn from their distribution given all present cells of their sequences.
  ///
  /// - Parameters:
  ///   - rows: Rows with any cells missing.
  ///   - sequences: Which rows belong together.
  ///   - seed: Same seed, same draws.
  ///   - workers: Threads.
  /// - Returns: Complete rows; present cells as they were.
  /// - Throws: as `rowLogProb`.
  public func completing(
    _ rows: MixtureRows, _ sequences: SequenceLayout, seed: UInt64, workers: WorkerPool? = nil
  ) throws -> MixtureRows {
    let densities = try emission.logDensities(rows, workers: workers)
    let path = try chain.drawPath(densities, sequences, seed: seed, workers: workers)
    let (d, c) = (rows.numbers.columns, rows.levels.count)
    var numbers = rows.numbers
    var codes = rows.codes
    let stream = RandomStream(seed: seed, purpose: .base)
    for state in 0..<states {
      let members = path.indices.filter { row in
        path[row] == Int32(state)
          && ((0..<d).contains { rows.numbers.values[row * d + $0].isNaN }
            || (0..<c).contains { rows.codes[row * c + $0] < 0 })
      }
      if members.isEmpty { continue }
      let drawn = try emission.state(state).completing(
        rows.selecting(members), seed: stream.split(UInt64(state)).seed, workers: workers)
      for (place, row) in members.enumerated() {
        for column in 0..<d { numbers.values[row * d + column] = drawn.numbers.values[place * d + column] }
        for column in 0..<c { codes[row * c + column] = drawn.codes[place * c + column] }
      }
    }
    return try MixtureRows(numbers: numbers, codes: codes, levels: rows.levels, weights: rows.weights)
  }
}
