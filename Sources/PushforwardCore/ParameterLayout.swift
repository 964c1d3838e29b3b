/// What a slice is for: decides weight decay and whether the optimizer touches it.
public enum ParameterRole: String, Codable, Sendable, BitwiseCopyable {
  /// A matrix: decayed.
  case weight
  /// A bias, scale or other vector: not decayed.
  case bias
  /// Not trained by gradient. Its gradient slot carries a statistic of the batch, which the optimizer folds into a
  /// running average (batch normalization's mean and variance).
  case statistic
  /// Never changed by training (fixed at construction or set from data before training).
  case constant
}

/// A named part of the flat parameter buffer, `rows x columns`, row-major.
public struct ParameterSlice: Codable, Sendable, Equatable {
  /// Dotted name, stable across versions: `flow.3.conditioner.hidden.1.weight`.
  public let name: String
  /// First element in the flat buffer.
  public let offset: Int
  /// Rows (outputs of a weight matrix).
  public let rows: Int
  /// Columns (inputs of a weight matrix).
  public let columns: Int
  /// How training treats it.
  public let role: ParameterRole
  /// How it starts.
  public let initializer: Initializer
  /// Number of elements.
  public var count: Int { rows * columns }
}

/// Names, shapes and places of all parameters of a model.
public struct ParameterLayout: Sendable, Equatable {
  /// In order of their offsets.
  public private(set) var slices: [ParameterSlice] = []
  /// Elements of the flat buffer.
  ///
  /// Slices start at multiples of 16 elements (64 bytes in `Float`).
  public private(set) var count = 0
  private var byName: [String: Int] = [:]

  /// An empty layout.
  public init() {}

  /// Adds a slice.
  ///
  /// - Precondition: the name is new.
  @discardableResult
  public mutating func add(
    _ name: String, rows: Int, columns: Int = 1, role: ParameterRole = .weight, initializer: Initializer = .zeros
  ) -> ParameterSlice {
    precondition(byName[name] == nil, "parameter \(name) added twice")
    let slice = ParameterSlice(
      name: name, offset: count, rows: rows, columns: columns, role: role, initializer: initializer)
    byName[name] = slices.count
    slices.append(slice)
    count += (slice.count + 15) / 16 * 16
    return slice
  }

  /// The slice of that name.
  public func slice(named name: String) -> ParameterSlice? { byName[name].map { slices[$0] } }

  /// Number of trained numbers (alignment gaps, statistics and constants not counted; masked weights counted).
  public var trainedCount: Int {
    slices.filter { $0.role == .weight || $0.role == .bias }.reduce(0) { $0 + $1.count }
  }
}
