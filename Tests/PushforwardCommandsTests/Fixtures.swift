import Foundation

/// Small tables and models fitted to them, made once for all tests.
enum Fixtures {
  /// 300 rows of two dependent reals, a whole number and a category.
  static let table: String = {
    var text = "x,y,count,kind\n"
    var state: UInt64 = 1
    func uniform() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) * 0x1p-53
    }
    for row in 0..<300 {
      let kind = row % 3
      let x = (0..<6).reduce(0.0) { total, _ in total + uniform() - 0.5 } + Double(kind)
      let y = x * x + (uniform() - 0.5)
      let count = Int(uniform() * 8) + kind
      text += String(format: "%.4f,%.4f,%d,%@\n", x, y, count, ["red", "green", "blue"][kind])
    }
    return text
  }()

  /// `small.csv`, `small.model` (x, y and count), `given.model` (x and y given kind) and `mixed.model` (all four), as bytes by
  /// name.
  static let files: [String: Data] = {
    var files = ["small.csv": Data(table.utf8)]
    do {
      try BuiltProgram.withFreshDirectory { program in
        try program.write(table, to: "small.csv")
        for (name, model, rest) in [
          ("small.model", "nsf", ["--columns", "x,y,count"]),
          ("given.model", "nsf", ["--columns", "x,y", "--given", "kind"]),
          ("mixed.model", "mixed", []),
        ] {
          let run = try program.run(["fit", "small.csv", "-o", name, "--model", model, "--max-epochs", "3"] + rest)
          if run.status == 0 { files[name] = try Data(contentsOf: program.directory.appending(path: name)) }
        }
      }
    } catch {
      // Tests that need the files say that they are missing.
    }
    return files
  }()

  /// Puts the named files into a program's directory.
  static func put(_ names: [String], into program: BuiltProgram) throws {
    for name in names {
      guard let data = files[name] else { throw Missing(name: name) }
      try data.write(to: program.directory.appending(path: name))
    }
  }

  /// A fixture that could not be made.
  struct Missing: Error, CustomStringConvertible {
    var name: String
    var description: String { "the fixture \(name) could not be made: 'pushforward fit' failed" }
  }
}
