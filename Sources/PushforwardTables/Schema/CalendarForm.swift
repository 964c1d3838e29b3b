/// How the day of a date is written, where it is not the way of ISO 8601: `2012/1/31`, `1/31/2012`, `31.01.2012`,
/// `Jan 31 2012`, `January 31, 2012`, `31-Jan-2012`; a time of day may follow as in ISO 8601.
///
/// Years have four digits. Whether day or month comes first is what fits all texts; where both do, the month before a slash and
/// the day before other signs.
public struct CalendarForm: Sendable, Codable, Equatable {
  /// In which order day, month and year stand.
  public enum Order: String, Sendable, Codable, CaseIterable {
    case yearMonthDay = "year, month, day"
    case monthDayYear = "month, day, year"
    case dayMonthYear = "day, month, year"
  }

  /// The order of the parts.
  public var order: Order
  /// Between the parts: one of `/`, `.`, `-`, a blank.
  public var separator: String
  /// Whether days, and months that are numbers, have two digits always.
  public var hasZeros: Bool
  /// Whether a comma stands before the year.
  public var hasComma: Bool
  /// How many letters of a month's name are written; 0: months are numbers.
  public var letters: Int

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]

  /// The form that all texts have, if there is one.
  init?(of texts: [String]) {
    guard let first = texts.first, let parts = Parts(first) else { return nil }
    separator = parts.separator
    (hasZeros, hasComma, letters) = (false, false, 0)
    let orders: [Order] =
      separator == "/"
      ? [.yearMonthDay, .monthDayYear, .dayMonthYear] : [.yearMonthDay, .dayMonthYear, .monthDayYear]
    order = .yearMonthDay
    for candidate in orders {
      order = candidate
      if adopt(texts) { return }
    }
    return nil
  }

  /// Whether all texts are dates in this order; finds how they look.
  private mutating func adopt(_ texts: [String]) -> Bool {
    (hasZeros, hasComma, letters) = (false, false, 0)
    for text in texts {
      guard let parts = Parts(text), parts.separator == separator, let (_, month, day) = fields(parts),
        iso(text).flatMap(ISODate.secondsSince1970) != nil
      else { return false }
      let isNamed = month.first?.isLetter ?? false
      if day.hasPrefix("0") || (!isNamed && month.hasPrefix("0")) { hasZeros = true }
      if parts.hasComma { hasComma = true }
      if isNamed { letters = max(letters, month.count > 3 ? 9 : 3) }
    }
    return true
  }

  /// The date as ISO 8601 writes it, with what follows it; `nil` for a text of another form.
  func iso(_ text: String) -> String? {
    guard let parts = Parts(text), let (year, month, day) = fields(parts), year.count == 4, day.count <= 2,
      Int(year) != nil, Int(day) != nil
    else { return nil }
    let number: Int
    if month.first?.isLetter ?? false {
      let name = month.lowercased()
      guard let found = Self.months.firstIndex(where: { $0.lowercased() == name || $0.lowercased().prefix(3) == name })
      else { return nil }
      number = found + 1
    } else {
      guard month.count <= 2, let found = Int(month) else { return nil }
      number = found
    }
    return "\(year)-\(Self.padded(String(number)))-\(Self.padded(String(day)))" + parts.rest
  }

  /// A date of ISO 8601, `2012-01-31`, in this form.
  func text(iso: String) -> String {
    let parts = iso.split(separator: "-").map(String.init)
    guard parts.count == 3, let month = Int(parts[1]), (1...12).contains(month), let day = Int(parts[2]) else {
      return iso
    }
    let number = { (value: Int) in hasZeros ? Self.padded(String(value)) : String(value) }
    let name = letters > 0 ? String(Self.months[month - 1].prefix(letters)) : number(month)
    switch order {
    case .yearMonthDay: return [parts[0], name, number(day)].joined(separator: separator)
    case .monthDayYear:
      return name + separator + number(day) + (hasComma ? "," : "") + separator + parts[0]
    case .dayMonthYear:
      return number(day) + separator + name + (hasComma ? "," : "") + separator + parts[0]
    }
  }

  private func fields(_ parts: Parts) -> (year: Substring, month: Substring, day: Substring)? {
    let (a, b, c) = (parts.fields[0], parts.fields[1], parts.fields[2])
    switch order {
    case .yearMonthDay: return (a, b, c)
    case .monthDayYear: return (c, a, b)
    case .dayMonthYear: return (c, b, a)
    }
  }

  private static func padded(_ digits: String) -> String { digits.utf8.count < 2 ? "0" + digits : digits }

  /// Three runs of digits or letters with a sign between them, and what follows.
  private struct Parts {
    var fields: [Substring] = []
    var separator = ""
    var hasComma = false
    var rest = ""

    init?(_ text: String) {
      guard text.utf8.count <= 40 else { return nil }
      var left = text[...]
      for place in 0..<3 {
        let isFirstLetter = left.first?.isLetter ?? false
        let field = left.prefix { $0.isASCII && (isFirstLetter ? $0.isLetter : $0.isNumber) }
        if field.isEmpty || field.utf8.count > 9 { return nil }
        fields.append(field)
        left = left.dropFirst(field.count)
        if place == 2 { break }
        if left.first == "," {
          hasComma = true
          left = left.dropFirst()
        }
        guard let sign = left.first, "/.- ".contains(sign), place == 0 || String(sign) == separator else { return nil }
        separator = String(sign)
        left = left.dropFirst()
      }
      guard left.isEmpty || left.first == " " || left.first == "T" else { return nil }
      rest = String(left)
    }
  }
}
