#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Numbers as people read them; the same in every locale.
package enum Format {
  /// A fixed number of digits behind the point; with an exponent from 10^9.
  package static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return "\(value)" }
    return text(abs(value) < 1e9 ? "%.\(digits)f" : "%.\(digits)e", value)
  }

  /// How a model compares with a baseline: `nsf gains 1.4411`, `planar loses 0.8537`.
  package static func gain(_ name: String, _ difference: Double) -> String {
    "\(name) \(difference < 0 ? "loses" : "gains") \(fixed(abs(difference), 4))"
  }

  /// At least `digits` significant digits, without an exponent between 1e-4 and 1e15.
  package static func significant(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
    let magnitude = Int(log10(abs(value)).rounded(.down))
    if magnitude < -4 || magnitude > 14 { return text("%.\(digits - 1)e", value) }
    return text("%.\(max(0, digits - 1 - magnitude))f", value)
  }

  /// Groups of three digits: `45 730`.
  package static func count(_ value: Int) -> String {
    let digits = Array(String(value.magnitude))
    var out = value < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { out += " " }
      out.append(digit)
    }
    return out
  }

  /// `1 row`, `45 730 rows`.
  package static func count(_ value: Int, _ noun: String) -> String {
    "\(count(value)) \(noun)\(value == 1 ? "" : "s")"
  }

  /// `12 s`, `3 min 05 s`, `2 h 10 min`.
  package static func seconds(_ value: Double) -> String {
    guard value.isFinite, value < 1e9 else { return "?" }
    if value < 10 { return text("%.1f s", max(0, value)) }
    let whole = Int(value.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return text("%ld min %02ld s", whole / 60, whole % 60) }
    return text("%ld h %02ld min", whole / 3600, whole / 60 % 60)
  }

  /// Text by a format of C's `printf`.
  private static func text(_ format: String, _ arguments: any CVarArg...) -> String {
    withVaList(arguments) { list in
      // Wide enough for every format above: values are below 1e15 or written with an exponent.
      withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
        guard let start = buffer.baseAddress, vsnprintf(start, buffer.count, format, list) >= 0 else { return "" }
        return String(cString: start)
      }
    }
  }

  /// `1.2 MB`.
  package static func bytes(_ value: Int) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB"]
    var scaled = Double(value)
    var unit = 0
    while scaled >= 1000, unit < units.count - 1 {
      scaled /= 1000
      unit += 1
    }
    return unit == 0 ? "\(value) bytes" : "\(significant(scaled, 3)) \(units[unit])"
  }

  /// Rows of cells under one another, the first column to the left, the others to the right.
  package static func table(_ rows: [[String]], indent: String = "  ") -> [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
      let cells = row.enumerated().map { index, cell in
        let blanks = String(repeating: " ", count: widths[index] - cell.count)
        return index == 0 ? cell + blanks : blanks + cell
      }
      return indent + cells.joined(separator: "  ")
    }
  }
}
