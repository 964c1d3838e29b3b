import CKernels
import PushforwardCore

extension KernelDensity {
  /// Leaves whose kernels together add less than this share to every row of a tile are left out.
  ///
  /// So a log-density is at most this much too small, in nats.
  static let neglected = 1e-9

  /// `log p` of each row's present cells, in nats; at most 1e-9 too small.
  ///
  /// - Throws: `MixtureError` when the columns are not those of the density.
  public func logProb(_ rows: MixtureRows, workers: WorkerPool? = nil) throws(MixtureError) -> [Double] {
    try check(rows)
    let tiles = PatternTiles(
      rows, shift: [Double](repeating: 0, count: features), scale: [Double](repeating: 1, count: features))
    var out = [Double](repeating: 0, count: rows.count)
    let work = tiles.segments.flatMap { segment in (0..<segment.tiles).map { (segment, $0) } }
    let prepared = tiles.segments.reduce(into: [Int: Kernels]()) { $0[$1.firstTile] = Kernels(self, used: $1.observed) }
    out.withUnsafeMutableBufferPointer { out in
      guard let out = out.baseAddress else { return }
      func run(item: Int, worker: Int) {
        let (segment, tile) = work[item]
        let kernels = prepared[segment.firstTile]!
        let query = Query(features: features, categories: levels.count)
        let o = segment.observed.count
        let x = tiles.values.pointer + segment.valueOffset + tile * o * PatternTiles.lanes
        for (place, column) in segment.observed.enumerated() {
          query.numbers.pointer.advanced(by: column * PatternTiles.lanes)
            .update(from: x + place * PatternTiles.lanes, count: PatternTiles.lanes)
        }
        let codeCount = levels.count * PatternTiles.lanes
        query.codes.pointer.update(
          from: tiles.codes.pointer + (segment.firstTile + tile) * codeCount, count: codeCount)
        let result = sums(query, kernels, skip: nil)
        for lane in 0..<PatternTiles.lanes {
          let row = tiles.rowOfLane[(segment.firstTile + tile) * PatternTiles.lanes + lane]
          if row >= 0 { out[Int(row)] = result[lane] }
        }
      }
      if let workers, work.count > 1 {
        workers.run(items: work.count, run)
      } else {
        for item in work.indices { run(item: item, worker: 0) }
      }
    }
    return out
  }

  /// `log p` of the density's own rows without their own kernels, for rows spaced evenly through the tree.
  ///
  /// - Returns: The sum over the chosen rows, by weight, and the sum of those weights.
  func leaveOneOut(most: Int, workers: WorkerPool?) -> (sum: Double, weight: Double) {
    let kernels = Kernels(self, used: Array(0..<features))
    let count = centres.rows
    let tiles = (count + PatternTiles.lanes - 1) / PatternTiles.lanes
    let step = max(1, Double(tiles) * Double(PatternTiles.lanes) / Double(most))
    let chosen = Array(Set((0..<tiles).map { Int(Double($0) * step) }.filter { $0 < tiles })).sorted()
    var parts = [(sum: Double, weight: Double)](repeating: (0, 0), count: chosen.count)
    parts.withUnsafeMutableBufferPointer { parts in
      let parts = parts.baseAddress!
      func run(item: Int, worker: Int) {
        let query = Query(features: features, categories: levels.count)
        var skip = [Int32](repeating: -1, count: PatternTiles.lanes)
        let first = chosen[item] * PatternTiles.lanes
        for lane in 0..<PatternTiles.lanes {
          let row = min(first + lane, count - 1)
          skip[lane] = Int32(row)
          for j in 0..<features {
            query.numbers.pointer[j * PatternTiles.lanes + lane] = centres.values[row * features + j]
          }
          for k in levels.indices { query.codes.pointer[k * PatternTiles.lanes + lane] = codes[row * levels.count + k] }
        }
        let result = sums(query, kernels, skip: skip)
        for lane in 0..<PatternTiles.lanes where first + lane < count {
          let weight = weights[first + lane]
          if weight <= 0 || weight >= 1 { continue }
          // Without its own kernel the other weights sum to 1 − w.
          parts[item].sum += weight * max(result[lane] - PatternFactors.logarithm(1 - weight), -1e6)
          parts[item].weight += weight
        }
      }
      if let workers, chosen.count > 1 {
        workers.run(items: chosen.count, run)
      } else {
        for item in chosen.indices { run(item: item, worker: 0) }
      }
    }
    return parts.reduce((0, 0)) { ($0.0 + $1.sum, $0.1 + $1.weight) }
  }

  /// 64 rows to ask about.
  private struct Query {
    let numbers: AlignedBuffer<Double>
    let codes: AlignedBuffer<Int32>

    init(features: Int, categories: Int) {
      numbers = AlignedBuffer(count: features * PatternTiles.lanes)
      codes = AlignedBuffer(count: categories * PatternTiles.lanes)
    }
  }

  /// What a pattern of present columns needs.
  private struct Kernels: Sendable {
    let inverse: [Double]
    let low: [Double]
    let high: [Double]
    let use: [UInt8]
    let levels: [Int32]
    let same: [Double]
    let other: [Double]
    /// log wᵢ with the kernels' normalising constants.
    let logWeights: [Double]
    /// Largest of them in each leaf, and a bound on what mirrored kernels add.
    let leafWeights: [Double]

