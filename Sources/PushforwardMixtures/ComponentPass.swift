import CKernels
import PushforwardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A mixture's components as the parts of another model, which decides on the responsibilities: a hidden Markov model's
/// states, each a group of `perState` consecutive components.
///
/// Rows are arranged once. Standardised inside, with the prior of `GaussianMixture.fit`; parameters go in and out in the
/// units of `standardised`.
package final class ComponentPass {
  private let trainer: MixtureTrainer
  private let prior: MixturePrior?
  private let floor: Double

  /// - Throws: `MixtureError.noRows`.
  package init(
    _ rows: MixtureRows, prior: MixturePrior?, floor: Double, workers: WorkerPool?
  ) throws(MixtureError) {
    trainer = try MixtureTrainer(rows, isotropic: false, workers: workers)
    self.prior = prior
    self.floor = floor
  }

  /// Where each column's scale lies: (x - shift) / scale.
  package var shift: [Double] { trainer.shift }
  /// The scale of each column, positive.
  package var scale: [Double] { trainer.scale }

  /// Components that all are the whole table, standardised.
  package func single(components: Int, kind: CovarianceKind) -> GaussianMixture {
    let one = trainer.single
    let d = one.features
    let full = one.covariances
    let covariance = kind == .full ? full : (0..<d).map { full[$0 * d + $0] }
    precondition(kind == .full || kind == .diagonal)
    func repeated(_ values: [Double]) -> [Double] { (0..<components).flatMap { _ in values } }
    return GaussianMixture(
      unchecked: d, weights: [Double](repeating: 1 / Double(components), count: components),
      means: repeated(one.means), kind: kind, covariances: repeated(covariance), levels: one.levels,
      probabilities: one.probabilities.map(repeated))
  }

  /// A standardised mixture in the units of the rows, and the way back.
  package func inRowUnits(_ mixture: GaussianMixture) -> GaussianMixture {
    mixture.mapped(scale: trainer.scale, shift: trainer.shift)
  }

  /// A mixture in the units of the rows, standardised.
  package func standardised(_ mixture: GaussianMixture) -> GaussianMixture {
    mixture.mapped(
      scale: trainer.scale.map { 1 / $0 }, shift: zip(trainer.scale, trainer.shift).map { -$1 / $0 })
  }

  /// log p(row | state) of a standardised mixture, less the logarithms of the scales of the row's present columns.
  package func logDensities(
    _ mixture: GaussianMixture, perState: Int, into out: UnsafeMutablePointer<Double>, stride: Int,
    workers: WorkerPool?
  ) {
    mixture.stateDensities(trainer.pass.tiles, perState: perState, into: out, stride: stride, workers: workers)
  }

  /// New components given each state's share of each row; within a state, its components share by their densities.
  ///
  /// - Parameters:
  ///   - mixture: The present components, standardised.
  ///   - perState: Components a state.
  ///   - posteriors: `rows x stride`, weights included.
  ///   - stride: From one row to the next.
  ///   - shares: Fixed shares of the components instead, `rows x components`: for a start from clusters.
  ///   - workers: Threads.
  /// - Returns: The components, standardised.
  package func maximise(
    _ mixture: GaussianMixture, perState: Int, posteriors: UnsafePointer<Double>, stride: Int,
    shares: UnsafePointer<Double>? = nil, workers: WorkerPool?
  ) -> GaussianMixture {
    let layout = StatisticsLayout(mixture)
    let pass = trainer.pass
    let partial = AlignedBuffer<Double>(count: pass.chunkCount * layout.count)
    let (components, lanes) = (mixture.components, PatternTiles.lanes)
    pass.run(
      mixture, completing: true, workers: workers, begin: { chunk in (chunk, SegmentMoments(layout)) },
      body: { context, evaluator, segment, first, count, factors in
        let responsibilities = evaluator.responsibilities.pointer
        let joint = evaluator.logJoint.pointer
        let start = (segment.firstTile + first) * lanes
        for lane in 0..<count * lanes {
          let row = Int(pass.tiles.rowOfLane[start + lane])
          let place = lane / lanes * components * lanes + lane % lanes
          for k in 0..<components {
            var share = 0.0
            if row >= 0 {
              if let shares {
                share = shares[row * components + k]
              } else {
                share = posteriors[row * stride + k / perState]
                if perState > 1 && share > 0 {
                  share *= Self.share(joint + place, k, perState: perState, lanes: lanes)
                }
              }
            }
            responsibilities[place + k * lanes] = share
          }
        }
        evaluator.accumulate(
          segment, first: first, count: count, factors, into: partial.pointer + context.0 * layout.count,
          moments: context.1, layout: layout)
      },
      end: { context, factors in
        context.1.expand(factors, into: partial.pointer + context.0 * layout.count)
        context.1.reset()
      })
    var sums = [Double](repeating: 0, count: layout.count)
    for chunk in 0..<pass.chunkCount {
      let part = partial.pointer + chunk * layout.count
      for place in 0..<layout.count { sums[place] += part[place] }
    }
    let rule = Maximisation(
      layout: layout, kind: mixture.kind, levels: mixture.levels, prior: prior,
      centre: prior.map { trainer.priorCentre(components, $0) }, floor: floor)
    return rule(sums, mixture)
  }

  /// The share of one component among those of its state.
  private static func share(_ joint: UnsafePointer<Double>, _ k: Int, perState: Int, lanes: Int) -> Double {
    let first = k / perState * perState
    var largest = -Double.infinity
    for other in first..<first + perState { largest = max(largest, joint[other * lanes]) }
    if !largest.isFinite { return 1 / Double(perState) }
    var sum = 0.0
    for other in first..<first + perState { sum += exp(joint[other * lanes] - largest) }
    return exp(joint[k * lanes] - largest) / sum
  }
}

