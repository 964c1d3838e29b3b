/// ISO 8601 dates and times in the proleptic Gregorian calendar.
///
/// `2024-02-29`, `2024-02-29T12:30`, `2024-02-29 12:30:05.25Z`, `...+01:00`. Without an offset, UTC is meant.
enum ISODate {
  /// Seconds since 1970-01-01T00:00:00Z and whether a time of day was given; `nil` if the text is no such date.
  static func secondsSince1970(_ text: String) -> (seconds: Double, hasTime: Bool)? {
    let bytes = Array(text.utf8)
    guard bytes.count >= 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
      let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
      (1...12).contains(month), day >= 1, day <= daysInMonth(year, month)
    else { return nil }
    let date = Double(days(year, month, day)) * 86400
    if bytes.count == 10 { return (date, false) }
    guard bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: " "),
      let time = timeOfDay(bytes[11...])
    else { return nil }
    return (date + time, true)
  }

  /// `2024-02-29`, or with `hasTime` `2024-02-29T12:30:05Z`, with as many decimals of a second as are needed, at most six.
  static func text(secondsSince1970 seconds: Double, hasTime: Bool) -> String {
    let limited = min(max(seconds, -62_135_596_800), 253_402_300_799)
    let micros = (limited * 1e6).rounded()
    let whole = (micros / 1e6).rounded(.down)
    let fraction = Int(micros - whole * 1e6)
    let day = Int((whole / 86400).rounded(.down))
    let (year, month, dayOfMonth) = civil(day)
    let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfMonth, 2))"
    if !hasTime { return date }
    let rest = Int(whole) - day * 86400
    var time = "\(padded(rest / 3600, 2)):\(padded(rest / 60 % 60, 2)):\(padded(rest % 60, 2))"
    if fraction > 0 {
      var decimals = padded(fraction, 6)
      while decimals.hasSuffix("0") { decimals.removeLast() }
      time += "." + decimals
    }
    return "\(date)T\(time)Z"
  }

  private static func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
    var value = 0
    for byte in bytes {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      value = 10 * value + Int(byte - UInt8(ascii: "0"))
    }
    return value
  }

  /// `hh:mm[:ss[.fraction]][Z|+hh:mm|-hh:mm|+hhmm]` in seconds, the offset taken off.
  private static func timeOfDay(_ bytes: ArraySlice<UInt8>) -> Double? {
    let colon = UInt8(ascii: ":")
    var rest = bytes
    func take(_ count: Int) -> Int? {
      guard rest.count >= count else { return nil }
      defer { rest = rest.dropFirst(count) }
      return number(rest.prefix(count))
    }
    guard let hour = take(2), rest.first == colon else { return nil }
    rest = rest.dropFirst()
    guard let minute = take(2), hour < 24, minute < 60 else { return nil }
    var seconds = Double(hour * 3600 + minute * 60)
    if rest.first == colon {
      rest = rest.dropFirst()
      guard let second = take(2), second <= 60 else { return nil }
      seconds += Double(second)
      if rest.first == UInt8(ascii: ".") {
        let digits = rest.dropFirst().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard !digits.isEmpty, digits.count <= 9, let fraction = number(digits) else { return nil }
        var scale = 1.0
        for _ in digits { scale *= 10 }
        seconds += Double(fraction) / scale
        rest = rest.dropFirst(1 + digits.count)
      }
    }
    if rest.isEmpty || rest.elementsEqual([UInt8(ascii: "Z")]) { return seconds }
    guard let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return nil }
    rest = rest.dropFirst()
    guard let offsetHour = take(2), offsetHour < 24 else { return nil }
    if rest.first == colon { rest = rest.dropFirst() }
    let offsetMinute = rest.isEmpty ? 0 : take(2)
    guard let offsetMinute, offsetMinute < 60, rest.isEmpty else { return nil }
    let offset = Double(offsetHour * 3600 + offsetMinute * 60)
    return sign == UInt8(ascii: "+") ? seconds - offset : seconds + offset
  }

  private static func daysInMonth(_ year: Int, _ month: Int) -> Int {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  }

  /// Days since 1970-01-01, counted in years that begin in March so that the leap day comes last.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let marchYear = month > 2 ? year : year - 1
    let marchMonth = (month + 9) % 12
    let dayOfYear = (153 * marchMonth + 2) / 5 + day - 1
    return 365 * marchYear + floorDivide(marchYear, 4) - floorDivide(marchYear, 100) + floorDivide(marchYear, 400)
      + dayOfYear - 719_468
  }

  private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
  }

  private static func floorDivide(_ a: Int, _ b: Int) -> Int { a >= 0 ? a / b : -((b - 1 - a) / b) }
}
