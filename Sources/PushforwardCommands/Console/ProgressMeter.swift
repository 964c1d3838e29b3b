/// How far long work has come: one line that is written over on a terminal, a line a stage elsewhere.
///
/// Used by one thread at a time.
package final class ProgressMeter {
  private let isTerminal: Bool
  private let write: (String) -> Void
  private let now: () -> ContinuousClock.Instant
  private var shown = false
  private var lastDrawn: ContinuousClock.Instant?
  private var started: ContinuousClock.Instant

  /// A meter on standard error; the arguments are for tests.
  package init(
    isTerminal: Bool = Console.isTerminal, write: @escaping (String) -> Void = Console.write,
    now: @escaping () -> ContinuousClock.Instant = { ContinuousClock.now }
  ) {
    self.isTerminal = isTerminal
    self.write = write
    self.now = now
    started = now()
  }

  /// A new stage begins; its line stays.
  package func stage(_ line: String) {
    clear()
    write(line + "\n")
    started = now()
    lastDrawn = nil
  }

  /// `done` of `total` units are done; shown on a terminal at most ten times a second.
  package func update(done: Int, total: Int, unit: String, detail: String = "") {
    guard isTerminal else { return }
    let instant = now()
    if let lastDrawn, instant - lastDrawn < .milliseconds(100), done < total { return }
    lastDrawn = instant
    shown = true
    let line = ProgressMeter.line(done: done, total: total, unit: unit, detail: detail, elapsed: instant - started)
    write("\r\u{1b}[K" + line)
  }

  /// `rows` rows are done, nobody knows of how many.
  package func update(rows: Int) {
    guard isTerminal else { return }
    let instant = now()
    if let lastDrawn, instant - lastDrawn < .milliseconds(100) { return }
    lastDrawn = instant
    shown = true
    let seconds = (instant - started) / .seconds(1)
    let rate = seconds > 0 ? "  \(Format.count(Int(Double(rows) / seconds))) rows/s" : ""
    write("\r\u{1b}[K\(Format.count(rows, "row"))\(rate)")
  }

  /// Removes the line that is written over, if there is one.
  package func clear() {
    if shown { write("\r\u{1b}[K") }
    shown = false
  }

  /// As in `12 of 30 epochs  40 %  3.1 epochs/s  6 s left  held-out -2.84`.
  package static func line(done: Int, total: Int, unit: String, detail: String, elapsed: Duration) -> String {
    let seconds = elapsed / .seconds(1)
    let rate = seconds > 0 ? Double(done) / seconds : 0
    var parts = ["\(done) of \(total) \(unit)"]
    if total > 0 { parts.append("\(min(100, 100 * done / total)) %") }
    if rate > 0 {
      parts.append("\(Format.significant(rate, 2)) \(unit)/s")
      parts.append("\(Format.seconds(Double(max(0, total - done)) / rate)) left")
    }
    if !detail.isEmpty { parts.append(detail) }
    return parts.joined(separator: "  ")
  }
}
