import CKernels
import Testing

extension KernelTests {
  @Suite struct Transposes {
    static let features = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 70]

    @Test("rows to tiles and back, short last tiles included", arguments: features) func roundTrip(features: Int) {
      check(features: features, Float.self)
      check(features: features, Double.self)
    }

    private func check<Scalar: LinearScalar>(features: Int, _ type: Scalar.Type) {
      let ld = features + 2
      forEachInstructionSet { isa in
        for (rows, lanes) in [(0, 64), (1, 64), (5, 64), (63, 64), (64, 64), (65, 64), (200, 64), (1, 1), (7, 1)] {
          let note: Comment = "\(rows) rows of \(features), lanes \(lanes), instruction set \(isa)"
          let tileCount = (rows + lanes - 1) / lanes
          let from = GuardedBuffer((0..<rows * ld).map { Scalar($0) })
          let tiles = GuardedBuffer<Scalar>(count: tileCount * features * lanes, filledWith: -1)
          Scalar.rowsToTiles(from.start, ld, tiles.start, rows, features, lanes)
          let areTilesRight = (0..<tiles.count).allSatisfy { index in
            let (tile, feature, lane) = (index / lanes / features, index / lanes % features, index % lanes)
            return tiles[index] == Scalar(min(tile * lanes + lane, rows - 1) * ld + feature)
          }
          #expect(areTilesRight && tiles.isIntact, note)
          let to = GuardedBuffer<Scalar>(count: rows * ld, filledWith: -1)
          Scalar.tilesToRows(tiles.start, to.start, ld, rows, features, lanes)
          let areRowsRight = (0..<to.count).allSatisfy { to[$0] == ($0 % ld < features ? from[$0] : -1) }
          #expect(areRowsRight && to.isIntact, note)
        }
      }
    }
  }
}
