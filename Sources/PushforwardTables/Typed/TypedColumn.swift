/// One column of a typed encoder: its classes, its continuous scale if it has one, and what it takes to go back.
public struct TypedColumn: Sendable, Equatable {
  /// What the column is.
  public let schema: ColumnSchema
  /// How it is treated.
  public let role: TypedRole
  /// How its values were divided into classes, for people.
  public let reason: String
  /// Numeric values that are classes of their own, ascending, in the column's units; empty for categories.
  public let values: [Double]
  /// The classes of a category column.
  public let levels: CategoryClasses?
  /// The scale of the continuous class; `nil`: there is no such class.
  public let scale: TypedScale?
  /// Width in which densities of a real column are stated: its recording step, or a two-thousandth of its spread; 1 for
  /// columns of masses.
  public let resolution: Double
  /// Period and smallest value of an angle; `nil` for others.
  public let circle: Circle?
  /// Share of each class among the training cells that are present, smoothed, summing to one: atoms, then the continuous.
  public let classShares: [Double]
  /// Where each atom lies on z among the continuous values (or, without any, on a normal scale of its own); `nil` if the
  /// classes have no order.
  public let positions: [Double]?
  /// Share of the training cells that are missing.
  public let missingShare: Double
  /// Weight of the training cells that are present.
  public let presentWeight: Double

  /// An angle's circle.
  public struct Circle: Sendable, Codable, Equatable {
    /// Once around.
    public let period: Double
    /// Angles are written from here to `origin + period`.
    public let origin: Double
    /// Where the circle is cut open: the scale runs from here once around.
    public let cut: Double

    func wrapped(_ x: Double, from start: Double) -> Double {
      let turns = ((x - start) / period).rounded(.down)
      let inside = x - turns * period
      return inside >= start + period ? start : max(inside, start)
    }
  }

  /// The step of the grid on which the values lie (as far as the model is concerned); `nil`: there is none.
  public let step: Double?
  /// Taken off a date's number of days or seconds; 0 for others.
  public let origin: Double

  /// Column name.
  public var name: String { schema.name }
  /// Classes of point mass.
  public var atoms: Int { levels?.count ?? values.count }
  /// Whether there is a continuous class, numbered `atoms`.
  public var hasContinuous: Bool { scale != nil }
  /// All classes.
  public var classes: Int { atoms + (hasContinuous ? 1 : 0) }
  /// How the column is stored in a table.
  public var storage: Column.Storage { schema.kind.storage }
  /// Whether scores of the column are masses (and not densities); of numbers in steps, masses over the step.
  public var isMass: Bool { role != .real && role != .angle }
  /// Decimals to print the column's numbers with; `nil`: as many as they need.
  public var decimals: Int? {
    guard role == .real || role == .wholeNumber || role == .angle else { return nil }
    return grid?.decimals
  }

  /// The grid of a stepped column.
  var grid: RecordingStep? { step.flatMap { RecordingStep($0) } }
}

extension RecordingStep {
  /// The multiple of the step in whose cell, closed below, a value lies.
  func gridValue(_ x: Double) -> Double {
    let steps = (x / value + 0.5).rounded(.down)
    guard steps.magnitude < 9e15 else { return x }
    let result = steps * multiple / Self.powers[decimals]
    return result == 0 ? 0 : result
  }
}
