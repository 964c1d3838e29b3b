import PushforwardCore
import PushforwardModels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What is known of a row's log-likelihood: it has no closed form, so these are estimates from draws of the posterior.
public struct LatentScore: Sendable, Equatable {
  /// The evidence lower bound, nats: the mean of the draws' log-weights.
  public var evidenceBound: Double
  /// The log-likelihood, nats, estimated by importance sampling.
  ///
  /// Its expectation is a lower bound too (the importance-weighted one), which rises to the log-likelihood with the
  /// number of draws.
  public var logProb: Double
  /// Standard error of `logProb`, from the spread of the weights.
  ///
  /// Honest only when many draws count: see `effectiveDraws`.
  public var standardError: Double
  /// How many equally weighted draws the weights are worth.
  public var effectiveDraws: Double
}

/// Sums of importance weights, of as many rows as a pass has.
struct ImportanceSums {
  private var most: [Double]
  private var sum: [Double]
  private var squares: [Double]
  private var logs: [Double]
  private var count = 0

  init(rows: Int) {
    most = [Double](repeating: -.infinity, count: rows)
    sum = [Double](repeating: 0, count: rows)
    squares = sum
    logs = sum
  }

  mutating func nextDraw() { count += 1 }

  /// Weights that sum to one; all alike where none is above zero.
  static func shares(_ logWeights: some Collection<Double>) -> [Double] {
    let top = logWeights.max() ?? 0
    let weights = logWeights.map { exp($0 - top) }
    let total = weights.reduce(0, +)
    return total.isFinite && total > 0 ? weights.map { $0 / total } : weights.map { _ in 1 / Double(weights.count) }
  }

  mutating func add(_ logWeight: Double, row: Int) {
    logs[row] += logWeight
    if logWeight.isNaN { most[row] = .nan }
    if logWeight > most[row] {
      let shrink = exp(most[row] - logWeight)
      sum[row] = sum[row] * shrink + 1
      squares[row] = squares[row] * shrink * shrink + 1
      most[row] = logWeight
    } else if logWeight > -.infinity {
      let weight = exp(logWeight - most[row])
      sum[row] += weight
      squares[row] += weight * weight
    }
  }

  func score(row: Int) -> LatentScore {
    let draws = Double(count)
    let ratio = squares[row] / (sum[row] * sum[row])
    let variance = count > 1 ? max(0, ratio - 1 / draws) * draws / (draws - 1) : .nan
    return LatentScore(
      evidenceBound: logs[row] / draws, logProb: most[row] + log(sum[row] / draws),
      standardError: variance.squareRoot(), effectiveDraws: 1 / ratio)
  }
}

