import CKernels

extension Encoder {
  /// One row of conditions from texts, as in `--given island=Dream`.
  ///
  /// - Parameters:
  ///   - texts: A text for each condition, by column name.
  ///   - source: Names their place in messages.
  /// - Returns: `conditionWidth` numbers.
  /// - Throws: `TableError.unknownColumn` for a name that is no condition, `.missingCell` for one that is not given,
  ///   `.badCells` for a text that should be a number, `.unseenLevel`.
  public func conditions(given texts: [String: String], source: String = "--given") throws -> [Double] {
    let names = conditions.map(\.name)
    for name in texts.keys.sorted() where !names.contains(name) {
      throw TableError.unknownColumn(name: name, available: names)
    }
    let columns = try conditions.map { condition in
      guard let text = texts[condition.name] else {
        throw TableError.missingCell(column: condition.name, place: source, count: 1)
      }
      return (name: condition.name, column: try condition.column(text, source: source))
    }
    return try conditions(of: Table(columns, origin: RowOrigin(source: source)))
  }
}

extension ConditionColumn {
  /// A column of one cell.
  fileprivate func column(_ text: String, source: String) throws -> Column {
    guard schema.kind.storage == .numbers else { return .categories(CategoryColumn([text])) }
    var number = pf_number()
    let bytes = text.utf8.map { CChar(bitPattern: $0) }
    guard pf_parse_number(bytes, bytes.count, Character(".").char, &number) == PF_NUMBER_OK.rawValue else {
      throw TableError.wrongKind(column: name, expected: "a number", found: "\(quoted(text)) (\(source))")
    }
    return .numbers(try NumberColumn([number.value], name: name))
  }
}
