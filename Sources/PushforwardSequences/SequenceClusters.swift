import PushforwardCore
import PushforwardMixtures

/// Guesses of the states before anything is known: clusters of the rows, or of their moving averages.
///
/// States that differ in their averages, not row by row (a loaded die), show only when neighbouring rows are averaged; so
/// starts differ in the width of the window. Numbers are standardised, missing ones stand at the mean; a category counts as
/// the indicator of its level, scaled so that two random rows are as far apart in it as in a number.
struct SequenceClusters {
  /// Half-widths of the windows of successive starts; then over again with other seeds.
  static let windows = [0, 3, 10, 1, 30]
  private static let mostRows = 8192

  private let sequences: SequenceLayout
  private let seen: [Int]
  private let width: Int
  /// `rows x width`.
  private let features: [Double]

  init(_ rows: MixtureRows, _ sequences: SequenceLayout, unseen: [Bool]?, shift: [Double], scale: [Double]) {
    self.sequences = sequences
    let (count, d, c) = (rows.count, rows.numbers.columns, rows.levels.count)
    seen = (0..<sequences.count).flatMap { sequence in
      sequences.weights[sequence] > 0 ? sequences.rows(sequence).filter { !(unseen?[$0] ?? false) } : []
    }
    width = d + rows.levels.reduce(0, +)
    var features = [Double](repeating: 0, count: count * width)
    for row in 0..<count {
      for column in 0..<d {
        let x = rows.numbers.values[row * d + column]
        features[row * width + column] = x.isNaN ? 0 : (x - shift[column]) / scale[column]
      }
    }
    var offset = d
    for column in 0..<c {
      var shares = [Double](repeating: 0, count: rows.levels[column])
      for row in seen where rows.codes[row * c + column] >= 0 { shares[Int(rows.codes[row * c + column])] += 1 }
      let sum = max(shares.reduce(0, +), 1)
      let same = shares.reduce(0) { $0 + $1 / sum * $1 / sum }
      let size = same < 1 ? (1 / (1 - same)).squareRoot() : 0
      for row in 0..<count where rows.codes[row * c + column] >= 0 {
        features[row * width + offset + Int(rows.codes[row * c + column])] = size
      }
      offset += rows.levels[column]
    }
    self.features = features
  }

  /// Shares of the components in the rows (`rows x components`, 0 in rows not seen), and the chain that the clusters make.
  func start(states: Int, perState: Int, restart: Int, seed: UInt64) -> (shares: [Double], chain: MarkovChain) {
    let window = Self.windows[restart % Self.windows.count]
    let stream = RandomStream(seed: seed, purpose: .initialization).split(UInt64(restart))
    var generator = PhiloxGenerator(seed: stream.seed, stream: 3)
    let count = sequences.rowCount
    let smooth = window == 0 ? features : averaged(window)
    let labels = clusters(smooth, seen, states, &generator)
    // Components of a state: clusters of its rows.
    var part = [Int](repeating: 0, count: count)
    if perState > 1 {
      for state in 0..<states {
        let members = seen.indices.filter { labels[$0] == state }.map { seen[$0] }
        if members.isEmpty { continue }
        let inner = clusters(features, members, perState, &generator)
        for (place, row) in members.enumerated() { part[row] = inner[place] }
      }
    }
    let components = states * perState
    // Clusters are a guess: a tenth of each row goes to all components.
    let trust = components == 1 ? 1 : 0.9
    var shares = [Double](repeating: 0, count: count * components)
    var labelOfRow = [Int](repeating: -1, count: count)
    for (place, row) in seen.enumerated() {
      labelOfRow[row] = labels[place]
      for k in 0..<components { shares[row * components + k] = (1 - trust) / Double(components) }
      shares[row * components + labels[place] * perState + part[row]] += trust
    }
    for sequence in 0..<sequences.count where sequences.weights[sequence] != 1 {
      for place in sequences.rows(sequence).lowerBound * components..<sequences.rows(sequence).upperBound * components {
        shares[place] *= sequences.weights[sequence]
      }
    }
    return (shares, chain(labelOfRow, states))
  }

