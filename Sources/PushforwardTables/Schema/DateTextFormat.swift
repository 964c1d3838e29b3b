/// How dates and times are written in a column, so that new ones look the same.
public struct DateTextFormat: Sendable, Codable, Equatable {
  /// Between date and time: `T` or a blank.
  public var separator: String
  /// Whether seconds are written.
  public var hasSeconds: Bool
  /// `Z`, an offset like `+01:00`, or nothing; the offset is that of every text, or else `Z` is written.
  public var zone: String
  /// How the day is written; `nil`: as in ISO 8601.
  public var calendar: CalendarForm?

  /// The common format of texts that are all dates or times, of ISO 8601 or with the day in another form.
  init(matching texts: [String], calendar: CalendarForm? = nil) {
    self.calendar = calendar
    separator = "T"
    hasSeconds = true
    zone = ""
    var zones: Set<String> = []
    var isFirst = true
    for text in texts {
      let bytes = Array((calendar?.iso(text) ?? text).utf8)
      guard bytes.count > 10 else { continue }
      if isFirst {
        separator = bytes[10] == UInt8(ascii: " ") ? " " : "T"
        hasSeconds = false
        isFirst = false
      }
      if bytes.count > 16, bytes[16] == UInt8(ascii: ":") { hasSeconds = true }
      let zone = bytes[11...].firstIndex {
        $0 == UInt8(ascii: "Z") || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-")
      }
      zones.insert(zone.map { String(decoding: bytes[$0...], as: UTF8.self) } ?? "")
    }
    if zones.count == 1, let only = zones.first { zone = only } else if zones.count > 1 { zone = "Z" }
  }

  /// Seconds since 1970-01-01T00:00:00Z of a text in this format or in that of ISO 8601; `nil` if it is neither.
  func secondsSince1970(_ text: String) -> Double? {
    ISODate.secondsSince1970(calendar?.iso(text) ?? text)?.seconds
  }

  /// What the zone adds to universal time, in seconds.
  private var offset: Double {
    let digits = zone.utf8.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.map { Double($0) - 48 }
    guard digits.count >= 2 else { return 0 }
    let minutes = 60 * (10 * digits[0] + digits[1]) + (digits.count >= 4 ? 10 * digits[2] + digits[3] : 0)
    return zone.hasPrefix("-") ? -60 * minutes : 60 * minutes
  }

  /// A date, or with `hasTime` a time, in this format.
  package func text(secondsSince1970 seconds: Double, hasTime: Bool) -> String {
    let text = ISODate.text(secondsSince1970: hasTime ? seconds + offset : seconds, hasTime: hasTime)
    guard hasTime else { return calendar?.text(iso: text) ?? text }
    var bytes = Array(text.utf8.dropLast())
    // Seconds that are not zero are written whatever the others look like.
    if !hasSeconds, bytes.count == 19, bytes[17] == UInt8(ascii: "0"), bytes[18] == UInt8(ascii: "0") {
      bytes.removeLast(3)
    }
    let day = String(decoding: bytes[..<10], as: UTF8.self)
    return (calendar?.text(iso: day) ?? day) + separator + String(decoding: bytes[11...], as: UTF8.self)
      + zone
  }
}
