import PushforwardTables
import Testing

/// Dates in other forms than that of ISO 8601: read, counted, and written as they stood.
@Suite struct CalendarFormTests {
  private func schema(_ texts: [String]) throws -> ColumnSchema {
    let table = try Table([("when", .categories(CategoryColumn(texts)))])
    return try #require(try Schema(inferring: table)["when"])
  }

  @Test(arguments: [
    ["2012/01/05", "2012/12/31"],
    ["1/25/2009", "12/3/2009", "2/29/2008"],
    ["25/1/2009", "3/12/2009"],
    ["05.01.2012", "31.12.2012"],
    ["Jan 5 2000", "Feb 29 2000", "May 1 2001"],
    ["January 5, 2000", "March 29, 2000"],
    ["05-Jan-2000", "29-Feb-2000"],
    ["2010/01/01 00:00:00", "2010/06/11 13:30:05"],
    ["1/25/2009 10:15", "2/3/2009 23:59"],
    ["2012-1-5", "2012-11-25"],
  ])
  func writtenAsTheyStood(_ texts: [String]) throws {
    let column = try schema(texts)
    #expect(column.kind == .date)
    let numbers = try column.numbers(.categories(CategoryColumn(texts)), place: { "row \($0)" }).values
    let hasTime = column.dateUnit == .second
    let written = numbers.map {
      column.dateFormat?.text(secondsSince1970: $0 * (hasTime ? 1 : 86_400), hasTime: hasTime)
    }
    #expect(written == texts)
  }

  @Test func countedFrom1970() throws {
    let column = try schema(["1/25/2009", "2/3/2009"])
    let cells = Column.categories(CategoryColumn(["1/25/2009", "2009-02-03"]))
    #expect(try column.numbers(cells, place: { "row \($0)" }).values == [14_269, 14_278])
  }

  @Test func monthOrDayFirst() throws {
    #expect(try schema(["1/2/2009", "3/4/2009"]).dateFormat?.calendar?.order == .monthDayYear)
    #expect(try schema(["1.2.2009", "3.4.2009"]).dateFormat?.calendar?.order == .dayMonthYear)
    #expect(try schema(["1.2.2009", "3.14.2009"]).dateFormat?.calendar?.order == .monthDayYear)
    #expect(try schema(["2009-01-02", "2009-03-04"]).dateFormat?.calendar == nil)
  }

  @Test(arguments: [
    ["1/25/2009", "25/1/2009"], ["1.2.3", "4.5.6"], ["Jan 5 2000", "Foo 5 2000"], ["2/30/2009", "2/3/2009"],
    ["2012/01/05", "05.01.2012"], ["red", "green"], ["", "1/2/2009"],
  ])
  func noDates(_ texts: [String]) throws { #expect(try schema(texts).kind != .date) }
}
