import PushforwardTables

/// Which columns of a table the chain of a `MixedFlowModel` models, and which its flow.
///
/// The flow takes reals that are smooth, or nearly so. Everything that has masses is the chain's: categories, whole
/// numbers, dates, reals of few values or with heavy spikes; reals with many missing cells too, since a flow trains on
/// complete rows.
struct ColumnDivision {
  /// Names of the chain's columns, in the table's order.
  let chain: [String]
  /// Names of the flow's columns.
  let flow: [String]
  /// Numbers that the chain's columns and the conditions take as conditions of the flow.
  let conditionWidth: Int

  /// Share of a real column's cells that may lie on atoms.
  private static var mostOnAtoms: Double { 0.2 }
  /// Share of a real column's cells that may be missing.
  private static var mostMissing: Double { 0.1 }
  /// Levels of all categories together that the flow can be conditioned on.
  static var mostConditions: Int { 2048 }

  /// Divides the columns of an encoder that was fitted to the training rows.
  init(_ columns: [TypedColumn], given: Set<String>) {
    func isSmooth(_ column: TypedColumn) -> Bool {
      guard column.role == .real, column.hasContinuous, column.missingShare <= Self.mostMissing else { return false }
      return (column.classShares.last ?? 0) >= 1 - Self.mostOnAtoms
    }
    let modelled = columns.filter { !given.contains($0.name) }
    flow = modelled.filter(isSmooth).map(\.name)
    let rest = modelled.filter { !isSmooth($0) }
    chain = rest.map(\.name)
    let conditions = rest + columns.filter { given.contains($0.name) }
    conditionWidth = conditions.reduce(0) { $0 + ($1.schema.kind == .category ? ($1.schema.levels ?? []).count : 1) }
  }

  /// Why there is nothing to combine; `nil` when there is.
  var obstacle: String? {
    if flow.isEmpty { return "no column is a smooth real number; use mixed" }
    if chain.isEmpty { return "every column is a smooth real number; use nsf" }
    if conditionWidth > Self.mostConditions {
      return "the flow would be conditioned on \(conditionWidth) numbers and levels, more than \(Self.mostConditions); "
        + "use mixed"
    }
    return nil
  }
}
