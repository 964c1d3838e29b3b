import PushforwardCore

/// One pass over all tiles, in chunks that depend on the rows alone, so that sums have the same bits for any number of
/// workers.
struct MixturePass {
  /// Consecutive tiles of one segment.
  struct Piece {
    let segment: Int
    let first: Int
    let count: Int
  }

  let tiles: PatternTiles
  private let chunks: [[Piece]]
  /// Segments this long have their factors made once and shared; shorter ones make them where they are met.
  private static let sharedTiles = 8
  private static let mostChunks = 32

  init(_ tiles: PatternTiles) {
    self.tiles = tiles
    let perChunk = max(MixtureEvaluator.blockTiles, (tiles.tileCount + Self.mostChunks - 1) / Self.mostChunks)
    var chunks: [[Piece]] = []
    var (open, room) = ([Piece](), perChunk)
    for (index, segment) in tiles.segments.enumerated() {
      var first = 0
      while first < segment.tiles {
        let count = min(room, segment.tiles - first)
        open.append(Piece(segment: index, first: first, count: count))
        first += count
        room -= count
        if room == 0 {
          chunks.append(open)
          (open, room) = ([], perChunk)
        }
      }
    }
    if !open.isEmpty { chunks.append(open) }
    self.chunks = chunks
  }

  /// Runs `body` for every block of tiles, in order within a chunk.
  ///
  /// `begin` makes what a worker needs, once a chunk; `end` is called at the end of each piece. `completing`: factors
  /// carry what missing cells need, `denoising` what numbers with errors need too.
  func run<Context>(
    _ mixture: GaussianMixture, completing: Bool, denoising: Bool = false, workers: WorkerPool?,
    begin: (_ chunk: Int) -> Context,
    body: (Context, MixtureEvaluator, PatternTiles.Segment, _ first: Int, _ count: Int, PatternFactors) -> Void,
    end: (Context, PatternFactors) -> Void
  ) {
    let tables = MixtureEvaluator.logTables(mixture)
    let shared = tiles.segments.map { segment in
      segment.tiles < Self.sharedTiles
        ? nil
        : PatternFactors(mixture, segment, completing: completing, denoising: denoising)
    }
    func work(chunk: Int, worker: Int) {
      let evaluator = MixtureEvaluator(mixture, tiles, tables: tables)
      let context = begin(chunk)
      for piece in chunks[chunk] {
        let segment = tiles.segments[piece.segment]
        let factors =
          shared[piece.segment]
          ?? PatternFactors(mixture, segment, completing: completing, denoising: denoising)
        var first = piece.first
        while first < piece.first + piece.count {
          let count = min(MixtureEvaluator.blockTiles, piece.first + piece.count - first)
          evaluator.evaluate(segment, first: first, count: count, factors)
          body(context, evaluator, segment, first, count, factors)
          first += count
        }
        end(context, factors)
      }
    }
    if let workers, chunks.count > 1 {
      workers.run(items: chunks.count, work)
    } else {
      for chunk in chunks.indices { work(chunk: chunk, worker: 0) }
    }
  }

  /// Number of chunks.
  var chunkCount: Int { chunks.count }
}
