import Foundation
import PushforwardTables
import Testing

/// A file that is removed when it goes out of scope.
final class ScratchFile {
  let path: String

  init(_ bytes: [UInt8], suffix: String = ".csv") throws {
    path = NSTemporaryDirectory() + "pushforward-tables-\(UUID().uuidString)\(suffix)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  convenience init(_ text: String, suffix: String = ".csv") throws {
    try self.init(Array(text.utf8), suffix: suffix)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Reads CSV text.
func table(_ text: String, _ options: CSVOptions = CSVOptions()) throws -> Table {
  let file = try ScratchFile(text)
  defer { withExtendedLifetime(file) {} }
  return try CSVReader(path: file.path, options: options).readAll()
}

/// The error that reading CSV text throws, the file's name replaced by FILE.
func message(_ bytes: [UInt8], _ options: CSVOptions = CSVOptions()) throws -> String {
  let file = try ScratchFile(bytes)
  defer { withExtendedLifetime(file) {} }
  do {
    _ = try CSVReader(path: file.path, options: options).readAll()
    return "no error"
  } catch let error as TableError {
    return error.description.replacingOccurrences(of: file.path, with: "FILE")
  }
}

func message(_ text: String, _ options: CSVOptions = CSVOptions()) throws -> String {
  try message(Array(text.utf8), options)
}

extension Table {
  func values(in name: String) -> [Double] { self[name]?.numbers?.values ?? [] }

  func strings(in name: String) -> [String?] {
    guard let column = self[name]?.categories else { return [] }
    return (0..<column.codes.count).map { column[$0] }
  }
}

/// The tables that lie beside the repository in `shared/data`; `nil`, with a note, where they are not there.
func sharedData(_ name: String) -> String? {
  var directory = URL(fileURLWithPath: #filePath)
  while directory.path != "/" {
    directory.deleteLastPathComponent()
    let path = directory.appendingPathComponent("shared/data/\(name)").path
    if FileManager.default.fileExists(atPath: path) { return path }
  }
  print("note: shared/data/\(name) is not there; the check is skipped")
  return nil
}

/// A small generator for tests: the same numbers for the same seed.
struct TestRandom: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_f491_4f6c_dd1d
  }

  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  mutating func normal() -> Double {
    (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform())
  }
}
