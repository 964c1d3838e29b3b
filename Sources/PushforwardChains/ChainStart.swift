import PushforwardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension ChainNetwork {
  /// Parameters to start from: random weights, and heads at the columns' marginals.
  ///
  /// The heads' biases are the logs of the classes' shares (weights counted, half a row added to each); the Gaussians
  /// stand at the quantiles of the continuous cells. Knots of the encodings are quantiles as well.
  ///
  /// - Precondition: the rows are valid ones of this chain.
  func start(from rows: ChainRows, seed: UInt64) -> Parameters<Scalar> {
    var parameters = Parameters<Scalar>(layout: layout, seed: seed)
    for (index, column) in plan.columns.enumerated() {
      let cells = rows.columns[index]
      let places = sortedPlaces(of: index, cells: cells, weights: rows.weights)
      if let knots = encode.slices[index].knots, !places.isEmpty {
        let pieces = knots.count - 1
        var at = quantiles(places, (0...pieces).map { Double($0) / Double(pieces) })
        // Knots must increase; equal ones are taken a hair apart.
        for knot in 1..<at.count where at[knot] <= at[knot - 1] { at[knot] = at[knot - 1] + 1e-4 }
        parameters[knots] = at.map { Scalar($0) }
      }
      guard column.position != nil else { continue }
      let bias = headBias(of: index, cells: cells, weights: rows.weights)
      if let low = lowRankHeads.first(where: { $0.column == index }), let slice = low.expand.bias {
        parameters[slice] = bias
      } else if let slice = output.bias {
        var all = parameters[slice]
        all.replaceSubrange(column.outputRows, with: bias)
        parameters[slice] = all
      }
    }
    return parameters
  }

  private func headBias(of index: Int, cells: ChainCells, weights: [Float]?) -> [Scalar] {
    let column = plan.columns[index]
    var result: [Double] = []
    if column.headClasses > 0 {
      var counts = [Double](repeating: 0.5, count: column.headClasses)
      for (row, code) in cells.codes.enumerated() where code >= 0 {
        counts[Int(code)] += weights.map { Double($0[row]) } ?? 1
      }
      let total = counts.reduce(0, +)
      result += counts.map { log($0 / total) }
    }
    if column.shape.continuous != 0 {
      let open = Int32(column.shape.atoms)
      var points: [(Double, Double)] = []
      for (row, code) in cells.codes.enumerated() where code == open {
        points.append((DrawnCell.middle(cells.low[row], cells.high[row]), weights.map { Double($0[row]) } ?? 1))
      }
      points.sort { $0.0 < $1.0 }
      let hints = column.hints.map(\.relative)
      result += mixtureBias(points, components: Int(column.shape.components) - hints.reduce(0, +), hints: hints)
    }
    return result.map { Scalar($0) }
  }

  /// Equal shares, means at the points' quantiles, deviations of the means' distances; those relative to a hint have
  /// as much as all of them, stand where it says, and are from half to four times as wide.
  private func mixtureBias(_ points: [(Double, Double)], components n: Int, hints: [Int]) -> [Double] {
    let levels = (0..<n).map { (Double($0) + 0.5) / Double(n) }
    let means: [Double] = points.isEmpty ? levels.map { -2 + 4 * $0 } : quantiles(points, levels)
    let logScales: [Double] = means.indices.map { place in
      let gap: Double = n == 1 ? 1 : (means[min(place + 1, n - 1)] - means[max(place - 1, 0)]) / 2
      return log(min(max(gap, 0.05), 1))
    }
    let shares = hints.flatMap { [Double](repeating: log(Double(n) / Double($0)), count: $0) }
    let widths = hints.flatMap { count in
      (0..<count).map { log(0.5) + log(8) * Double($0) / Double(max(count - 1, 1)) }
    }
    let zeros = [Double](repeating: 0, count: shares.count)
    return [Double](repeating: 0, count: n) + shares + means + zeros + logScales + widths
  }

  /// Places on z of a column's cells, sorted, with their weights; atoms count where they have positions.
  private func sortedPlaces(of index: Int, cells: ChainCells, weights: [Float]?) -> [(Double, Double)] {
    let atoms = plan.columns[index].shape.atoms
    let positions = specification.columns[index].positions
    var places: [(Double, Double)] = []
    for (row, code) in cells.codes.enumerated() where code >= 0 {
      let weight = weights.map { Double($0[row]) } ?? 1
      if weight == 0 { continue }
      if code == atoms {
        places.append((DrawnCell.middle(cells.low[row], cells.high[row]), weight))
      } else if let positions {
        places.append((Double(positions[Int(code)]), weight))
      }
    }
    return places.sorted { $0.0 < $1.0 }
  }

  /// Weighted quantiles of sorted values.
  private func quantiles(_ points: [(Double, Double)], _ levels: [Double]) -> [Double] {
    let total = points.reduce(0) { $0 + $1.1 }
    var (place, passed) = (0, 0.0)
    return levels.map { level in
      while place + 1 < points.count && passed + points[place].1 < level * total {
        passed += points[place].1
        place += 1
      }
      return points[place].0
    }
  }
}