  private func chain(_ labels: [Int], _ states: Int) -> MarkovChain {
    var initial = [Double](repeating: 1, count: states)
    var counts = [Double](repeating: 1, count: states * states)
    for sequence in 0..<sequences.count {
      let rows = sequences.rows(sequence)
      if labels[rows.lowerBound] >= 0 { initial[labels[rows.lowerBound]] += 1 }
      for row in rows.dropFirst() where labels[row] >= 0 && labels[row - 1] >= 0 {
        counts[labels[row - 1] * states + labels[row]] += 1
      }
    }
    let total = initial.reduce(0, +)
    return MarkovChain(
      unchecked: initial.map { $0 / total },
      counts.enumerated().map { place, value in
        let row = place / states * states
        return value / counts[row..<row + states].reduce(0, +)
      })
  }

  /// Means over 2·half + 1 rows of the same sequence, fewer at its ends.
  private func averaged(_ half: Int) -> [Double] {
    var out = features
    var sums = [Double](repeating: 0, count: width)
    for sequence in 0..<sequences.count {
      let rows = sequences.rows(sequence)
      for j in 0..<width { sums[j] = 0 }
      var (low, high) = (rows.lowerBound, rows.lowerBound)
      for row in rows {
        while high < min(row + half + 1, rows.upperBound) {
          for j in 0..<width { sums[j] += features[high * width + j] }
          high += 1
        }
        while low < row - half {
          for j in 0..<width { sums[j] -= features[low * width + j] }
          low += 1
        }
        for j in 0..<width { out[row * width + j] = sums[j] / Double(high - low) }
      }
    }
    return out
  }

  /// k-means++ (Arthur & Vassilvitskii 2007) and Lloyd's rounds over some thousand rows; then every row's nearest centre.
  private func clusters(
    _ x: [Double], _ members: [Int], _ wanted: Int, _ generator: inout PhiloxGenerator
  ) -> [Int] {
    if wanted == 1 || members.isEmpty { return [Int](repeating: 0, count: members.count) }
    let width = self.width
    let step = max(1, Double(members.count) / Double(Self.mostRows))
    let sample = (0..<min(members.count, Self.mostRows)).map { members[Int(Double($0) * step)] }
    return x.withUnsafeBufferPointer { x in
      func distance(_ row: Int, _ centre: UnsafePointer<Double>) -> Double {
        var sum = 0.0
        for j in 0..<width {
          let step = x[row * width + j] - centre[j]
          sum += step * step
        }
        return sum
      }
      var centres = [Double](repeating: 0, count: wanted * width)
      return centres.withUnsafeMutableBufferPointer { centres in
        let centres = centres.baseAddress!
        var nearest = [Double](repeating: .infinity, count: sample.count)
        for k in 0..<wanted {
          var pick = Int.random(in: 0..<sample.count, using: &generator)
          let total = nearest.reduce(0, +)
          if k > 0 && total > 0 {
            var rest = Double.random(in: 0..<1, using: &generator) * total
            for (place, value) in nearest.enumerated() where value > 0 {
              pick = place
              rest -= value
              if rest < 0 { break }
            }
          }
          for j in 0..<width { centres[k * width + j] = x[sample[pick] * width + j] }
          for (place, row) in sample.enumerated() {
            nearest[place] = min(nearest[place], distance(row, centres + k * width))
          }
        }
        func label(_ row: Int) -> Int {
          var (least, at) = (Double.infinity, 0)
          for k in 0..<wanted {
            let d = distance(row, centres + k * width)
            if d < least { (least, at) = (d, k) }
          }
          return at
        }
        var owner = [Int](repeating: -1, count: sample.count)
        for _ in 0..<20 {
          var changed = 0
          for (place, row) in sample.enumerated() {
            let at = label(row)
            if owner[place] != at { changed += 1 }
            owner[place] = at
          }
          if changed * 100 <= sample.count { break }
          var masses = [Double](repeating: 0, count: wanted)
          for k in owner { masses[k] += 1 }
          for k in 0..<wanted where masses[k] > 0 {
            for j in 0..<width { centres[k * width + j] = 0 }
          }
          for (place, row) in sample.enumerated() {
            let k = owner[place]
            for j in 0..<width { centres[k * width + j] += x[row * width + j] / masses[k] }
          }
        }
        return members.map(label)
      }
    }
  }
}
