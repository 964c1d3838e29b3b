/// The log-densities of held-out rows, kept to tell how unusual another row's is.
///
/// Up to a thousand scores are kept as they are; of more, the 256 lowest and some evenly spaced in rank, between which shares
/// are interpolated.
public struct ScoreDistribution: Codable, Sendable, Equatable {
  /// Rows that were scored.
  public private(set) var rowCount: Int
  /// Whether some of them had missing cells.
  public private(set) var hasGaps: Bool
  /// Scores kept, ascending, nats.
  private var scores: [Float]
  /// The share of the rows' weight at or below each; `nil`: all rows are kept and weigh the same.
  private var shares: [Float]?

  private static var mostKept: Int { 1024 }
  private static var lowest: Int { 256 }

  private enum CodingKeys: String, CodingKey {
    case rowCount = "rows"
    case hasGaps = "has_gaps"
    case scores, shares
  }

  /// Keeps scores; those that are not finite do not count.
  ///
  /// - Parameters:
  ///   - logProb: Nats, one a row.
  ///   - weights: One a row; all equal when `nil`.
  ///   - hasGaps: Whether some rows have missing cells.
  public init(_ logProb: [Double], weights: [Double]? = nil, hasGaps: Bool = false) {
    let order = logProb.indices.filter { logProb[$0].isFinite && weights?[$0] ?? 1 > 0 }.sorted {
      logProb[$0] < logProb[$1]
    }
    rowCount = order.count
    self.hasGaps = hasGaps
    let isWhole = order.count <= Self.mostKept
    var kept = Array(order.indices)
    if !isWhole {
      let (first, more) = (Self.lowest, Self.mostKept - Self.lowest)
      kept = Array(0..<first) + (1...more).map { first - 1 + (order.count - first) * $0 / more }
    }
    scores = kept.map { Float(logProb[order[$0]]) }
    if isWhole && weights == nil { return }
    var (sum, sums) = (0.0, [Double]())
    for row in order {
      sum += weights?[row] ?? 1
      sums.append(sum)
    }
    shares = kept.map { Float(sums[$0] / sum) }
  }

  /// The share of the held-out rows that are less likely than a row with this score; NaN for NaN, or when there are none.
  public func share(below score: Double) -> Double {
    if score.isNaN || scores.isEmpty { return .nan }
    let value = Float(score)
    var (low, high) = (0, scores.count)
    while low < high {
      let middle = (low + high) / 2
      if scores[middle] < value { low = middle + 1 } else { high = middle }
    }
    func share(_ place: Int) -> Double { shares.map { Double($0[place]) } ?? Double(place + 1) / Double(scores.count) }
    if low == 0 { return 0 }
    if low == scores.count || rowCount <= Self.mostKept || low < Self.lowest { return share(low - 1) }
    // Between two kept scores lie others.
    let width = Double(scores[low]) - Double(scores[low - 1])
    let part = width > 0 ? (score - Double(scores[low - 1])) / width : 0
    return share(low - 1) + min(max(part, 0), 1) * (share(low) - share(low - 1))
  }

  /// Reads what was kept, and checks it.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    rowCount = try container.decode(Int.self, forKey: .rowCount)
    hasGaps = try container.decode(Bool.self, forKey: .hasGaps)
    scores = try container.decode([Float].self, forKey: .scores)
    shares = try container.decodeIfPresent([Float].self, forKey: .shares)
    let isSound =
      rowCount >= scores.count && scores.count <= Self.mostKept
      && zip(scores, scores.dropFirst()).allSatisfy { $0 <= $1 }
      && scores.allSatisfy(\.isFinite) && shares?.count ?? scores.count == scores.count
    if !isSound {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "held-out scores must be finite and ascending"))
    }
  }
}
