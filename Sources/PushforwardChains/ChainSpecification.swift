import CKernels

/// The shape of a chain's network.
public struct ChainSettings: Codable, Sendable, Equatable {
  /// Units of every hidden layer.
  public var hidden = 512
  /// Residual blocks of two hidden layers.
  public var blocks = 2
  /// Probability of setting a hidden unit to zero while training.
  public var dropout = 0.2
  /// Numbers that stand for a class in the network's input, at most.
  public var embedding = 16
  /// Pieces of the piecewise-linear encoding of a number, between quantiles of the training rows.
  ///
  /// - SeeAlso: Gorishniy, Rubachev, Babenko (2022), "On Embeddings for Numerical Features in Tabular Deep Learning",
  ///   arXiv:2203.05556.
  public var pieces = 32
  /// Gaussians of a head's continuous class.
  public var components = 20
  /// Further ones for each hint of a column: relative to it.
  func relativeComponents(hints: Int) -> Int {
    hints == 0 ? 0 : min(3, (Int(PF_CHAIN_MAX_COMPONENTS) - components) / hints)
  }
  /// Smallest standard deviation of a Gaussian on the scale z.
  public var scaleFloor = 3e-4
  /// Columns with more classes have heads of low rank, which keeps 20,000 levels in bounded memory.
  public var largestFullHead = 512
  /// Rank of those heads.
  public var headRank = 48
  /// Whether any columns may be given: adds inputs for them, of degree 0, that every head sees.
  public var answersQueries = true
  /// Part of the hidden units that see given columns only.
  public var givenShare = 0.125
  /// Whether heads also see the encoded columns directly, by a linear map: exact relations of two columns are learned at once,
  /// and no dropout blurs them.
  ///
  /// `nil` in files from before there was one: it has none.
  public var direct: Bool? = true

  /// The defaults above.
  public init() {}

  /// Throws `ChainError.setting` for a value outside its range.
  public func validate() throws {
    func require(_ holds: Bool, _ name: String, _ expected: String, _ found: Any) throws {
      if !holds { throw ChainError.setting(name: name, expected: expected, found: "\(found)") }
    }
    try require(hidden > 0 && hidden <= 1 << 16, "hidden units", "1 to 65536", hidden)
    try require(blocks >= 0 && blocks <= 64, "blocks", "0 to 64", blocks)
    try require((0..<1).contains(dropout), "dropout", "at least 0 and below 1", dropout)
    try require(embedding > 0 && embedding <= 1024, "embedding", "1 to 1024", embedding)
    try require(pieces > 0 && pieces <= 1024, "pieces", "1 to 1024", pieces)
    try require(components > 0 && components <= 64, "components", "1 to 64", components)
    try require(scaleFloor > 0 && scaleFloor < 1, "scale floor", "above 0 and below 1", scaleFloor)
    try require(largestFullHead > 1, "largest full head", "at least 2", largestFullHead)
    try require(headRank > 0, "head rank", "at least 1", headRank)
    try require((0..<1).contains(givenShare), "share of units for given columns", "at least 0 and below 1", givenShare)
  }
}

/// A typed autoregressive chain: its columns, their order, the shape of its network.
public struct ChainSpecification: Codable, Sendable, Equatable {
  /// The columns, in the order of `ChainRows`.
  public let columns: [ChainColumn]
  /// The chain's order: numbers of the modelled columns.
  public let order: [Int]
  /// The network's shape.
  public let settings: ChainSettings

  /// A specification.
  ///
  /// - Parameters:
  ///   - columns: Modelled columns and conditions.
  ///   - order: Numbers of the modelled columns in the order of the chain; as they stand when `nil`.
  ///   - settings: The network's shape.
  /// - Throws: `ChainError.column`, `.setting`.
  public init(columns: [ChainColumn], order: [Int]? = nil, settings: ChainSettings = ChainSettings()) throws {
    self.columns = columns
    self.settings = settings
    self.order = order ?? columns.indices.filter { !columns[$0].isCondition }
    try validate()
  }

  /// Throws `ChainError` for columns or settings that make no chain, such as a damaged file may hold.
  public func validate() throws {
    try settings.validate()
    for (index, column) in columns.enumerated() {
      guard column.atoms >= 0, column.atoms <= 1 << 24, column.classes > 0 else {
        throw ChainError.column(index: index, expected: "1 to \(1 << 24) classes")
      }
      if let positions = column.positions, positions.count != column.atoms || !positions.allSatisfy(\.isFinite) {
        throw ChainError.column(index: index, expected: "one finite position for each atom")
      }
    }
    let modelled = columns.indices.filter { !columns[$0].isCondition }
    guard order.sorted() == modelled else {
      throw ChainError.column(
        index: order.first { !modelled.contains($0) } ?? modelled.first { !order.contains($0) } ?? 0,
        expected: "every modelled column once in the chain's order")
    }
    for (index, column) in columns.enumerated() {
      guard let other = column.presenceOf else { continue }
      let places = [index, other].map { order.firstIndex(of: $0) ?? -1 }
      guard column.atoms == 2, !column.hasContinuous, column.positions == nil, columns.indices.contains(other),
        columns[other].presenceOf == nil, 0 <= places[0], places[0] < places[1]
      else { throw ChainError.column(index: index, expected: "two classes, before the modelled column they tell of") }
    }
    for (index, column) in columns.enumerated() {
      guard let hints = column.hintedBy else { continue }
      let arePossible = hints.allSatisfy { inputs in
        !inputs.isEmpty
          && inputs.allSatisfy { $0 != index && columns.indices.contains($0) && columns[$0].presenceOf == nil }
      }
      guard order.contains(index), column.hasContinuous, column.classes <= settings.largestFullHead, arePossible
      else { throw ChainError.column(index: index, expected: "a scale, and hints from other columns") }
    }
    guard !order.isEmpty else { throw ChainError.column(index: 0, expected: "at least one modelled column") }
  }
}
