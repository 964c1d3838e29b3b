import PushforwardCore
import PushforwardTables

/// Chains of one table over several orders of its columns, averaged in probability.
///
/// Each order is a model of its own, with errors of its own; their mixture is as exact as they are.
///
/// - SeeAlso: Uria, Murray, Larochelle (2014), "A Deep and Tractable Density Estimator", arXiv:1310.1757.
struct ChainOrders {
  let table: Table
  let options: FitOptions

  /// - Throws: as `MixedModel.fit`.
  func fit(shouldStop: () -> Bool, progress: (FitEvent) -> Void) throws -> ModelMixture {
    let start = ContinuousClock().now
    var members: [MixedModel] = []
    for number in 0..<options.chain.orders {
      progress(.stage("chain \(number + 1) of \(options.chain.orders):"))
      var own = options
      own.maximumSeconds = options.maximumSeconds.map { $0 / Double(options.chain.orders) }
      members.append(
        try MixedModel.fit(table, options: own, order: number, shouldStop: shouldStop, progress: progress))
      if shouldStop() { break }
    }
    let ready = try MixturePreparation(table, options: options)
    let workers = options.workers.map { WorkerPool(workers: $0) } ?? WorkerPool()
    let found = try Models.mixture(of: members, on: ready.judging.table, workers: workers)
    var record = found.model.record
    (record.tableRows, record.trainingRows) = (members[0].record.tableRows, members[0].record.trainingRows)
    record.heldOutRows = members[0].record.heldOutRows
    record.seconds = (ContinuousClock().now - start).inSeconds
    record.seed = options.seed
    return try ModelMixture(members, weights: found.model.weights, record: record)
  }

  /// An order of columns: the first as they stand, the second reversed, others at random.
  static func order(_ columns: [Int], number: Int, seed: UInt64) -> [Int] {
    switch number {
    case 0: columns
    case 1: columns.reversed()
    default:
      RandomStream(seed: seed, purpose: .user).split(UInt64(number)).permutation(count: columns.count)
        .map { columns[Int($0)] }
    }
  }
}
