/// Named tensors and a map of strings: the content of a safetensors file.
///
/// The format: 8 bytes header length (little-endian), a JSON header, the tensors' bytes. It opens in the `safetensors`
/// packages of other languages. Files written here also carry a checksum among their metadata, which `init(contentsOf:)`
/// verifies. Elements are little-endian in the file and, on every platform that Swift runs on, in memory.
///
/// - SeeAlso: The format's description in the repository `huggingface/safetensors`.
public struct SafeTensors: Sendable {
  /// One tensor's name, type and shape.
  public struct Description: Sendable, Equatable {
    /// Name.
    public var name: String
    /// Element type.
    public var type: SafeTensorsType
    /// Dimensions, outermost first; empty for a single number.
    public var shape: [Int]
    /// Bytes.
    public var byteCount: Int
  }

  /// The file it came from, for messages.
  let file: String
  private(set) var header: SafeTensorsHeader
  private(set) var data: [UInt8]

  /// The strings stored beside the tensors, the checksum not among them.
  public var metadata: [String: String] {
    get { header.metadata.filter { $0.key != SafeTensorsHeader.checksumKey } }
    set { header.metadata = newValue.filter { $0.key != SafeTensorsHeader.checksumKey } }
  }

  /// No tensors yet.
  ///
  /// - Parameter metadata: Strings to store beside the tensors; the key `checksum` is taken.
  public init(metadata: [String: String] = [:]) {
    file = "new file"
    header = SafeTensorsHeader()
    data = []
    self.metadata = metadata
  }

  init(file: String, header: SafeTensorsHeader, data: [UInt8]) {
    self.file = file
    self.header = header
    self.data = data
  }

  /// What is there, in the order in which it stands.
  public var tensors: [Description] {
    header.entries.map { .init(name: $0.name, type: $0.type, shape: $0.shape, byteCount: $0.range.count) }
  }

  /// Adds a tensor behind the others; `shape` has the outermost dimension first, by default it is one dimension.
  ///
  /// - Throws: `SafeTensorsError.duplicateName`; `.tensor` when the shape holds another number of elements.
  public mutating func add<Element: SafeTensorsElement>(
    _ name: String, shape: [Int]? = nil, _ values: [Element]
  ) throws {
    try values.withUnsafeBytes { bytes in
      try add(name, type: Element.safeTensorsType, shape: shape ?? [values.count], bytes: bytes)
    }
  }

  /// Adds a tensor's bytes, as they are in memory, behind the others.
  ///
  /// - Throws: `SafeTensorsError.duplicateName`; `.tensor` when type and shape take another number of bytes.
  public mutating func add(_ name: String, type: SafeTensorsType, shape: [Int], bytes: UnsafeRawBufferPointer) throws {
    if name == "__metadata__" || header.entries.contains(where: { $0.name == name }) {
      throw SafeTensorsError.duplicateName(file: file, name: name)
    }
    let entry = SafeTensorsHeader.Entry(
      name: name, type: type, shape: shape, range: data.count..<data.count + bytes.count)
    try entry.validateSize(file: file)
    data.append(contentsOf: bytes)
    header.entries.append(entry)
  }

  /// A tensor's elements, row-major; when `shape` is given, the tensor must have it.
  ///
  /// - Throws: `SafeTensorsError.missingTensor`; `.tensor` when type or shape are others.
  public func values<Element: SafeTensorsElement>(
    _ name: String, shape: [Int]? = nil, as type: Element.Type = Element.self
  ) throws -> [Element] {
    try withBytes(of: name) { entry, bytes in
      if entry.type != Element.safeTensorsType {
        throw SafeTensorsError.tensor(
          file: file, name: name, what: "dtype", expected: Element.safeTensorsType.rawValue,
          found: entry.type.rawValue)
      }
      if let shape, shape != entry.shape {
        throw SafeTensorsError.tensor(
          file: file, name: name, what: "shape", expected: shapeText(shape), found: shapeText(entry.shape))
      }
      let count = bytes.count / MemoryLayout<Element>.stride
      return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
        initialized = count
      }
    }
  }

  /// Reads a tensor's bytes where they lie.
  ///
  /// - Throws: `SafeTensorsError.missingTensor`, or what `body` throws.
  public func withBytes<Result>(
    of name: String, _ body: (Description, UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    guard let entry = header.entries.first(where: { $0.name == name }) else {
      throw SafeTensorsError.missingTensor(file: file, name: name)
    }
    let description = Description(
      name: name, type: entry.type, shape: entry.shape, byteCount: entry.range.count)
    return try data.withUnsafeBytes { bytes in
      try body(description, UnsafeRawBufferPointer(rebasing: bytes[entry.range]))
    }
  }

  /// A metadata entry that must be there.
  ///
  /// - Throws: `SafeTensorsError.missingMetadata`.
  public func requiredMetadata(_ key: String) throws -> String {
    guard let value = header.metadata[key] else { throw SafeTensorsError.missingMetadata(file: file, key: key) }
    return value
  }
}
