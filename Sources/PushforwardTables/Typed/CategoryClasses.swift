#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The classes of a category column: frequent levels have one each, rare ones share the last.
public struct CategoryClasses: Sendable, Equatable {
  /// Levels with a class of their own, in the order of the classes.
  public let levels: [String]
  /// Levels that share the class after those; empty: there is no such class.
  public let pooled: [String]
  /// Share of each pooled level in that class; together with `unseenShare` one.
  public let pooledShares: [Double]
  /// What the pool (or, without one, the column) keeps for levels that never occurred.
  public let unseenShare: Double
  /// The level that stands for texts that are not among them, if one was declared.
  public let otherLevel: String?

  private let classOfLevel: [String: Int]
  private let placeInPool: [String: Int]
  private let cumulativeShares: [Double]

  /// Number of classes.
  public var count: Int { levels.count + (pooled.isEmpty ? 0 : 1) }

  init(levels: [String], pooled: [String], pooledShares: [Double], unseenShare: Double, otherLevel: String?) {
    self.levels = levels
    self.pooled = pooled
    self.pooledShares = pooledShares
    self.unseenShare = unseenShare
    self.otherLevel = otherLevel
    classOfLevel = Dictionary(levels.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    var sum = 0.0
    cumulativeShares = pooledShares.map { share in
      sum += share
      return sum
    }
    placeInPool = Dictionary(pooled.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Divides levels into those with a class and the pool.
  ///
  /// - Parameters:
  ///   - levels: All levels, in order.
  ///   - weights: Weight of each level's rows.
  ///   - fewest: Levels of less weight are pooled, if there are two or more.
  ///   - most: At most so many classes; the heaviest levels get them.
  ///   - otherLevel: Stands for texts that are not among the levels.
  init(levels: [String], weights: [Double], fewest: Double, most: Int, otherLevel: String?) {
    let total = weights.reduce(0, +)
    var isPooled = weights.indices.map { weights[$0] < fewest && levels[$0] != otherLevel }
    if isPooled.count(where: { $0 }) < 2 { isPooled = isPooled.map { _ in false } }
    let own = isPooled.indices.filter { !isPooled[$0] }
    if own.count + (own.count < levels.count ? 1 : 0) > most {
      // The order of levels breaks ties, so that nothing depends on the order of rows.
      let heaviest = own.sorted { weights[$0] == weights[$1] ? $0 < $1 : weights[$0] > weights[$1] }
      for index in heaviest.dropFirst(max(most - 1, 1)) { isPooled[index] = true }
    }
    let kept = isPooled.indices.filter { !isPooled[$0] }
    let rest = isPooled.indices.filter { isPooled[$0] }
    // Good and Turing: new levels are as likely as those seen once, together.
    let once = Double(weights.count { $0 > 0 && $0 <= 1 })
    let unseen = max(once / 2, 0.5)
    // A level that was declared and never occurred counts half a row.
    let shares = rest.map { max(weights[$0], 0.5) }
    let denominator = (rest.isEmpty ? total : shares.reduce(0, +)) + unseen
    self.init(
      levels: kept.map { levels[$0] }, pooled: rest.map { levels[$0] }, pooledShares: shares.map { $0 / denominator },
      unseenShare: unseen / denominator, otherLevel: otherLevel)
  }

  /// The class of a text and the logarithm of its share in the class; `nil` for a level never seen where there is no pool.
  func place(_ text: String) -> (class: Int?, logShare: Double, isUnseen: Bool) {
    if let index = classOfLevel[text] { return (index, 0, false) }
    if let index = placeInPool[text] { return (levels.count, log(pooledShares[index]), false) }
    if let otherLevel, otherLevel != text { return place(otherLevel) }
    return (pooled.isEmpty ? nil : levels.count, log(unseenShare), true)
  }

  /// The index of a class's level in `levels + pooled`; of the pool, the one that a uniform number in (0, 1) picks.
  func level(_ index: Int, uniform: Double) -> Int {
    if index < levels.count { return index }
    let target = uniform * (cumulativeShares.last ?? 0)
    var low = 0
    var high = pooled.count - 1
    while low < high {
      let middle = (low + high) / 2
      if cumulativeShares[middle] > target { high = middle } else { low = middle + 1 }
    }
    return levels.count + low
  }

  /// Probabilities of classes as those of levels, the pool's divided by its levels' shares.
  package func expanded(_ masses: [[Double]]) -> (levels: [String], probabilities: [[Double]]) {
    guard !pooled.isEmpty else { return (levels, masses) }
    let total = pooledShares.reduce(0, +)
    return (
      levels + pooled,
      masses.map { row in row.prefix(levels.count) + pooledShares.map { row[levels.count] * $0 / total } }
    )
  }

  /// Whether two columns have the same classes.
  public static func == (a: CategoryClasses, b: CategoryClasses) -> Bool {
    a.levels == b.levels && a.pooled == b.pooled && a.pooledShares == b.pooledShares
      && a.unseenShare == b.unseenShare && a.otherLevel == b.otherLevel
  }
}

extension CategoryClasses: Codable {
  private enum CodingKeys: String, CodingKey {
    case levels, pooled
    case pooledShares = "pooled_shares"
    case unseenShare = "unseen_share"
    case otherLevel = "other_level"
  }

  /// Reads the classes and checks them.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      levels: try container.decode([String].self, forKey: .levels),
      pooled: try container.decode([String].self, forKey: .pooled),
      pooledShares: try container.decode([Double].self, forKey: .pooledShares),
      unseenShare: try container.decode(Double.self, forKey: .unseenShare),
      otherLevel: try container.decodeIfPresent(String.self, forKey: .otherLevel))
    let isKnown = otherLevel.map { classOfLevel[$0] != nil || placeInPool[$0] != nil } ?? true
    guard !levels.isEmpty || !pooled.isEmpty, Set(levels + pooled).count == levels.count + pooled.count,
      pooledShares.count == pooled.count, pooledShares.allSatisfy({ $0 > 0 && $0 <= 1 }), unseenShare > 0,
      unseenShare <= 1, pooledShares.reduce(0, +) < 1 + 1e-9, isKnown
    else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "these are no classes of a category column"))
    }
  }

  /// Writes levels, pool and shares.
  public func encode(to encoder: any Swift.Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(levels, forKey: .levels)
    try container.encode(pooled, forKey: .pooled)
    try container.encode(pooledShares, forKey: .pooledShares)
    try container.encode(unseenShare, forKey: .unseenShare)
    try container.encodeIfPresent(otherLevel, forKey: .otherLevel)
  }
}
