import PushforwardCore
import PushforwardTables

/// What composites have in common: names of members, schemas put together, records.
enum CompositeSupport {
  /// One schema of all members' columns, and of those that never varied, in the order of the widest member's table; where two
  /// know a column, the first one's.
  static func schema(_ members: [any TableModel]) -> Schema {
    let known = Set(members.flatMap { $0.columns + $0.given })
    var columns: [ColumnSchema] = []
    var seen: Set<String> = []
    for member in members {
      let own = Set(member.columns + member.given)
      for column in member.schema.columns {
        let isConstant = column.kind == .constant && !known.contains(column.name)
        if own.contains(column.name) || isConstant, seen.insert(column.name).inserted { columns.append(column) }
      }
    }
    let widest = members.map(\.schema).max { $0.columns.count < $1.columns.count }?.columns ?? []
    let places = Dictionary(widest.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    func place(_ index: Int) -> Int { places[columns[index].name] ?? widest.count + index }
    return Schema(
      columns: columns.indices.sorted { place($0) < place($1) }.map { columns[$0] },
      rowCount: members.map(\.schema.rowCount).max() ?? 0)
  }

  /// How a composite's column is to be read: as the members want it, who must agree.
  ///
  /// - Throws: `EstimatorError.cannotCombine`.
  static func storage(
    _ members: [any TableModel], of names: [String]
  ) throws -> [(name: String, storage: Column.Storage)] {
    try names.map { name in
      var found: Column.Storage?
      for (number, member) in members.enumerated() {
        guard let own = (member.requiredColumns + member.conditions).first(where: { $0.name == name })?.storage else {
          continue
        }
        if let found, found != own {
          throw EstimatorError.cannotCombine(
            detail: "column \(name) is \(own.rawValue) to member \(number + 1) and \(found.rawValue) to one before it")
        }
        found = own
      }
      return (name, found ?? .numbers)
    }
  }

  /// Decimals of the columns, those of the first member that has any.
  static func decimals(_ members: [any TableModel]) -> [String: Int] {
    members.reduce(into: [:]) { $0.merge($1.decimals, uniquingKeysWith: { first, _ in first }) }
  }

  /// Names under which members stand in a file.
  static func name(_ number: Int) -> String { String(number + 1) }

  /// The worst of the members' kinds of likelihood.
  static func likelihood(_ members: [any TableModel]) -> ModelTraits.Likelihood {
    let all = members.map(\.traits.likelihood)
    return all.contains(.bound) ? .bound : all.contains(.estimate) ? .estimate : .exact
  }

  /// A hash of the members' hashes and some numbers.
  static func fingerprint(_ members: [any TableModel], _ numbers: [Double]) -> String {
    var hash = NumberHash()
    for member in members { hash.add(member.record.fingerprint.utf8.map { Double($0) }) }
    hash.add(numbers)
    return hash.text
  }

  /// The record of a composite.
  static func record(
    _ kind: ModelKind, _ members: [any TableModel], choice: String, rows: Int, numbers: [Double], seconds: Double
  ) -> FitRecord {
    FitRecord(
      model: kind, choice: choice, tableRows: rows, trainingRows: 0, heldOutRows: rows, leftOutNote: nil, plan: nil,
      parameterCount: members.reduce(numbers.count) { $0 + $1.record.parameterCount }, stopReason: nil, epochs: 0,
      bestEpoch: 0, recoveries: [], heldOut: .nan, heldOutStandardError: .nan, heldOutIndependent: .nan,
      heldOutGaussian: .nan, seconds: seconds, fingerprint: fingerprint(members, numbers), seed: 0)
  }
}

extension TableModel {
  /// The table with only the columns that this model conditions on; `nil` if there are none.
  func conditionTable(_ table: Table?) throws -> Table? {
    guard let table, !given.isEmpty else { return nil }
    return try table.selecting(columns: given)
  }
}
