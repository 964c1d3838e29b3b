import Foundation
import PushforwardInterchange
import Testing

/// A file with one tensor of each kind of width, an empty one, a single number, and awkward text.
func makeSample() throws -> SafeTensors {
  var file = SafeTensors(
    metadata: ["format": "test", "schema": "{\"a\":\"line\\nbreak\"}", "naïve \"key\"": "\u{1}\t/😀"])
  try file.add("bytes", [UInt8](0..<7))
  try file.add("layers.0.weight", shape: [2, 3], [1, 2, 3, -4, .infinity, 0.5] as [Float])
  try file.add("scale", shape: [], [2.5])
  try file.add("nothing", shape: [0, 9], [Float]())
  try file.add("counts", [Int64.min, 0, Int64.max])
  return file
}

/// A path that nothing else uses, in a fresh directory that is removed afterwards.
func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
  let directory = FileManager.default.temporaryDirectory.appending(path: "pushforward-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: directory) }
  return try body(directory)
}

@Suite struct SafeTensorsTests {
  @Test func contentSurvivesTheFile() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/model.safetensors"
      let written = try makeSample()
      try written.write(to: path)
      let read = try SafeTensors(contentsOf: path, checksum: .required)
      #expect(read.metadata == written.metadata)
      #expect(Set(read.tensors.map(\.name)) == Set(written.tensors.map(\.name)))
      #expect(try read.values("bytes") == [UInt8](0..<7))
      #expect(try read.values("layers.0.weight", shape: [2, 3]) == [1, 2, 3, -4, .infinity, 0.5] as [Float])
      #expect(try read.values("scale", shape: []) == [2.5])
      #expect(try read.values("nothing", shape: [0, 9]) == [Float]())
      #expect(try read.values("counts") == [Int64.min, 0, Int64.max])
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["model.safetensors"])
    }
  }

  @Test func sameContentSameBytes() throws {
    let bytes = try makeSample().encoded()
    #expect(try makeSample().encoded() == bytes)
    // Read and written again: nothing moves.
    #expect(try SafeTensors(bytes: bytes).encoded() == bytes)
  }

  @Test func dataAndTensorsAreAligned() throws {
    let bytes = try makeSample().encoded()
    let headerLength = Int(bytes[0]) | Int(bytes[1]) << 8
    #expect((8 + headerLength) % 64 == 0)
    var offset = 0
    for tensor in try SafeTensors(bytes: bytes).tensors {
      #expect(offset % tensor.type.byteCount == 0)
      offset += tensor.byteCount
    }
  }

  @Test func askingForWhatIsNotThereThrows() throws {
    let file = try makeSample()
    #expect(throws: SafeTensorsError.missingTensor(file: "new file", name: "bias")) {
      try file.values("bias", as: Float.self)
    }
    #expect(throws: SafeTensorsError.missingMetadata(file: "new file", key: "version")) {
      try file.requiredMetadata("version")
    }
    #expect(throws: SafeTensorsError.self) { try file.values("scale", as: Float.self) }
    #expect(throws: SafeTensorsError.self) { try file.values("layers.0.weight", shape: [3, 2], as: Float.self) }
  }

  @Test func addingRefusesWhatAFileCannotHold() throws {
    var file = try makeSample()
    #expect(throws: SafeTensorsError.duplicateName(file: "new file", name: "scale")) { try file.add("scale", [1.0]) }
    #expect(throws: SafeTensorsError.duplicateName(file: "new file", name: "__metadata__")) {
      try file.add("__metadata__", [1.0])
    }
    for shape in [[3], [-1, -2], [Int.max, 4], []] {
      #expect(throws: SafeTensorsError.self, "\(shape)") { try file.add("new", shape: shape, [1.0, 2.0]) }
    }
  }

  @Test(arguments: [
    ("missing/model", "No such file or directory"), (".", "Is a directory"), ("readonly/new", "Permission denied"),
  ])
  func unwritablePlaces(path: String, reason: String) throws {
    try withTemporaryDirectory { directory in
      if path.hasPrefix("readonly") {
        // root may write everywhere
        if geteuid() == 0 { return }
        try FileManager.default.createDirectory(
          atPath: directory + "/readonly", withIntermediateDirectories: false,
          attributes: [.posixPermissions: 0o500])
      }
      let whole = "\(directory)/\(path)"
      #expect(throws: FileError.cannotWrite(path: whole, reason: reason)) { try makeSample().write(to: whole) }
      #expect(throws: FileError.self) { try SafeTensors(contentsOf: whole) }
    }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"))) func fullDisk() throws {
    #expect(throws: FileError.cannotWrite(path: "/dev/full", reason: "No space left on device")) {
      try makeSample().write(to: "/dev/full")
    }
    #expect(throws: FileError.cannotRead(path: "/dev/full", reason: "expected a regular file")) {
      try SafeTensors(contentsOf: "/dev/full")
    }
  }

  @Test func writingThroughALinkKeepsTheLinkAndTheMode() throws {
    try withTemporaryDirectory { directory in
      let target = directory + "/target"
      try Data("old".utf8).write(to: URL(filePath: target))
      try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: target)
      try FileManager.default.createSymbolicLink(atPath: directory + "/link", withDestinationPath: "target")
      try makeSample().write(to: directory + "/link")
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: directory + "/link") == "target")
      #expect(try SafeTensors(contentsOf: target).tensors.count == 5)
      let mode = try FileManager.default.attributesOfItem(atPath: target)[.posixPermissions] as? Int
      #expect(mode == 0o640)
    }
  }
}
