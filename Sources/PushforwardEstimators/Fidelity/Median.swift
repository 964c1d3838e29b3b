extension [Double] {
  /// The middle value, of two the larger; NaN where there is none.
  var median: Double { isEmpty ? .nan : sorted()[count / 2] }
}
