/// Choices in fitting a typed encoder.
public struct TypedEncoderOptions: Sendable, Equatable {
  /// With at most so many different values, and ten rows a value, every value of a stepped column is a class.
  public var fewValues = 64
  /// With at most so many different whole numbers that fill half of their range, and rows enough for each, every one is a
  /// class: their frequencies tell more than a smooth density, whose rounding and ends must be learned.
  public var fewCommonValues = 128
  /// Rows for each of those, on average.
  public var rowsOfCommonValue = 100.0
  /// With at most so many different values that fill less than half of their range, and twenty rows a value, every value
  /// that occurs three times is a class: a set of numbers rather than a scale.
  public var fewScatteredValues = 256
  /// A value that is a class of its own among many holds at least this share of the rows.
  public var spikeShare = 0.002
  /// It holds so many times the rows that a smooth density has there.
  public var spikeRatio = 1.25
  /// Category levels with less weight than this share one class.
  public var fewestRowsOfLevel = 5.0
  /// Classes of a category column at most; the heaviest levels get them.
  public var mostLevels = 32_768

  /// These, with classes for the heaviest values only.
  var smooth: TypedEncoderOptions {
    var options = self
    (options.fewValues, options.fewCommonValues, options.fewScatteredValues) = (0, 0, 0)
    options.spikeShare = max(spikeShare, 0.1)
    return options
  }

  /// The defaults.
  public init() {}
}
