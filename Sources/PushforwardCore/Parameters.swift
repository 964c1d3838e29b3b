/// A model's numbers: one flat buffer in the order of a `ParameterLayout`.
///
/// A value: copies share storage until one is changed, so a copy is a snapshot.
public struct Parameters<Scalar: TileScalar>: Sendable, Equatable {
  /// Names, shapes and offsets.
  public let layout: ParameterLayout
  private var storage: AlignedBuffer<Scalar>

  /// Parameters at their initial values, drawn from `seed`.
  public init(layout: ParameterLayout, seed: UInt64 = 0) {
    self.layout = layout
    storage = AlignedBuffer(count: layout.count)
    for (index, slice) in layout.slices.enumerated() {
      slice.initializer.fill(storage.pointer + slice.offset, slice: slice, stream: index, seed: seed)
    }
  }

  /// All-zero parameters.
  public static func zeros(layout: ParameterLayout) -> Parameters { Parameters(layout: layout, zeroed: ()) }

  private init(layout: ParameterLayout, zeroed: Void) {
    self.layout = layout
    storage = AlignedBuffer(count: layout.count)
  }

  /// Number of elements in the flat buffer, alignment gaps included.
  public var count: Int { layout.count }

  /// Reads the flat buffer.
  public func withUnsafePointer<Result>(_ body: (UnsafePointer<Scalar>) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(storage) { try body(UnsafePointer(storage.pointer)) }
  }

  /// Changes the flat buffer (copying it first if it is shared).
  public mutating func withUnsafeMutablePointer<Result>(
    _ body: (UnsafeMutablePointer<Scalar>) throws -> Result
  ) rethrows -> Result {
    if !isKnownUniquelyReferenced(&storage) { storage = AlignedBuffer(copying: storage) }
    return try withExtendedLifetime(storage) { try body(storage.pointer) }
  }

  /// The values of one slice, row-major.
  public subscript(slice: ParameterSlice) -> [Scalar] {
    get { Array(UnsafeBufferPointer(start: storage.pointer + slice.offset, count: slice.count)) }
    set {
      precondition(newValue.count == slice.count, "\(slice.name): \(newValue.count) values for \(slice.count)")
      withUnsafeMutablePointer { pointer in
        newValue.withUnsafeBufferPointer { (pointer + slice.offset).update(from: $0.baseAddress!, count: slice.count) }
      }
    }
  }

  /// The values of the slice of that name, row-major; `nil` when there is none.
  public subscript(name: String) -> [Scalar]? {
    layout.slice(named: name).map { self[$0] }
  }

  /// Sets the slice of that name.
  ///
  /// - Throws: `EngineError.unknownParameter` or `.parameterShape`.
  public mutating func set(_ name: String, to values: [Scalar]) throws {
    guard let slice = layout.slice(named: name) else { throw EngineError.unknownParameter(name: name) }
    guard slice.count == values.count else {
      throw EngineError.parameterShape(name: name, expected: slice.count, found: values.count)
    }
    self[slice] = values
  }

  /// The same numbers in another precision.
  public func converted<Other: TileScalar>(to type: Other.Type = Other.self) -> Parameters<Other> {
    var result = Parameters<Other>.zeros(layout: layout)
    result.withUnsafeMutablePointer { out in
      for index in 0..<count { out[index] = Other(storage.pointer[index]) }
    }
    return result
  }

  /// A 64-bit FNV-1a hash of all bytes, the fingerprint printed by a fit.
  public var fingerprint: UInt64 {
    let bytes = UnsafeRawBufferPointer(start: storage.pointer, count: count * MemoryLayout<Scalar>.stride)
    return bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  /// Number of NaN or infinite elements.
  public var nonFiniteCount: Int { Scalar.countNonFinite(storage.pointer, count) }

  /// Whether layout and every bit agree.
  public static func == (a: Parameters, b: Parameters) -> Bool {
    guard a.layout == b.layout else { return false }
    return UnsafeRawBufferPointer(start: a.storage.pointer, count: a.count * MemoryLayout<Scalar>.stride)
      .elementsEqual(UnsafeRawBufferPointer(start: b.storage.pointer, count: b.count * MemoryLayout<Scalar>.stride))
  }
}