    init(_ density: KernelDensity, used: [Int]) {
      let d = density.features
      inverse = density.bandwidths.map { 1 / $0 }
      (low, high) = (density.bounds.map(\.lowerBound), density.bounds.map(\.upperBound))
      var use = [UInt8](repeating: 0, count: d)
      for column in used { use[column] = 1 }
      self.use = use
      levels = density.levels.map { Int32($0) }
      same = density.noise.map { PatternFactors.logarithm(1 - $0) }
      other = zip(density.noise, density.levels).map {
        $1 > 1 ? PatternFactors.logarithm($0 / Double($1 - 1)) : -Double.infinity
      }
      let constant = used.reduce(0.0) {
        $0 - PatternFactors.logarithm(density.bandwidths[$1]) - 0.918_938_533_204_672_74
      }
      var weights = density.logWeights
      for row in weights.indices { weights[row] += constant }
      // Kernel and two images lie between twice-mirrored walls: what is beyond is made good by the constant.
      for j in used where density.bounds[j].lowerBound.isFinite && density.bounds[j].upperBound.isFinite {
        let (a, b, h) = (density.bounds[j].lowerBound, density.bounds[j].upperBound, density.bandwidths[j])
        for row in weights.indices {
          let c = density.centres.values[row * d + j]
          let mass = PatternFactors.normalCDF((2 * b - a - c) / h) - PatternFactors.normalCDF((2 * a - b - c) / h)
          weights[row] -= PatternFactors.logarithm(max(mass, 1e-300))
        }
      }
      logWeights = weights
      let walls = used.count { density.bounds[$0].lowerBound.isFinite || density.bounds[$0].upperBound.isFinite }
      leafWeights = (0..<density.tree.leaves).map { leaf in
        (density.tree.range(leaf).map { weights[$0] }.max() ?? -.infinity) + Double(walls) * 1.098_612_288_668_11
      }
    }
  }

  /// Log-densities of 64 queries.
  private func sums(_ query: Query, _ kernels: Kernels, skip: [Int32]?) -> [Double] {
    let (d, lanes) = (features, PatternTiles.lanes)
    var top = [Double](repeating: -.infinity, count: lanes)
    var sum = [Double](repeating: 0, count: lanes)
    let leaves = reach(query, kernels)
    let missing = skip ?? []
    kernels.inverse.withUnsafeBufferPointer { inverse in
      kernels.low.withUnsafeBufferPointer { low in
        kernels.high.withUnsafeBufferPointer { high in
          kernels.use.withUnsafeBufferPointer { use in
            kernels.levels.withUnsafeBufferPointer { levels in
              kernels.same.withUnsafeBufferPointer { same in
                kernels.other.withUnsafeBufferPointer { other in
                  var shape = pf_kernel_shape(
                    features: d, categories: self.levels.count, inverse: inverse.baseAddress, low: low.baseAddress,
                    high: high.baseAddress, use: use.baseAddress, levels: levels.baseAddress,
                    log_same: same.baseAddress, log_other: other.baseAddress)
                  for (place, leaf) in leaves.enumerated() {
                    let range = tree.range(leaf.number)
                    // The rest is bounded by the next leaf's bound times what is left: stop where that is nothing.
                    let left = Double((leaves.count - place) * CentreTree.leafSize)
                    let least = zip(top, sum).reduce(Double.infinity) {
                      min($0, $1.1 > 0 ? $1.0 + PatternFactors.logarithm($1.1) : -.infinity)
                    }
                    if place > 0 && leaf.bound + PatternFactors.logarithm(left) < least + Self.logNeglected { break }
                    centres.values.withUnsafeBufferPointer { centres in
                      codes.withUnsafeBufferPointer { codes in
                        kernels.logWeights.withUnsafeBufferPointer { logWeights in
                          missing.withUnsafeBufferPointer { missing in
                            pf_kernel_sums_f64(
                              &shape, query.numbers.pointer, query.codes.pointer,
                              centres.baseAddress.map { $0 + range.lowerBound * d },
                              codes.baseAddress.map { $0 + range.lowerBound * self.levels.count },
                              logWeights.baseAddress! + range.lowerBound, range.lowerBound, range.count,
                              skip == nil ? nil : missing.baseAddress, &top, &sum)
                          }
                        }
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
    return zip(top, sum).map { $1 > 0 ? $0 + PatternFactors.logarithm($1) : -.infinity }
  }

  private static let logNeglected = PatternFactors.logarithm(neglected)

  /// Leaves by the most that one of their kernels can be at any of the queries, largest first.
  private func reach(_ query: Query, _ kernels: Kernels) -> [(number: Int, bound: Double)] {
    let (d, lanes) = (features, PatternTiles.lanes)
    var low = [Double](repeating: 0, count: d)
    var high = low
    for j in 0..<d {
      let values = UnsafeBufferPointer(start: query.numbers.pointer + j * lanes, count: lanes)
      (low[j], high[j]) = (values.min() ?? 0, values.max() ?? 0)
    }
    var out: [(number: Int, bound: Double)] = []
    out.reserveCapacity(tree.leaves)
    for leaf in 0..<tree.leaves {
      var squares = 0.0
      for j in 0..<d where kernels.use[j] == 1 {
        let gap = max(low[j] - tree.high[leaf * d + j], tree.low[leaf * d + j] - high[j], 0) * kernels.inverse[j]
        squares += gap * gap
      }
      out.append((leaf, kernels.leafWeights[leaf] - 0.5 * squares))
    }
    return out.sorted { ($0.bound, $1.number) > ($1.bound, $0.number) }
  }

  func check(_ rows: MixtureRows) throws(MixtureError) {
    if rows.numbers.columns != features {
      throw .size(what: "numeric columns", expected: features, found: rows.numbers.columns)
    }
    if rows.levels != levels {
      throw .value(what: "levels of the categories", expected: "\(levels)", found: "\(rows.levels)")
    }
  }
}
