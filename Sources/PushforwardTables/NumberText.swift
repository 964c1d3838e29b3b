/// Numbers as text.
package enum NumberText {
  /// The shortest text that reads back as the same number; whole numbers below 10^15 have no decimal point.
  package static func shortest(_ value: Double) -> String {
    if value.magnitude < 1e15, value == value.rounded(.towardZero) { return String(Int64(value)) }
    return value.description
  }
}