extension VariationalAutoencoder {
  /// Bounds and estimates of every row's log-likelihood.
  ///
  /// A row's draws are a function of the seed and of its cells (and of what is given), so its score does not depend on
  /// its place or on the rows beside it, and two rows of the same cells have the same score.
  ///
  /// - Parameters:
  ///   - rows: `rows x columns`, NaN for missing.
  ///   - context: `rows x contextFeatures`, or one row for all; `nil` for a plain autoencoder.
  ///   - draws: Draws a row.
  ///   - seed: Same seed, same draws.
  ///   - workers: Threads to use; the calling thread alone when `nil`.
  /// - Returns: One score a row.
  /// - Throws: `EngineError`, `LatentError`.
  public func score(
    _ rows: Matrix<Double>, context: Matrix<Scalar>? = nil, draws: Int = 128, seed: UInt64 = 0,
    workers: WorkerPool? = nil
  ) throws -> [LatentScore] {
    guard draws > 0 else {
      throw EngineError.invalidSetting(name: "draws a row", expected: "at least 1", found: "\(draws)")
    }
    let cells = try code(rows)
    let keys = rowKeys(cells, context: context)
    let stream = RandomStream(seed: seed, purpose: .component)
    // Four features a row: exact in Double only as pieces, so a Double is kept as the sum of two scalars.
    let found = try run(rows: rows.rows, context: context, workers: workers, outputs: 8) { tape, context, start in
      var sums = ImportanceSums(rows: tape.rows)
      try weigh(
        Self.input(cells, start, tape), context: context, draws: draws, on: tape,
        noise: { network.noise(stream: stream.split(UInt64($0)), keys: keys[start..<start + tape.rows], on: tape) }
      ) { _, weights, _ in
        sums.nextDraw()
        for row in 0..<tape.rows { sums.add(weights[row], row: row) }
      }
      let out = tape.makeZeros(features: 8)
      for row in 0..<tape.rows {
        let score = sums.score(row: row)
        let values = [score.evidenceBound, score.logProb, score.standardError, score.effectiveDraws]
        for (index, value) in values.enumerated() {
          let high = Scalar(value)
          tape.set(out, row: row, feature: 2 * index, to: high)
          tape.set(out, row: row, feature: 2 * index + 1, to: value.isFinite ? Scalar(value - Double(high)) : 0)
        }
      }
      return out
    }
    return (0..<rows.rows).map { row in
      func value(_ index: Int) -> Double { Double(found[row, 2 * index]) + Double(found[row, 2 * index + 1]) }
      return LatentScore(
        evidenceBound: value(0), logProb: value(1), standardError: value(2), effectiveDraws: value(3))
    }
  }

  /// A number for each row that is a function of its cells and of what is given: FNV-1a over their bits, mixed.
  func rowKeys(_ cells: Matrix<Scalar>, context: Matrix<Scalar>?) -> [UInt64] {
    func hash(_ row: [Scalar], _ start: UInt64) -> UInt64 {
      row.reduce(start) { ($0 ^ Double($1).bitPattern) &* 0x100_0000_01b3 ^ $0 >> 29 }
    }
    let given = context.map { context in (0..<context.rows).map { hash(context.row($0), 0xcbf2_9ce4_8422_2325) } }
    return (0..<cells.rows).map { row in
      let start = given.map { $0[$0.count == 1 ? 0 : row] } ?? 0x9e37_79b9_7f4a_7c15
      let sum = hash(cells.row(row), start)
      return (sum ^ sum >> 32) &* 0xd6e8_feb8_6659_fd93
    }
  }

  /// Draws latent values of each row and hands over their log-weights `log p(x, z) - log q(z | x)`.
  ///
  /// `noise` gives a draw's standard normal numbers; `visit` gets the draw's number, one weight a row, and the latent
  /// values.
  func weigh(
    _ cells: Variable, context: Variable?, draws: Int, on tape: Tape<Scalar>, noise: (_ draw: Int) -> Variable,
    _ visit: (_ draw: Int, _ weights: [Double], _ latent: Variable) throws -> Void
  ) throws {
    let encoding = try network.encode(cells, context: context, on: tape)
    for draw in 0..<draws {
      _ = try tape.scope {
        let (z, logPosterior) = try network.latent(encoding, noise: noise(draw), on: tape)
        let weight = try network.logLikelihood(cells, z: z, context: context, on: tape)
        // The parts are of like size and opposite sign: their difference is taken in Double.
        let prior = tape.values(try network.logPrior(z, context: context, on: tape))
        let posterior = tape.values(logPosterior)
        var weights = tape.values(weight)
        for row in weights.indices { weights[row] += prior[row] - posterior[row] }
        try visit(draw, weights, z)
        return tape.makeZeros(features: 0)
      }
    }
  }

