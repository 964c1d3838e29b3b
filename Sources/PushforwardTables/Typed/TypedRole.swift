/// How a typed model treats a column.
public enum TypedRole: String, Sendable, Codable, CaseIterable {
  /// A density, in nats a unit of the column.
  case real
  /// A mass for every multiple of the step.
  case wholeNumber = "whole_number"
  /// A mass for every day, second or multiple of the step.
  case date
  /// A density on a circle.
  case angle
  /// A mass for every level.
  case category
  /// A mass for every level; levels have an order.
  case ordinal
  /// Two levels that say yes and no.
  case boolean

  /// Whether its classes and values have an order.
  public var isOrdered: Bool { self != .category && self != .boolean }
}
