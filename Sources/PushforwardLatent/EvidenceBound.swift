import PushforwardCore
import PushforwardTraining

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The bound that a variational autoencoder is trained by: a lower bound of `log p(x | context)`, nats a row.
///
/// With one draw it is the evidence lower bound, `log p(x | z)` less the divergence of posterior from prior (in closed
/// form where there is one); with several the importance-weighted bound, which lies between it and the log-likelihood.
/// While training, the divergence's weight rises from near 0 to 1 (warm-up) and what is below the free bits costs
/// nothing; held-out rows are always measured by the bound itself.
///
/// Noise is a function of the seed, the step and the row's place in it, whatever the number of threads.
/// - SeeAlso: Kingma and Welling (2014), "Auto-Encoding Variational Bayes", arXiv:1312.6114; Burda et al. (2016),
///   "Importance Weighted Autoencoders", arXiv:1509.00519; Kingma et al. (2016), arXiv:1606.04934, appendix C.8 (free
///   bits).
public struct EvidenceBound<Scalar: LatentScalar>: Objective {
  /// The model being fitted.
  public let network: LatentNetwork<Scalar>
  /// Draws a row.
  public let draws: Int
  /// Rows seen, over all epochs, after which the divergence has its whole weight.
  public let warmUpRows: Double
  /// Divergence that costs nothing while training, nats a latent feature.
  public let freeBits: Double
  /// Share of the rows of which, while training, some cells are hidden: the encoder learns to answer for parts of rows.
  ///
  /// Such a row's value is the bound of the cells that are left, a uniformly drawn share of them, so the model learned
  /// is the same.
  public let hiddenShare: Double
  /// Rows a step; all of a step have one weight.
  public let batchSize: Int
  /// See `Objective`.
  public var layout: ParameterLayout { network.layout }

  /// A bound.
  ///
  /// - Throws: `EngineError.invalidSetting`.
  public init(
    _ network: LatentNetwork<Scalar>, draws: Int = 1, warmUpRows: Double = 0, freeBits: Double = 0,
    hiddenShare: Double = 0, batchSize: Int = 1
  ) throws {
    func require(_ holds: Bool, _ name: String, _ expected: String, _ found: Any) throws {
      if !holds { throw EngineError.invalidSetting(name: name, expected: expected, found: "\(found)") }
    }
    try require((1...10_000).contains(draws), "draws a row", "1 to 10000", draws)
    try require(warmUpRows >= 0 && warmUpRows.isFinite, "warm-up of the divergence", "not negative", warmUpRows)
    try require(freeBits >= 0 && freeBits.isFinite, "free bits", "not negative", freeBits)
    try require((0...1).contains(hiddenShare), "share of rows with hidden cells", "0 to 1", hiddenShare)
    try require(batchSize > 0, "batch size", "at least 1", batchSize)
    self.network = network
    self.draws = draws
    self.warmUpRows = warmUpRows
    self.freeBits = freeBits
    self.hiddenShare = hiddenShare
    self.batchSize = batchSize
  }

  /// See `Objective`.
  public func value(of x: Variable, context: Variable?, on tape: Tape<Scalar>) throws -> Variable {
    let x = hidingCells(x, on: tape)
    let encoding = try network.encode(x, context: context, on: tape)
    let weight = divergenceWeight(tape)
    let stream = RandomStream(seed: tape.random.seed, purpose: .base)
    if draws == 1 {
      let noise = network.noise(stream: stream, firstRow: tape.firstRow, on: tape)
      let (z, logPosterior) = try network.latent(encoding, noise: noise, on: tape)
      let value = try network.logLikelihood(x, z: z, context: context, on: tape)
      let cost: Variable
      if let divergence = network.divergence(encoding, on: tape) {
        cost = tape.sumFeatures(atLeast(freeBits, divergence, on: tape))
      } else {
        let total = tape.subtract(logPosterior, try network.logPrior(z, context: context, on: tape))
        cost = atLeast(freeBits * Double(z.features), total, on: tape)
      }
      tape.accumulate(cost, into: value, scale: -weight)
      return value
    }
    var weights: Variable?
    for draw in 0..<draws {
      let noise = network.noise(stream: stream.split(UInt64(draw)), firstRow: tape.firstRow, on: tape)
      let (z, logPosterior) = try network.latent(encoding, noise: noise, on: tape)
      let value = try network.logLikelihood(x, z: z, context: context, on: tape)
      tape.accumulate(try network.logPrior(z, context: context, on: tape), into: value, scale: weight)
      tape.accumulate(logPosterior, into: value, scale: -weight)
      weights = weights.map { tape.concatenate($0, value) } ?? value
    }
    return tape.affine(tape.logSumExpFeatures(weights!), scale: 1, shift: -log(Double(draws)))
  }

