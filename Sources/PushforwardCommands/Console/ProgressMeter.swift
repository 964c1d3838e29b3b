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
    update(done: Double(done), total: total, unit: unit, detail: detail)
  }

  /// The same for units of which a part may be done, and for work that ends when its time is over.
  package func update(done: Double, total: Int, unit: String, detail: String = "", limit: Duration? = nil) {
    guard isTerminal else { return }
    let instant = now()
    if let lastDrawn, instant - lastDrawn < .milliseconds(100), done < Double(total) { return }
    lastDrawn = instant
    shown = true
    let line = ProgressMeter.line(
      done: done, total: total, unit: unit, detail: detail, elapsed: instant - started, limit: limit)
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
  ///
  /// What is left is no longer than what `limit` leaves.
  package static func line(
    done: Double, total: Int, unit: String, detail: String, elapsed: Duration, limit: Duration? = nil
  ) -> String {
    let seconds = elapsed / .seconds(1)
    let rate = seconds > 0 ? done / seconds : 0
    var parts = ["\(done == done.rounded() ? "\(Int(done))" : Format.fixed(done, 1)) of \(total) \(unit)"]
    if total > 0 { parts.append("\(min(100, Int(100 * done / Double(total)))) %") }
    if rate > 0 {
      parts.append("\(Format.significant(rate, 2)) \(unit)/s")
      let untilDone = max(0, Double(total) - done) / rate
      let untilLimit = limit.map { max(0, ($0 - elapsed) / .seconds(1)) } ?? .infinity
      parts.append("\(Format.seconds(min(untilDone, untilLimit))) left")
    }
    if !detail.isEmpty { parts.append(detail) }
    return parts.joined(separator: "  ")
  }
}
