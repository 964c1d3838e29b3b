import PushforwardCore

extension Parameters {
  /// The parameters of several networks in one layout, in which each network's slices bear a prefix.
  ///
  /// - Parameters:
  ///   - parts: The prefixes, and the networks' own parameters.
  ///   - layout: Of the whole; what no part fills is zero.
  init(joining parts: [(prefix: String, parameters: Parameters)], layout: ParameterLayout) {
    self = .zeros(layout: layout)
    for (prefix, part) in parts {
      for slice in part.layout.slices {
        if let place = layout.slice(named: prefix + slice.name) { self[place] = part[slice] }
      }
    }
  }

  /// The parameters of one of several networks in a layout, in the layout that the network has alone.
  func part(prefix: String, layout own: ParameterLayout) -> Parameters {
    var part = Parameters.zeros(layout: own)
    for slice in own.slices {
      if let place = layout.slice(named: prefix + slice.name) { part[slice] = self[place] }
    }
    return part
  }
}
