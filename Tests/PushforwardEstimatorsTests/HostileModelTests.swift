import Foundation
import PushforwardEstimators
import PushforwardInterchange
import PushforwardTables
import Testing

/// Model files that are whole (their checksum is right) and lie: loading them must throw or give a model that can be asked,
/// never trap and never take memory that the file does not account for.
@Suite struct HostileModelTests {
  /// 60 rows of a real, a whole number, a date and a category.
  static let table: Table = {
    let rows = 0..<60
    let columns: [(name: String, column: Column)] = [
      ("x", .numbers(try! NumberColumn(rows.map { Double($0 * $0 % 17) * 0.25 + 0.5 }))),
      ("n", .numbers(try! NumberColumn(rows.map { Double($0 % 7) }, recording: .init(decimals: 0)))),
      ("day", .categories(CategoryColumn(rows.map { "2024-0\($0 % 3 + 1)-1\($0 % 9)" }))),
      ("kind", .categories(CategoryColumn(rows.map { ["red", "green", "blue"][$0 * 5 % 3] }))),
    ]
    return try! Table(columns)
  }()

  static func fit(_ kind: ModelKind) throws -> DensityModel {
    var options = FitOptions()
    options.model = kind
    options.columns = ["x", "n", "day"]
    options.given = ["kind"]
    options.maximumEpochs = 1
    options.transforms = 2
    options.hidden = [8, 8]
    return try DensityModel.fit(table, options: options)
  }

  @Test(arguments: [ModelKind.nsf, .maf, .nsfCoupling, .gaussian])
  func liesAreRefusedOrHarmless(kind: ModelKind) throws {
    let bytes = try HostileModelTests.fit(kind).encoded()
    let file = try SafeTensors(bytes: bytes)
    let text = try #require(file.metadata["model"])
    let description = try JSONSerialization.jsonObject(with: Data(text.utf8))
    var random = Random(state: 7)
    var loaded = 0
    for _ in 0..<400 {
      var leaves = 0
      _ = HostileModelTests.replacing(description, at: -1, count: &leaves, by: { $0 })
      let target = Int(random.next() % UInt64(leaves))
      let choice = Int(random.next() % UInt64(HostileModelTests.lies.count))
      var count = 0
      let changed = HostileModelTests.replacing(description, at: target, count: &count) { _ in
        HostileModelTests.lies[choice]
      }
      let lie = try JSONSerialization.data(withJSONObject: changed, options: [.sortedKeys])
      guard let model = try? DensityModel(bytes: HostileModelTests.repacked(file, description: lie)) else { continue }
      loaded += 1
      _ = try? model.score(HostileModelTests.table)
      _ = try? model.evaluate(HostileModelTests.table)
      let given = try HostileModelTests.table.selecting(columns: ["kind"]).selecting(rows: 0..<1)
      _ = try? model.sample(count: 3, given: given)
      _ = try? model.encode(HostileModelTests.table)
    }
    #expect(loaded > 0)
  }

  @Test func missingMembersAreNamed() throws {
    let file = try SafeTensors(bytes: HostileModelTests.fit(.gaussian).encoded())
    let text = try #require(file.metadata["model"])
    let description = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    for key in description.keys {
      var changed = description
      changed[key] = nil
      let bytes = try HostileModelTests.repacked(file, description: JSONSerialization.data(withJSONObject: changed))
      let error = #expect(throws: EstimatorError.self, "without \(key)") { try DensityModel(bytes: bytes, file: "m") }
      let line = error.map { "\($0)" } ?? ""
      #expect(line.hasPrefix("m: ") && !line.contains("\n"), "\(line)")
    }
  }

  @Test func laterVersionsAreRefused() throws {
    let file = try SafeTensors(bytes: HostileModelTests.fit(.gaussian).encoded())
    for version in ["\(ModelArchive.formatVersion + 1)", "0", "one", ""] {
      var metadata = file.metadata
      metadata["format_version"] = version
      let bytes = try HostileModelTests.repacked(file, metadata: metadata)
      #expect(throws: EstimatorError.self, "\(version)") { try DensityModel(bytes: bytes) }
    }
  }

  @Test func missingAndUnknownTensorsAreRefused() throws {
    let file = try SafeTensors(bytes: HostileModelTests.fit(.maf).encoded())
    let first = try #require(file.tensors.first?.name)
    #expect(throws: (any Error).self) {
      try DensityModel(bytes: HostileModelTests.repacked(file, leavingOut: first))
    }
    var more = try SafeTensors(bytes: HostileModelTests.repacked(file))
    try more.add("extra", [1 as Float])
    let bytes = more.encoded()
    #expect(throws: EstimatorError.self) { try DensityModel(bytes: bytes) }
  }

  // MARK: Making files that lie

  static var lies: [Any] {
    [
      0, -1, 1, 2, 1e300, -1e300, 1e-300, 4_611_686_018_427_387_904, Int.max, Int.min, 65_536, "nan", "inf", "-inf", "",
      "x",
      true, NSNull(), [Any](), [1, 2, 3], [String: Any](),
    ]
  }

  /// The value with its leaf number `target` (in order of sorted keys) replaced; counts the leaves.
  static func replacing(_ value: Any, at target: Int, count: inout Int, by change: (Any) -> Any) -> Any {
    if let object = value as? [String: Any], !object.isEmpty {
      var result: [String: Any] = [:]
      for key in object.keys.sorted() {
        result[key] = replacing(object[key]!, at: target, count: &count, by: change)
      }
      return result
    }
    if let list = value as? [Any], !list.isEmpty {
      return list.map { replacing($0, at: target, count: &count, by: change) }
    }
    defer { count += 1 }
    return count == target ? change(value) : value
  }

  /// The file's tensors with other metadata.
  static func repacked(
    _ file: SafeTensors, description: Data? = nil, metadata: [String: String]? = nil, leavingOut name: String? = nil
  ) throws -> [UInt8] {
    var metadata = metadata ?? file.metadata
    if let description { metadata["model"] = String(decoding: description, as: UTF8.self) }
    var result = SafeTensors(metadata: metadata)
    for tensor in file.tensors where tensor.name != name {
      try file.withBytes(of: tensor.name) { try result.add($0.name, type: $0.type, shape: $0.shape, bytes: $1) }
    }
    return result.encoded()
  }

  /// A small generator with a fixed seed.
  struct Random {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 17
    }
  }
}