  /// Draws of the missing cells of every row given the others; cells that are there stay as they are.
  ///
  /// Each draw picks a latent value among `candidates` draws of the posterior with probability proportional to its
  /// weight (sampling, importance resampling), then draws the columns: exact as the candidates become many.
  ///
  /// - Parameters:
  ///   - rows: `rows x columns`, NaN for missing.
  ///   - context: `rows x contextFeatures`, or one row for all.
  ///   - draws: Completed copies of every row.
  ///   - candidates: Latent values to choose from, a row.
  ///   - seed: Same seed, same draws.
  ///   - firstRow: Number of the first row.
  ///   - workers: Threads to use; the calling thread alone when `nil`.
  /// - Returns: `draws` matrices of the shape of `rows`, and how many equal candidates each row's were worth (Kong's effective
  ///   sample size).
  /// - Throws: `EngineError`, `LatentError`.
  public func complete(
    _ rows: Matrix<Double>, context: Matrix<Scalar>? = nil, draws: Int, candidates: Int = 64, seed: UInt64,
    firstRow: UInt64 = 0, workers: WorkerPool? = nil
  ) throws -> (copies: [Matrix<Double>], effectiveSizes: [Double]) {
    guard draws > 0, candidates > 0 else {
      throw EngineError.invalidSetting(
        name: "draws and candidates", expected: "at least 1", found: "\(draws), \(candidates)")
    }
    let cells = try code(rows)
    let latent = specification.latentFeatures
    let stream = RandomStream(seed: seed, purpose: .component)
    let choice = RandomStream(seed: seed, purpose: .user)
    let chosen = try run(rows: rows.rows, context: context, workers: workers, outputs: draws * latent + 1) {
      tape, context, start in
      let out = tape.makeZeros(features: draws * latent + 1)
      var sums = ImportanceSums(rows: tape.rows)
      // The largest of log-weight plus Gumbel noise is a draw in proportion to the weights.
      var best = [Double](repeating: -.infinity, count: tape.rows * draws)
      try weigh(
        Self.input(cells, start, tape), context: context, draws: candidates, on: tape,
        noise: { network.noise(stream: stream.split(UInt64($0)), firstRow: firstRow + UInt64(start), on: tape) }
      ) { candidate, weights, z in
        sums.nextDraw()
        for row in 0..<tape.rows {
          sums.add(weights[row], row: row)
          for draw in 0..<draws {
            let number = firstRow + UInt64(start + row)
            let uniform = choice.split(UInt64(draw)).uniform(row: number, index: UInt32(candidate))
            let score = weights[row] - log(-log(uniform))
            guard score > best[row * draws + draw] || candidate == 0 else { continue }
            best[row * draws + draw] = score
            for feature in 0..<latent {
              tape.set(
                out, row: row, feature: draw * latent + feature, to: tape.value(z, row: row, feature: feature))
            }
          }
        }
      }
      for row in 0..<tape.rows {
        tape.set(out, row: row, feature: draws * latent, to: Scalar(sums.score(row: row).effectiveDraws))
      }
      return out
    }
    let copies = try (0..<draws).map { draw in
      let z = chosen.selectingColumns(draw * latent..<(draw + 1) * latent)
      let output = try decoderOutput(z, context: context, workers: workers)
      let split = RandomStream(seed: seed, purpose: .discrete).split(UInt64(draw))
      var drawn = drawCells(output, seed: split.seed, firstRow: firstRow)
      for index in drawn.values.indices where !rows.values[index].isNaN { drawn.values[index] = rows.values[index] }
      return drawn
    }
    return (copies, (0..<rows.rows).map { Double(chosen[$0, draws * latent]) })
  }
}

extension Tape {
  /// Where a row's feature lies.
  private func place(_ variable: Variable, _ row: Int, _ feature: Int) -> Int {
    (row / lanes * variable.features + feature) * lanes + row % lanes
  }

  /// One number of a value.
  func value(_ variable: Variable, row: Int, feature: Int) -> Scalar {
    pointer(variable)[place(variable, row, feature)]
  }

  /// Changes one number of a value.
  func set(_ variable: Variable, row: Int, feature: Int, to number: Scalar) {
    pointer(variable)[place(variable, row, feature)] = number
  }

  /// A one-feature value of the real rows, in Double.
  func values(_ variable: Variable) -> [Double] {
    let numbers = pointer(variable)
    return (0..<rows).map { Double(numbers[$0]) }
  }
}