  /// The cells, some of them hidden while training.
  private func hidingCells(_ x: Variable, on tape: Tape<Scalar>) -> Variable {
    guard tape.isTraining, hiddenShare > 0 else { return x }
    let features = x.features
    let (seen, uniform) = (tape.makeValue(features: features), tape.makeValue(features: features + 2))
    let stream = RandomStream(seed: tape.random.seed, purpose: .discrete)
    let (cells, out, draws) = (tape.pointer(x), tape.pointer(seen), tape.pointer(uniform))
    Scalar.uniform(
      stream.seed, stream.purpose.rawValue, tape.firstRow, draws, features + 2, tape.tiles, tape.lanes)
    let (lanes, share, missing) = (tape.lanes, Scalar(hiddenShare), Scalar(ColumnLikelihood.missing))
    for tile in 0..<tape.tiles {
      let u = draws + tile * (features + 2) * lanes
      for lane in 0..<lanes {
        // Whether the row is one of them, and which share of its cells is hidden.
        let hidden = u[features * lanes + lane] < share ? u[(features + 1) * lanes + lane] : 0
        for place in stride(from: lane, to: features * lanes, by: lanes) {
          let index = tile * features * lanes + place
          out[index] = u[place] < hidden ? missing : cells[index]
        }
      }
    }
    return seen
  }

  /// The part of the divergence that counts: rises while training, 1 elsewhere.
  private func divergenceWeight(_ tape: Tape<Scalar>) -> Double {
    guard tape.isTraining, warmUpRows > 0 else { return 1 }
    let seen = Double(tape.firstRow / UInt64(batchSize) + 1) * Double(batchSize)
    return min(1, seen / warmUpRows)
  }

  private func atLeast(_ bits: Double, _ divergence: Variable, on tape: Tape<Scalar>) -> Variable {
    guard bits > 0, tape.isTraining else { return divergence }
    let floor = tape.makeValue(features: divergence.features)
    Scalar.fill(tape.pointer(floor), Scalar(bits), tape.elementCount(features: floor.features))
    return tape.apply(.maximum, divergence, floor)
  }

  /// Starts the decoder at the columns' own distributions, whatever the latent value.
  public func initialize(
    _ parameters: inout Parameters<Scalar>, from rows: Matrix<Scalar>, context: Matrix<Scalar>?
  ) throws {
    guard var bias = parameters[LatentNetwork<Scalar>.outputBiasName] else { return }
    var place = 0
    for (index, column) in network.specification.columns.enumerated() {
      let cells = rows.column(index).map(Double.init).filter { $0 > ColumnLikelihood.missing }
      let start = column.initialParameters(codes: cells, floor: network.specification.scaleFloor)
      for (offset, value) in start.enumerated() { bias[place + offset] = Scalar(value) }
      place += column.parameterCount
    }
    try parameters.set(LatentNetwork<Scalar>.outputBiasName, to: bias)
  }
}

extension ColumnLikelihood {
  /// Decoder outputs that fit coded cells as they are, all together.
  func initialParameters(codes: [Double], floor: Double) -> [Double] {
    let count = Double(codes.count)
    /// What softplus turns into the value.
    func unsoftened(_ value: Double) -> Double { value > 30 ? value : log(expm1(max(value, 1e-3))) }
    switch self {
    case .gaussian:
      let (mean, deviation) = Self.moments(codes)
      return [mean, unsoftened(deviation - floor)]
    case .discretized:
      let (mean, deviation) = Self.moments(codes)
      // A logistic distribution's deviation is its scale times pi / sqrt(3).
      return [mean, unsoftened(deviation * 3.0.squareRoot() / .pi)]
    case .bernoulli:
      let ones = codes.reduce(0, +)
      return [log((ones + 0.5) / (count - ones + 0.5))]
    case .categorical(let levels):
      var counts = [Double](repeating: 0.5, count: levels)
      for code in codes where code >= 0 && code < Double(levels) { counts[Int(code)] += 1 }
      let total = counts.reduce(0, +)
      return counts.map { log($0 / total) }
    }
  }
}
