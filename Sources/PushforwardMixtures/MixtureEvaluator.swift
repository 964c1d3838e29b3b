import CKernels
import PushforwardCore

/// Log-densities and responsibilities of blocks of tiles: the expectation step.
///
/// One a worker: it holds scratch memory.
final class MixtureEvaluator {
  /// Tiles of a block at most: their numbers and responsibilities stay in the nearest caches.
  static let blockTiles = 8
  private static let lanes = PatternTiles.lanes

  private let mixture: GaussianMixture
  private let tiles: PatternTiles
  /// Log of the category probabilities: for each column `components x (levels + 1)`, the last entry 0 for missing cells.
  private let tables: [[Double]]
  private let centred: AlignedBuffer<Double>
  private let whitened: AlignedBuffer<Double>
  private let weighted: AlignedBuffer<Double>
  private let scratch: AlignedBuffer<Double>
  /// log(πₖ p(row | k)), `components x 64` a tile, of the block evaluated last.
  let logJoint: AlignedBuffer<Double>
  /// log p(row), 64 a tile.
  let logProb: AlignedBuffer<Double>
  /// Weight times posterior probability of each component, as `logJoint`.
  let responsibilities: AlignedBuffer<Double>

  init(_ mixture: GaussianMixture, _ tiles: PatternTiles, tables: [[Double]]) {
    self.mixture = mixture
    self.tiles = tiles
    self.tables = tables
    let block = Self.blockTiles * Self.lanes
    centred = AlignedBuffer(count: block * mixture.features)
    whitened = AlignedBuffer(count: block * mixture.features)
    weighted = AlignedBuffer(count: block * mixture.features)
    scratch = AlignedBuffer(count: pf_linear_scratch(mixture.features, Self.blockTiles))
    logJoint = AlignedBuffer(count: block * mixture.components)
    responsibilities = AlignedBuffer(count: block * mixture.components)
    logProb = AlignedBuffer(count: block)
  }

  /// `tables` for `init`.
  static func logTables(_ mixture: GaussianMixture) -> [[Double]] {
    zip(mixture.levels, mixture.probabilities).map { width, table in
      (0..<mixture.components).flatMap { k in
        table[k * width..<(k + 1) * width].map { PatternFactors.logarithm($0) } + [0]
      }
    }
  }

  /// Fills `logJoint` and `logProb` for `count` tiles of a segment from its tile `first`.
  func evaluate(_ segment: PatternTiles.Segment, first: Int, count: Int, _ factors: PatternFactors) {
    let (lanes, o, components) = (Self.lanes, segment.observed.count, mixture.components)
    let x = tiles.values.pointer + segment.valueOffset + first * o * lanes
    let categories = tiles.levels.count
    let codes = tiles.codes.pointer + (segment.firstTile + first) * categories * lanes
    for k in 0..<components {
      for t in 0..<count {
        pf_fill_f64(logJoint.pointer + (t * components + k) * lanes, factors.constants[k], lanes)
      }
      if o > 0 {
        centre(x, k, factors, count)
        let whitening = factors.whitening.pointer + k * factors.whiteningStride
        if factors.isDiagonal {
          pf_feature_affine_f64(centred.pointer, whitening, nil, whitened.pointer, o, count, lanes)
        } else {
          pf_linear_forward_f64(
            whitening, o, nil, centred.pointer, nil, whitened.pointer, nil, o, o, factors.extents, count, lanes,
            Int32(PF_IDENTITY.rawValue))
        }
        for t in 0..<count {
          pf_standard_normal_log_density_f64(
            whitened.pointer + t * o * lanes, logJoint.pointer + (t * components + k) * lanes, o, 1, lanes)
        }
      }
      for column in 0..<categories {
        let width = tiles.levels[column] + 1
        tables[column].withUnsafeBufferPointer { table in
          for t in 0..<count {
            pf_add_table_f64(
              table.baseAddress! + k * width, codes + (t * categories + column) * lanes,
              logJoint.pointer + (t * components + k) * lanes, lanes)
          }
        }
      }
    }
    pf_logsumexp_features_f64(logJoint.pointer, logProb.pointer, components, count, lanes)
  }

  /// Fills `responsibilities` for the block evaluated last; returns Σ weight · log p(row).
  func weigh(_ segment: PatternTiles.Segment, first: Int, count: Int) -> Double {
    let (lanes, components) = (Self.lanes, mixture.components)
    let weights = tiles.weights.pointer + (segment.firstTile + first) * lanes
    pf_fill_f64(responsibilities.pointer, 0, count * components * lanes)
    pf_logsumexp_features_backward_f64(
      logJoint.pointer, logProb.pointer, weights, responsibilities.pointer, components, count, lanes)
    var sum = 0.0
    // A row without weight may have no density either; 0 · (−∞) is none.
    for lane in 0..<count * lanes where weights[lane] > 0 { sum += weights[lane] * logProb.pointer[lane] }
    return sum
  }

  /// Adds the block's sums to the statistics of its segment.
  func accumulate(
    _ segment: PatternTiles.Segment, first: Int, count: Int, _ factors: PatternFactors,
    into sums: UnsafeMutablePointer<Double>, moments: SegmentMoments, layout: StatisticsLayout
  ) {
    let (lanes, o, components) = (Self.lanes, segment.observed.count, mixture.components)
    let x = tiles.values.pointer + segment.valueOffset + first * o * lanes
    let categories = tiles.levels.count
    let codes = tiles.codes.pointer + (segment.firstTile + first) * categories * lanes
    for k in 0..<components {
      let r = responsibilities.pointer + k * lanes
      var mass = 0.0
      for t in 0..<count { mass += pf_sum_f64(r + t * components * lanes, lanes) }
      moments.masses[k] += mass
      for column in 0..<categories {
        let table = sums + layout.category(k, column)
        for t in 0..<count {
          pf_add_to_table_f64(r + t * components * lanes, codes + (t * categories + column) * lanes, table, lanes)
        }
      }
      if o == 0 || mass == 0 { continue }
      centre(x, k, factors, count)
      pf_centre_scale_f64(
        x, centrePointer(k, factors), r, components * lanes, weighted.pointer, o, count)
      let first = moments.firsts + k * o
      if factors.isDiagonal {
        pf_feature_dot_f64(weighted.pointer, nil, first, o, count, lanes)
        pf_feature_dot_f64(weighted.pointer, centred.pointer, moments.seconds + k * o, o, count, lanes)
      } else {
        pf_linear_backward_weight_f64(
          weighted.pointer, centred.pointer, moments.seconds + k * o * o, o, first, o, o, factors.extents, count, lanes,
          scratch.pointer)
      }
    }
  }

  private func centre(_ x: UnsafePointer<Double>, _ k: Int, _ factors: PatternFactors, _ count: Int) {
    pf_centre_scale_f64(x, centrePointer(k, factors), nil, 0, centred.pointer, factors.observed.count, count)
  }

  private func centrePointer(_ k: Int, _ factors: PatternFactors) -> UnsafePointer<Double> {
    UnsafePointer(factors.centres.pointer + k * factors.observed.count)
  }
}