extension GaussianMixture {
  /// log p(row | state) of each row, in nats and the units of the rows.
  ///
  /// A state is a group of consecutive components whose weights count relative to their sum. Present cells only: 0 where
  /// all are missing.
  ///
  /// - Throws: `MixtureError.size` when the columns are not those of the mixture.
  package func stateDensities(
    _ rows: MixtureRows, perState: Int, into out: UnsafeMutablePointer<Double>, stride: Int, workers: WorkerPool?
  ) throws(MixtureError) {
    try check(rows)
    stateDensities(arranged(rows), perState: perState, into: out, stride: stride, workers: workers)
  }

  /// The same mixture with its components in another order.
  package func reordered(_ order: [Int]) -> GaussianMixture {
    func taking(_ values: [Double], _ width: Int) -> [Double] {
      order.flatMap { values[$0 * width..<($0 + 1) * width] }
    }
    precondition(kind == .full || kind == .diagonal)
    let weights = order.map { self.weights[$0] }
    return GaussianMixture(
      unchecked: features, weights: weights, means: taking(means, features), kind: kind,
      covariances: taking(covariances, kind == .full ? features * features : features), levels: levels,
      probabilities: zip(levels, probabilities).map { taking($1, $0) })
  }

  /// A row from each of the given groups of components.
  ///
  /// - Parameters:
  ///   - states: One a row.
  ///   - perState: Components a group; their weights count relative to their sum.
  ///   - seed: Same seed, same rows; row `i` is the same whatever their number.
  /// - Returns: The rows.
  package func sample(states: [Int32], perState: Int, seed: UInt64) -> MixtureRows {
    let d = features
    let choice = RandomStream(seed: seed, purpose: .component)
    let levelStream = RandomStream(seed: seed, purpose: .discrete)
    let normals = RandomStream(seed: seed, purpose: .base).normal(rows: states.count, columns: d, as: Double.self)
    let factors = (0..<components).map { k in SmallMatrix.factor(of: covarianceMatrix(k), d) }
    var numbers = Matrix<Double>(rows: states.count, columns: d)
    var codes = [Int32](repeating: 0, count: states.count * levels.count)
    for (row, state) in states.enumerated() {
      let first = Int(state) * perState
      let k = first + Self.place(weights[first..<first + perState], choice.uniform(row: UInt64(row)))
      factors[k].withUnsafeBufferPointer { factor in
        for i in 0..<d {
          var value = means[k * d + i]
          for j in 0...i { value += factor[i * d + j] * normals.values[row * d + j] }
          numbers.values[row * d + i] = value
        }
      }
      for (column, width) in levels.enumerated() {
        let u = levelStream.uniform(row: UInt64(row), index: UInt32(column))
        codes[row * levels.count + column] = Int32(
          Self.place(probabilities[column][k * width..<(k + 1) * width], u))
      }
    }
    return MixtureRows(unchecked: numbers, codes: codes, levels: levels, weights: nil)
  }

  /// The place at which the cumulated shares exceed u times their sum.
  private static func place(_ shares: ArraySlice<Double>, _ u: Double) -> Int {
    let target = u * shares.reduce(0, +)
    var (sum, last) = (0.0, 0)
    for (place, share) in shares.enumerated() where share > 0 {
      sum += share
      last = place
      if sum > target { break }
    }
    return last
  }

  fileprivate func stateDensities(
    _ tiles: PatternTiles, perState: Int, into out: UnsafeMutablePointer<Double>, stride: Int, workers: WorkerPool?
  ) {
    let (components, lanes) = (self.components, PatternTiles.lanes)
    let states = components / perState
    let logShares = (0..<states).map { state in
      log(weights[state * perState..<(state + 1) * perState].reduce(0, +))
    }
    MixturePass(tiles).run(
      self, completing: false, workers: workers, begin: { _ in },
      body: { _, evaluator, segment, first, count, _ in
        let joint = evaluator.logJoint.pointer
        Self.eachRow(tiles, segment, first, count) { lane, row in
          let place = joint + (lane / lanes * components * lanes + lane % lanes)
          for state in 0..<states {
            var value = place[state * perState * lanes]
            if perState > 1 {
              var largest = value
              for k in 1..<perState { largest = max(largest, place[(state * perState + k) * lanes]) }
              if largest.isFinite {
                var sum = 0.0
                for k in 0..<perState { sum += exp(place[(state * perState + k) * lanes] - largest) }
                value = largest + log(sum)
              }
            }
            out[row * stride + state] = value - logShares[state]
          }
        }
      }, end: { _, _ in })
  }
}
