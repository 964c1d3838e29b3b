import PushforwardChains
import PushforwardTables

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A column of numbers that is nearly a sum, or a product of powers, of other columns: a total of its parts, an area of its
/// sides, a ratio.
struct ColumnRelation: Codable, Sendable, Equatable {
  /// What is linear in what.
  enum Form: String, Codable, Sendable {
    /// The column in the others.
    case sum
    /// Its logarithm in theirs.
    case product
  }

  /// Number of the column among the encoder's.
  var column: Int
  var form: Form
  /// Numbers of the other columns.
  var inputs: [Int]
  /// One for each of them.
  var coefficients: [Double]
  var constant: Double
  /// What the column is usually off by: the median of the distances, in its own units or in those of its logarithm.
  var scatter: Double

  /// What the others say the column is; `nil` where the form has no value.
  func value(_ inputs: [Double]) -> Double? {
    let isProduct = form == .product
    if isProduct, !inputs.allSatisfy({ $0 > 0 }) { return nil }
    let sum = zip(coefficients, inputs).reduce(constant) { $0 + $1.0 * (isProduct ? log($1.1) : $1.1) }
    let value = isProduct ? exp(sum) : sum
    return value.isFinite ? value : nil
  }

  /// The hint of a row's cell.
  ///
  /// - Parameters:
  ///   - cells: The inputs' cells.
  ///   - columns: The encoder's columns.
  /// - Returns: The place on the column's scale, and what it is usually off by there.
  func hint(_ cells: UnsafeBufferPointer<DrawnCell>, columns: [TypedColumn]) -> ChainHint {
    let numbers = zip(inputs, cells).map { columns[$0].number(code: Int($1.code), z: $1.middle) }
    let own = columns[column]
    guard let value = value(numbers) else { return .none }
    let distance = max(form == .product ? value.magnitude * scatter : scatter, (own.step ?? 0) / 4)
    guard let place = own.place(ofNumber: value), let low = own.place(ofNumber: value - distance),
      let high = own.place(ofNumber: value + distance)
    else { return .none }
    return ChainHint(place: Float(place), width: Float(max((high - low) / 2, 1e-4)))
  }

  /// For people.
  func text(_ columns: [TypedColumn]) -> String {
    let names = listed(inputs.map { columns[$0].name })
    let off = NumberText.shortest(rounded(form == .product ? 100 * scatter : scatter))
    return "\(columns[column].name): nearly a \(form == .sum ? "sum of multiples" : "product of powers") of \(names), "
      + "usually off by \(off)\(form == .product ? " %" : "")"
  }

  /// Two digits, as a decimal.
  private func rounded(_ x: Double) -> Double {
    guard x > 0, x.isFinite else { return 0 }
    let digits = 1 - log10(x).rounded(.down)
    // Powers of ten that are whole numbers are exact, and so is the quotient's nearest decimal.
    return digits > 0
      ? (x * pow(10, digits)).rounded() / pow(10, digits) : (x / pow(10, -digits)).rounded() * pow(10, -digits)
  }
}

extension [ColumnRelation] {
  /// Inputs of each of a column's relations.
  func inputs(of column: Int) -> [[Int]]? {
    let found = filter { $0.column == column }.map(\.inputs)
    return found.isEmpty ? nil : found
  }

  /// Where a chain's hints come from.
  func hints(_ columns: [TypedColumn]) -> ChainHints? {
    if isEmpty { return nil }
    let relations = Dictionary(grouping: self, by: \.column)
    return { index, number, cells in relations[index]?[number].hint(cells, columns: columns) ?? .none }
  }
}
