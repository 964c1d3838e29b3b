import Foundation

/// A text file of commands and what they must print.
///
///     == name of the case           each case has a fresh directory
///     with small.csv small.model    fixtures to put there
///     file bad.csv                  a file to put there: the lines down to `end`
///     a,b
///     end
///     $ fit bad.csv -o m            the command line, without the program's name
///     > a line of standard output
///     ! a line of standard error
///     = 1                           the exit code, 0 if not said
///
/// `...` in an expected line stands for any text, as a whole line for any number of lines. `\t` and `\r` in files are
/// those characters. A line that begins with `#` is a comment.
struct CaseFile {
  /// One command and what is expected of it.
  struct Step: Sendable {
    var arguments: [String]
    var output: [String] = []
    var error: [String] = []
    var status: Int32 = 0
  }

  /// Steps in one directory.
  struct Case: Sendable, CustomStringConvertible {
    var name: String
    var fixtures: [String] = []
    var files: [(name: String, text: String)] = []
    var steps: [Step] = []
    /// What a failing test is called by.
    var description: String { name }
  }

  /// All cases of the files in `Cases`.
  static let all: [Case] = {
    let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Cases")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
    return names.filter { $0.hasSuffix(".txt") }.sorted().flatMap { name in
      let text = (try? String(contentsOf: directory.appending(path: name), encoding: .utf8)) ?? ""
      return cases(of: text)
    }
  }()

  /// Reads cases.
  static func cases(of text: String) -> [Case] {
    var cases: [Case] = []
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)[...]
    while let line = lines.popFirst() {
      let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
      let rest = parts.count > 1 ? String(parts[1]) : ""
      guard let word = parts.first.map(String.init), !word.hasPrefix("#"), !line.isEmpty else { continue }
      if word == "==" {
        cases.append(Case(name: rest))
        continue
      }
      guard let at = cases.indices.last else { continue }
      switch word {
      case "with": cases[at].fixtures += rest.split(separator: " ").map(String.init)
      case "file":
        let end = lines.firstIndex(of: "end") ?? lines.endIndex
        let content = lines[..<end].map { $0 + "\n" }.joined()
        cases[at].files.append(
          (rest, content.replacing("\\t", with: "\t").replacing("\\r", with: "\r").replacing("\\n\n", with: "")))
        lines = lines[end...].dropFirst()
      case "$": cases[at].steps.append(Step(arguments: words(rest)))
      case ">": cases[at].steps[cases[at].steps.count - 1].output.append(rest)
      case "!": cases[at].steps[cases[at].steps.count - 1].error.append(rest)
      case "=": cases[at].steps[cases[at].steps.count - 1].status = Int32(rest) ?? -1
      default: cases[at].steps.append(Step(arguments: ["unreadable line in the case file:", line]))
      }
    }
    return cases
  }

  /// Words between blanks; single quotes hold blanks together.
  static func words(_ line: String) -> [String] {
    var words: [String] = []
    var word: String?
    var isQuoted = false
    for character in line {
      if character == "'" {
        isQuoted.toggle()
        word = word ?? ""
      } else if character == " " && !isQuoted {
        if let done = word { words.append(done) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    return words + (word.map { [$0] } ?? [])
  }

  /// Whether text has the expected lines.
  static func matches(_ text: String, _ expected: [String]) -> Bool {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if lines.last == "" { lines.removeLast() }
    return matches(lines[...], expected[...])
  }

  private static func matches(_ lines: ArraySlice<String>, _ expected: ArraySlice<String>) -> Bool {
    guard let first = expected.first else { return lines.isEmpty }
    if first == "..." {
      return (lines.startIndex...lines.endIndex).contains { matches(lines[$0...], expected.dropFirst()) }
    }
    guard let line = lines.first, lineMatches(line, first) else { return false }
    return matches(lines.dropFirst(), expected.dropFirst())
  }

  private static func lineMatches(_ line: String, _ expected: String) -> Bool {
    let pieces = expected.split(separator: "...", omittingEmptySubsequences: false).map(String.init)
    if pieces.count == 1 { return line == expected }
    guard line.hasPrefix(pieces[0]), line.hasSuffix(pieces[pieces.count - 1]) else { return false }
    var rest = line.dropFirst(pieces[0].count)
    for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
      guard let found = rest.range(of: piece) else { return false }
      rest = rest[found.upperBound...]
    }
    return rest.count >= pieces[pieces.count - 1].count
  }
}
