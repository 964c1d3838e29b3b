import ArgumentParser

/// What becomes of the gaps of a table in rows drawn like it.
enum MissingCells: String, ExpressibleByArgument, CaseIterable {
  /// Every cell is drawn.
  case fill
  /// Cells are missing as often, and together with the same values, as in the table fitted to.
  case reproduce
}
