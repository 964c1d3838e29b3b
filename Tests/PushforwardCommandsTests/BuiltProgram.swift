import Foundation

/// The program `pushforward` as it was built beside these tests, run in a directory of its own with a clean environment.
struct BuiltProgram {
  /// What a run came to.
  struct Result {
    var status: Int32
    var output: String
    var error: String
  }

  /// Where the run takes place; relative paths in arguments are meant from here.
  let directory: URL

  /// The executable, beside the test bundle (whose path is among this process's arguments).
  static let executable: URL? = {
    for argument in CommandLine.arguments {
      var url = URL(filePath: argument)
      while url.path.contains(".xctest") {
        defer { url.deleteLastPathComponent() }
        guard url.pathExtension == "xctest" else { continue }
        let found = url.deletingLastPathComponent().appending(path: "pushforward")
        if FileManager.default.isExecutableFile(atPath: found.path) { return found }
      }
    }
    return nil
  }()

  /// Runs `body` with a program in a fresh directory that is removed afterwards.
  static func withFreshDirectory<Value>(_ body: (BuiltProgram) throws -> Value) throws -> Value {
    let directory = FileManager.default.temporaryDirectory.appending(path: "pushforward-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try body(BuiltProgram(directory: directory))
  }

  /// Runs the program to its end.
  func run(_ arguments: [String], input: Data = Data()) throws -> Result {
    let process = try prepared(arguments)
    // Files rather than pipes: no amount of output can block the program.
    let paths = ["input", "output", "error"].map { directory.appending(path: ".\($0)-\(UUID().uuidString)") }
    defer { for path in paths { try? FileManager.default.removeItem(at: path) } }
    try input.write(to: paths[0])
    for path in paths.dropFirst() { _ = FileManager.default.createFile(atPath: path.path, contents: nil) }
    process.standardInput = try FileHandle(forReadingFrom: paths[0])
    process.standardOutput = try FileHandle(forWritingTo: paths[1])
    process.standardError = try FileHandle(forWritingTo: paths[2])
    try process.run()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus, output: String(decoding: try Data(contentsOf: paths[1]), as: UTF8.self),
      error: String(decoding: try Data(contentsOf: paths[2]), as: UTF8.self))
  }

  /// A process that is ready to run.
  func prepared(_ arguments: [String], executable: URL? = BuiltProgram.executable) throws -> Process {
    guard let executable else { throw Missing() }
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = directory
    process.environment = ["PATH": "/usr/bin:/bin", "HOME": directory.path, "LC_ALL": "C.UTF-8"]
    return process
  }

  /// The path of a file in the directory.
  func path(_ name: String) -> String { directory.appending(path: name).path }

  /// Writes a file into the directory.
  func write(_ text: String, to name: String) throws { try Data(text.utf8).write(to: directory.appending(path: name)) }

  /// The text of a file in the directory.
  func read(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: directory.appending(path: name)), as: UTF8.self)
  }

  /// The program was not built.
  struct Missing: Error, CustomStringConvertible {
    let description = "no executable 'pushforward' beside the test bundle: build the whole package first"
  }
}
