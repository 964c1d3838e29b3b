import PushforwardCore
import PushforwardModels
import PushforwardTraining

/// The evidence lower bound of rows whose values are cells, under a flow and a learned distribution of the place in the cell.
///
/// A row's mass is the integral of the flow's density over its cells. With places u in (0, 1) drawn from q(u | row),
/// log p(lower + width u) + Σ log width - log q(u) is on average at most its logarithm. q is a coupling flow of normal
/// noise, conditional on the row, squashed by the normal distribution function: uniform where the flow is the identity.
///
/// - SeeAlso: Ho, Chen, Srinivas, Duan & Abbeel (2019), "Flow++: Improving Flow-Based Generative Models with Variational
///   Dequantization and Architecture Design", arXiv:1902.00275, section 3.1.
struct DequantizationBound: Objective {
  let flow: FlowNetwork<Float>
  let noise: FlowNetwork<Float>
  let layout: ParameterLayout
  private let features: Int
  /// For each column its place among those of the noise; 0 for columns without cells, whose widths are 0.
  private let places: [Int]

  static let prefixes = (flow: "flow.", noise: "noise.")

  /// - Parameters:
  ///   - flow: Of all columns.
  ///   - noise: Of the columns with cells.
  ///   - columns: The numbers of the columns with cells, ascending.
  /// - Throws: `EngineError`.
  init(flow: FlowSpecification, noise: FlowSpecification, columns: [Int]) throws {
    var layout = ParameterLayout()
    self.flow = try FlowNetwork(flow, layout: &layout, prefix: Self.prefixes.flow)
    self.noise = try FlowNetwork(noise, layout: &layout, prefix: Self.prefixes.noise)
    self.layout = layout
    features = flow.features
    places = (0..<flow.features).map { columns.firstIndex(of: $0) ?? 0 }
  }

  /// Rows are lower ends, widths and a constant.
  func value(of x: Variable, context: Variable?, on tape: Tape<Float>) throws -> Variable {
    let lower = tape.select(x, features: Array(0..<features))
    let width = tape.select(x, features: Array(features..<2 * features))
    let middle = tape.add(lower, tape.affine(width, scale: 0.5))
    let given = context.map { tape.concatenate(middle, $0) } ?? middle
    let stream = RandomStream(seed: tape.random.seed, purpose: .base)
    let drawn = noise.drawBase(stream: stream, firstRow: tape.firstRow, on: tape)
    let (v, slope) = try noise.decode(drawn, context: given, on: tape)
    let u = tape.select(tape.apply(.normalCDF, v), features: places)
    let (_, total) = try flow.logProb(tape.add(lower, tape.multiply(width, u)), context: context, on: tape)
    // - log q(u) = log |dv/de| + log |du/dv| - log base(e).
    let base = tape.makeZeros(features: 1)
    noise.accumulateBaseLogProb(drawn, into: base, on: tape)
    tape.accumulate(base, into: total, scale: -1)
    tape.accumulate(slope, into: total)
    tape.accumulateStandardNormalLogDensity(v, into: total)
    tape.accumulate(tape.select(x, features: [2 * features]), into: total)
    return total
  }
}
