/// A fit or a question that cannot be answered: what, where, expected and found.
public enum EstimatorError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Too few usable rows.
  case tooFewRows(expected: Int, found: Int, note: String?)
  /// Weights that are no weights.
  case badWeights(column: String, detail: String)
  /// Conditions that the model needs and did not get, or got without asking.
  case conditions(expected: [String], found: [String])
  /// Conditions for another number of rows.
  case conditionRows(expected: Int, found: Int)
  /// A file that is a container, but not one of our models.
  case notAModel(file: String, detail: String)
  /// Rows that make no sequences, and why.
  case badSequences(column: String?, detail: String)
  /// Models that cannot be combined, and why.
  case cannotCombine(detail: String)
  /// A question that models of this kind cannot answer.
  case cannotAnswer(model: String, question: String)
  /// A condition on rows to be drawn that the model meets too rarely.
  case improbable(condition: String, detail: String)

  /// One line for a person.
  public var description: String {
    switch self {
    case .tooFewRows(let expected, let found, let note):
      "too few rows to fit: expected at least \(expected), found \(found)" + (note.map { " (\($0))" } ?? "")
    case .badWeights(let column, let detail):
      "weights column '\(column)': \(detail)"
    case .conditions(let expected, let found):
      expected.isEmpty
        ? "the model has no conditions, but was given \(found.joined(separator: ", "))"
        : "the model is conditioned on \(expected.joined(separator: ", ")); given: "
          + (found.isEmpty ? "nothing" : found.joined(separator: ", "))
    case .conditionRows(let expected, let found):
      "conditions: expected 1 row or \(expected), found \(found)"
    case .notAModel(let file, let detail):
      "\(file): not a Pushforward model: \(detail)"
    case .badSequences(let column, let detail):
      (column.map { "sequence column '\($0)': " } ?? "sequences: ") + detail
    case .cannotCombine(let detail):
      "these models cannot be combined: \(detail)"
    case .cannotAnswer(let model, let question):
      "a model of the kind '\(model)' does not know \(question)"
    case .improbable(let condition, let detail):
      "the condition \(condition) is too improbable: \(detail)"
    }
  }
}
