import PushforwardInterchange
import PushforwardTables

/// The registry: fits, opens and saves a model of any kind.
public enum Models {
  /// Fits the model that the options name.
  ///
  /// - Parameters:
  ///   - table: The rows.
  ///   - options: What is fixed; everything else is chosen.
  ///   - shouldStop: Asked often; `true` ends the fit with the best model so far.
  ///   - progress: Told what happens.
  /// - Returns: The model.
  /// - Throws: `TableError`, `EstimatorError`, `EngineError`, `TrainingError`.
  public static func fit(
    _ table: Table, options: FitOptions = FitOptions(), shouldStop: () -> Bool = { false },
    progress: (FitEvent) -> Void = { _ in }
  ) throws -> any TableModel {
    if options.dequantization == .variational {
      return try DequantizedModel.fit(table, options: options, shouldStop: shouldStop, progress: progress)
    }
    if options.model == .auto, let column = options.overrides.firstWithErrors {
      progress(.stage("gmm, since errors of \(column) are declared"))
      var options = options
      options.model = .gmm
      return try fit(table, options: options, shouldStop: shouldStop, progress: progress)
    }
    if options.model == .auto {
      return try withoutActuallyEscaping(shouldStop) { shouldStop in
        try withoutActuallyEscaping(progress) { progress in
          try AutomaticFit(table: table, options: options, shouldStop: shouldStop, progress: progress).run()
        }
      }
    }
    if options.model == .mixed && options.chain.orders > 1 {
      return try ChainOrders(table: table, options: options).fit(shouldStop: shouldStop, progress: progress)
    }
    return try options.model.family.type.fit(table, options: options, shouldStop: shouldStop, progress: progress)
  }

  /// Reads a model from a file.
  ///
  /// - Throws: `FileError`, `SafeTensorsError`, `EstimatorError.notAModel`: what is wrong, and where.
  public static func open(_ path: String) throws -> any TableModel {
    try ModelArchive(SafeTensors(contentsOf: path, checksum: .required), file: path).model()
  }

  /// Reads a model from bytes.
  ///
  /// - Parameters:
  ///   - bytes: What `encoded` returned, or the content of a file.
  ///   - file: Name of their source, for messages.
  /// - Returns: The model.
  /// - Throws: as `open`.
  public static func open(bytes: [UInt8], file: String = "data") throws -> any TableModel {
    try ModelArchive(SafeTensors(bytes: bytes, file: file, checksum: .required), file: file).model()
  }
}

extension TableModel {
  /// Writes the model to a temporary file beside `path`, then renames it.
  ///
  /// - Throws: `FileError` or `SafeTensorsError` when the file cannot be written.
  public func save(to path: String) throws { try ModelArchive(self).container.write(to: path) }

  /// The model's bytes as they would stand in a file.
  ///
  /// - Throws: `SafeTensorsError`.
  public func encoded() throws -> [UInt8] { try ModelArchive(self).container.encoded() }

  /// Reads a model of this very type from a file.
  ///
  /// - Throws: as `Models.open`; `EstimatorError.notAModel` when the file holds another type.
  public init(contentsOf path: String) throws {
    try self.init(ModelArchive(SafeTensors(contentsOf: path, checksum: .required), file: path))
  }

  /// Reads a model of this very type from bytes.
  ///
  /// - Throws: as `init(contentsOf:)`.
  public init(bytes: [UInt8], file: String = "data") throws {
    try self.init(ModelArchive(SafeTensors(bytes: bytes, file: file, checksum: .required), file: file))
  }

  private init(_ archive: ModelArchive) throws {
    let found = try archive.family()
    guard found == Self.family else {
      throw archive.damage("expected a model of the family \(Self.family.rawValue), found \(found.rawValue)")
    }
    try self.init(from: archive)
  }
}
