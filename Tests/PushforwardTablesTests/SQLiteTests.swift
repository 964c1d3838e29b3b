import CSQLite
import Foundation
import PushforwardTables
import Testing

@Suite struct SQLiteTests {
  private func withDatabase(_ sql: String, _ body: (String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + "pushforward-\(UUID().uuidString).db"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var database: OpaquePointer?
    defer { sqlite3_close(database) }
    try #require(sqlite3_open(path, &database) == SQLITE_OK)
    try #require(sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK)
    try body(path)
  }

  private let sql = """
    CREATE TABLE "my table" (id INTEGER, "a b" REAL, kind TEXT, mixed);
    INSERT INTO "my table" VALUES (1, 0.5, 'x', 7), (2, NULL, 'y', 'seven'), (3, 2.25, NULL, 7.5);
    CREATE TABLE other (v TEXT);
    INSERT INTO other VALUES ('1.5'), ('NA'), ('3');
    """

  @Test func tables() throws {
    try withDatabase(sql) { path in
      let t = try TableSource("\(path):my table").read()
      #expect(t.names == ["id", "a b", "kind", "mixed"])
      #expect(t.values(in: "id") == [1, 2, 3] && t["a b"]?.missingCount == 1)
      #expect(t.strings(in: "kind") == ["x", "y", nil])
      #expect(t.strings(in: "mixed") == ["7", "seven", "7.5"])
      #expect(try TableSource("\(path):other").read().values(in: "v").filter { !$0.isNaN } == [1.5, 3])
    }
  }

  @Test func levelsOfEachBatch() throws {
    let rows = (0..<40).map { "('k\($0 % 7)', \($0 % 5 == 0 ? "NULL" : "\($0)"))" }.joined(separator: ",")
    try withDatabase("CREATE TABLE t (k TEXT, v REAL); INSERT INTO t VALUES \(rows)") { path in
      let whole = try TableSource(path).read()
      let batches = try TableSource(path).batches(columns: [("k", .categories), ("v", .numbers)], batchRows: 9)
      var texts: [String?] = []
      var values: [Double] = []
      while let batch = try batches.next(limit: 6) {
        #expect(batch.rowCount <= 6 && batch["v"]?.missingCount == batch.values(in: "v").count { $0.isNaN })
        texts += batch.strings(in: "k")
        values += batch.values(in: "v")
      }
      #expect(texts == whole.strings(in: "k") && whole["k"]?.categories.levels.count == 7)
      #expect(values.map(\.bitPattern) == whole.values(in: "v").map(\.bitPattern) && values[1] == 1)
    }
  }

  @Test func queries() throws {
    try withDatabase(sql) { path in
      let t = try TableSource(path, query: "SELECT id * 2 AS twice FROM \"my table\" ORDER BY id DESC").read()
      #expect(t.names == ["twice"] && t.values(in: "twice") == [6, 4, 2])
      for query in [
        "SELECT nothing FROM nowhere", "DELETE FROM other", "SELECT 1 AS a, 2 AS a", "SELECT 1 WHERE 0", "", "-- none",
        "SELECT 1; DELETE FROM other", "SELECT 1 AS a; SELECT 2 AS a", "PRAGMA journal_mode = WAL",
        "SELECT x'00' AS blob", "SELECT CAST(x'ff' AS TEXT) AS a", "SELECT 9e999 AS a",
      ] {
        #expect(throws: TableError.self) { _ = try TableSource(path, query: query).read() }
      }
      #expect(try TableSource("\(path):other").read().rowCount == 3)
    }
  }

  @Test func whatIsNotThere() throws {
    try withDatabase(sql) { path in
      func message(_ location: String) -> String {
        do {
          _ = try TableSource(location).read()
          return "no error"
        } catch {
          return "\(error)"
        }
      }
      #expect(message(path).hasSuffix("choose a table, FILE:TABLE, or give a query; there are my table, other"))
      #expect(message("\(path):none").hasSuffix("no table \"none\"; there are my table, other"))
      #expect(message("\(path):other\"; DROP TABLE other; --").contains("no table"))
      #expect(message("/nonexistent.db:x") == "cannot read /nonexistent.db:x: No such file or directory")
      let file = try ScratchFile("a\n1\n")
      defer { withExtendedLifetime(file) {} }
      #expect(throws: TableError.self) { _ = try TableSource(file.path, query: "SELECT 1") }
      let broken = try ScratchFile(Array("SQLite format 3\0".utf8) + [UInt8](repeating: 7, count: 5000), suffix: ".db")
      defer { withExtendedLifetime(broken) {} }
      #expect(message(broken.path).hasPrefix("cannot read"))
    }
  }

  @Test func batches() throws {
    try withDatabase(sql) { path in
      let batches = try TableSource("\(path):my table")
        .batches(columns: [("mixed", .categories), ("id", .numbers)], batchRows: 2)
      var rows = 0
      while let batch = try batches.next() {
        #expect(batch.names == ["mixed", "id"])
        #expect(batch.place(ofRow: 0) == "row \(rows + 1) of \(path):my table")
        rows += batch.rowCount
      }
      #expect(rows == 3)
      let numbers = try TableSource("\(path):my table").batches(columns: [("mixed", .numbers)], batchRows: 1)
      #expect(try numbers.next()?.values(in: "mixed") == [7])
      do {
        _ = try numbers.next()
        Issue.record("a text was taken for a number")
      } catch {
        #expect("\(error)" == "column mixed: expected a number, found \"seven\", row 2 of \(path):my table")
      }
    }
  }
}
