extension MarginalTransform: Codable {
  private enum CodingKeys: String, CodingKey {
    case knots, weights, atoms
    case lowerTail = "lower_tail"
    case upperTail = "upper_tail"
  }

  /// Reads a transform and checks that it is one.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let body = HatDensity(
      knots: try container.decode([Double].self, forKey: .knots),
      weights: try container.decode([Double].self, forKey: .weights),
      lower: try container.decode(ParetoTail.self, forKey: .lowerTail),
      upper: try container.decode(ParetoTail.self, forKey: .upperTail))
    let atoms = try container.decode([Atom].self, forKey: .atoms)
    let areApart = zip(atoms, atoms.dropFirst()).allSatisfy { $0.high <= $1.low }
    guard body.isSound, areApart, atoms.allSatisfy({ $0.low < $0.high && $0.mass > 0 }),
      atoms.reduce(0, { $0 + $1.mass }) < 1,
      atoms.allSatisfy({ body.knots[0] <= $0.low && $0.high <= body.knots[body.knots.count - 1] })
    else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "the numbers make no density"))
    }
    self.init(body: body, atoms: atoms)
  }

  /// Writes knots, weights, tails and atoms.
  public func encode(to encoder: any Swift.Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(body.knots, forKey: .knots)
    try container.encode(body.weights, forKey: .weights)
    try container.encode(body.lower, forKey: .lowerTail)
    try container.encode(body.upper, forKey: .upperTail)
    try container.encode(atoms, forKey: .atoms)
  }
}
