import PushforwardChains
import PushforwardCore
import PushforwardTraining
import Testing

/// The whole network's gradient in Double against differences, and what weights and order mean to it.
struct GradientTests {
  /// Loss and gradient over all rows of a source, in the states of training epoch 3.
  private func gradient(
    _ source: ChainSource<Double>, _ network: ChainNetwork<Double>, _ parameters: Parameters<Double>,
    order: [Int32]? = nil
  ) throws -> (value: Double, gradient: Parameters<Double>) {
    let rows = order ?? (0..<Int32(source.rowCount)).map { $0 }
    var x = [Double](repeating: 0, count: rows.count * source.features)
    var weights = [Double](repeating: 1, count: rows.count)
    rows.withUnsafeBufferPointer { rows in
      x.withUnsafeMutableBufferPointer { x in
        weights.withUnsafeMutableBufferPointer { weights in
          source.load(
            rows, epoch: 3, x: x.baseAddress!, context: weights.baseAddress!, weights: weights.baseAddress!)
        }
      }
    }
    let tape = Tape<Double>(recordsGradients: true)
    var slopes = Parameters<Double>.zeros(layout: network.layout)
    var total = 0.0
    parameters.withUnsafePointer { numbers in
      slopes.withUnsafeMutablePointer { out in
        tape.begin(rows: rows.count, parameters: numbers, gradients: out, wide: true)
        let cells = tape.input(rowMajor: x, features: source.features, stride: source.features)
        let value = tape.sumFeatures(network.columnLogProb(cells, on: tape))
        let seed = tape.makeScratch(count: tape.elementCount(features: 1))
        for lane in 0..<tape.elementCount(features: 1) {
          seed[lane] = lane < rows.count ? weights[lane] : 0
          if lane < rows.count { total += weights[lane] * tape.pointer(value)[lane] }
        }
        tape.backward(from: value, seed: seed)
      }
    }
    return (total, slopes)
  }

  @Test(arguments: [(512, false), (3, false), (512, true)])
  func agreesWithDifferences(largestFullHead: Int, isHinted: Bool) throws {
    let specification = try Fixture.specification(isHinted ? Fixture.hinted : Fixture.columns) {
      ($0.largestFullHead, $0.headRank) = (largestFullHead, 4)
    }
    let network = ChainNetwork<Double>(specification)
    let source = try ChainSource<Double>(
      Fixture.rows(70, gaps: true, weighted: true), specification: specification, hints: Fixture.hints)
    let parameters = Fixture.parameters(network.layout, as: Double.self)
    let found = try gradient(source, network, parameters)
    for slice in network.layout.slices {
      for place in [0, slice.count / 3, slice.count / 2, slice.count - 1] {
        let h = 1e-5
        var moved = [parameters, parameters]
        let isMasked = slice.role == .weight && parameters[slice][place] == 0
        if slice.role == .constant || isMasked {
          #expect(found.gradient[slice][place] == 0, "\(slice.name)[\(place)]")
          continue
        }
        moved[0][slice][place] += h
        moved[1][slice][place] -= h
        let above = try gradient(source, network, moved[0]).value
        let difference = try (above - gradient(source, network, moved[1]).value) / (2 * h)
        let slope = found.gradient[slice][place]
        #expect(abs(slope - difference) < 1e-5 * max(1, abs(difference)), "\(slice.name)[\(place)]")
      }
    }
  }

  @Test func weightTwoIsTheRowTwice() throws {
    let specification = try Fixture.specification { $0.answersQueries = false }
    let network = ChainNetwork<Double>(specification)
    let parameters = Fixture.parameters(network.layout, as: Double.self)
    var rows = try Fixture.rows(40, gaps: true)
    let twice = rows.selecting((0..<40).flatMap { $0 % 4 == 0 ? [$0, $0] : [$0] })
    rows.weights = (0..<40).map { $0 % 4 == 0 ? 2 : 1 }
    let weighted = try gradient(ChainSource(rows, specification: specification), network, parameters)
    let repeated = try gradient(ChainSource(twice, specification: specification), network, parameters)
    #expect(abs(weighted.value - repeated.value) < 1e-9 * abs(repeated.value))
    for slice in network.layout.slices {
      for (a, b) in zip(weighted.gradient[slice], repeated.gradient[slice]) {
        #expect(abs(a - b) < 1e-9 * max(1, abs(b)))
      }
    }
  }

  @Test func rowOrderDoesNotMatter() throws {
    let specification = try Fixture.specification()
    let network = ChainNetwork<Double>(specification)
    let parameters = Fixture.parameters(network.layout, as: Double.self)
    let source = try ChainSource<Double>(Fixture.rows(50, gaps: true), specification: specification)
    let one = try gradient(source, network, parameters)
    let other = try gradient(source, network, parameters, order: (0..<50).reversed())
    #expect(abs(one.value - other.value) < 1e-9 * abs(one.value))
  }
}
