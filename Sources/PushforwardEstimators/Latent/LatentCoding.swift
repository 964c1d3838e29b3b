import PushforwardCore
import PushforwardTables

/// Models that map a table's rows to a latent space and back: autoencoders, and flows, whose latent space is their base.
public protocol LatentCoding: TableModel {
  /// Maps rows to the latent space.
  ///
  /// - Parameters:
  ///   - table: The rows.
  ///   - workers: Threads to use; the calling thread alone when `nil`.
  /// - Returns: One latent value for each row that has one.
  /// - Throws: `TableError` as `score`.
  func codes(_ table: Table, workers: WorkerPool?) throws -> LatentCodes

  /// Maps latent values to rows: each the row that the latent value stands for.
  ///
  /// - Parameters:
  ///   - latent: `rows x latent features`.
  ///   - given: The conditions: one row for all, or one for each latent value. Needed if the model is conditional.
  ///   - workers: Threads to use.
  /// - Returns: The modelled columns, in their own units.
  /// - Throws: `EstimatorError.conditions`, `.conditionRows`; `EngineError.featureCount`; `TableError`.
  func decoded(_ latent: Matrix<Float>, given: Table?, workers: WorkerPool?) throws -> Table

  /// Features of the latent space.
  var latentFeatures: Int { get }
}

/// Where rows lie in a latent space.
public struct LatentCodes: Sendable {
  /// `keptRows x latent features`.
  public var latent: Matrix<Float>
  /// Standard deviations of the encoder's distribution of each latent value; `nil` where the way is one to one.
  public var deviations: Matrix<Float>?
  /// Which of the table's rows these are.
  public var keptRows: [Int]
  /// Rows left out, in words; `nil`: none.
  public var leftOutNote: String?
}

extension LatentCoding {
  /// Names of the latent features, as columns: z1, z2, ...
  public var latentNames: [String] { (1...max(1, latentFeatures)).map { "z\($0)" } }

  /// Encodes rows and decodes them again: what the model keeps of each.
  ///
  /// Rows that have no latent value are missing.
  ///
  /// - Throws: as `codes` and `decoded`.
  public func reconstruct(_ table: Table, workers: WorkerPool? = nil) throws -> Table {
    let codes = try codes(table, workers: workers)
    let rows = try decoded(
      codes.latent, given: given.isEmpty ? nil : table.selecting(columns: given).selecting(rows: codes.keptRows),
      workers: workers)
    if codes.keptRows.count == table.rowCount { return rows }
    var place = [Int?](repeating: nil, count: table.rowCount)
    for (index, row) in codes.keptRows.enumerated() { place[row] = index }
    return try Table(
      rows.columns.map { name, column in
        switch column {
        case .numbers(let numbers):
          let values = place.map { $0.map { numbers.values[$0] } ?? .nan }
          return (name, .numbers(try NumberColumn(values, recording: numbers.recording)))
        case .categories(let levels):
          return (name, .categories(CategoryColumn(place.map { $0.flatMap { levels[$0] } })))
        }
      })
  }
}

extension LatentModel: LatentCoding {
  /// Features of the latent space.
  public var latentFeatures: Int { autoencoder.specification.latentFeatures }

  /// The centre of each row's posterior, and the encoder's standard deviations (before the posterior's flow).
  ///
  /// - Throws: `TableError`.
  public func codes(_ table: Table, workers: WorkerPool?) throws -> LatentCodes {
    let rows = try cells.rows(of: table)
    let found = try autoencoder.encode(rows.cells, context: rows.context, workers: workers)
    return LatentCodes(
      latent: found.latent, deviations: found.deviation, keptRows: rows.keptRows, leftOutNote: rows.leftOutNote)
  }

  /// The most likely cells given each latent value.
  ///
  /// - Throws: `EstimatorError.conditions`, `.conditionRows`; `EngineError.featureCount`; `TableError`.
  public func decoded(_ latent: Matrix<Float>, given: Table?, workers: WorkerPool?) throws -> Table {
    try checkSampling(count: latent.rows, given: given, firstRow: 0)
    return try cells.table(autoencoder.decode(latent, context: context(given), workers: workers))
  }
}

extension DensityModel: LatentCoding {
  /// As many as there are columns.
  public var latentFeatures: Int { columns.count }

  /// Places in the flow's base space; rows with missing cells have none.
  ///
  /// - Throws: `TableError`.
  public func codes(_ table: Table, workers: WorkerPool?) throws -> LatentCodes {
    let rows = try encoder.prepare(table)
    return LatentCodes(
      latent: try encode(table, workers: workers), deviations: nil, keptRows: rows.keptRows,
      leftOutNote: rows.leftOutNote)
  }

  /// The flow's inverse.
  ///
  /// - Throws: `EstimatorError.conditions`, `.conditionRows`; `EngineError.featureCount`; `TableError`.
  public func decoded(_ latent: Matrix<Float>, given: Table?, workers: WorkerPool?) throws -> Table {
    try checkSampling(count: latent.rows, given: given, firstRow: 0)
    var context: Matrix<Float>?
    if let given, !self.given.isEmpty {
      context = Matrix(
        rows: given.rowCount, columns: encoder.conditionWidth,
        values: try encoder.conditions(of: given).map { Float($0) })
    }
    return try encoder.decode(flow.decode(latent, context: context, workers: workers).values)
  }
}
