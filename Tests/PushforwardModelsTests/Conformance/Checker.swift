import Foundation
import PushforwardCore
import PushforwardModels

/// One bijection, one direction: the checks themselves.
struct Checker {
  let item: BijectionCase
  let subject: Subject<Double>
  let direction: Direction

  private var n: Int { item.features }

  /// Fails if an error exceeds a bound.
  func expect(_ error: Double, below bound: Double, _ what: String) -> [String] {
    error <= bound ? [] : ["\(what): error \(error), allowed \(bound)"]
  }

  func roundTrip() throws -> [String] {
    let (x, context) = (item.rows(70, direction), item.context(70))
    let there = try subject.apply(direction, x, context: context)
    let back = try subject.apply(direction.opposite, there.value, context: context)
    return expect(relativeError(back.value.values, x.values), below: item.tolerance, "round trip")
  }

  func roundTripFloat(_ float: Subject<Float>) throws -> [String] {
    let (x, context) = (item.rows(70, direction).converted(to: Float.self), item.context(70)?.converted(to: Float.self))
    let there = try float.apply(direction, x, context: context)
    let back = try float.apply(direction.opposite, there.value, context: context)
    // Where the map is ill conditioned, Double shows by how much: its error, scaled to Float's resolution.
    let exact = x.converted(to: Double.self)
    let image = try subject.apply(direction, exact, context: context?.converted())
    let returned = try subject.apply(direction.opposite, image.value, context: context?.converted())
    let conditioning = relativeError(returned.value.values, exact.values) * 0x1p29
    return expect(
      relativeError(back.value.values, exact.values), below: max(item.floatFactor * 6e-8, 30 * conditioning),
      "round trip in Float")
  }

  func logDetPair() throws -> [String] {
    let (x, context) = (item.rows(70, direction), item.context(70))
    let there = try subject.apply(direction, x, context: context)
    let back = try subject.apply(direction.opposite, there.value, context: context)
    return expect(
      relativeError(back.logAbsDet, there.logAbsDet.map(-)), below: item.tolerance * 10, "sum of log-determinants")
  }

  func jacobian() throws -> [String] {
    guard subject.isDifferentiable(direction) else { return [] }
    let count = 3
    let (x, context) = (item.rows(count, direction), item.context(count))
    let logAbsDet = try subject.apply(direction, x, context: context).logAbsDet
    var jacobians = [[[Double]]](repeating: [], count: count)
    for output in 0..<n {
      var weights = Matrix<Double>(rows: count, columns: n)
      for row in 0..<count { weights[row, output] = 1 }
      let gradient = try subject.gradients(
        direction, x, context: context, weights: weights, logDetWeights: [Double](repeating: 0, count: count)
      ).input
      for row in 0..<count { jacobians[row].append(gradient.row(row)) }
    }
    return expect(
      relativeError(logAbsDet, jacobians.map(logAbsDeterminant)), below: item.tolerance * 10, "log-determinant")
  }

  func differences() throws -> [String] {
    let count = 3
    let (x, context) = (item.rows(count, direction), item.context(count))
    let logAbsDet = try subject.apply(direction, x, context: context).logAbsDet
    // Transposed Jacobians: a row for each input.
    var jacobians = [[[Double]]](repeating: [], count: count)
    for input in 0..<n {
      let slope = try centralDifference { step in
        var moved = x
        for row in 0..<count { moved[row, input] += step }
        return try subject.apply(direction, moved, context: context).value.values
      }
      for row in 0..<count { jacobians[row].append(Array(slope[row * n..<(row + 1) * n])) }
    }
    return expect(relativeError(logAbsDet, jacobians.map(logAbsDeterminant)), below: 1e-6, "log-determinant")
  }

  /// Derivative at 0 of a function of one number, fourth order.
  private func centralDifference(_ function: (Double) throws -> [Double]) rethrows -> [Double] {
    let h = 1e-4
    let (a, b) = (try function(h), try function(-h))
    let (c, d) = (try function(2 * h), try function(-2 * h))
    return a.indices.map { (8 * (a[$0] - b[$0]) - (c[$0] - d[$0])) / (12 * h) }
  }

  func gradients() throws -> [String] {
    let count = 3
    let (x, context) = (item.rows(count, direction), item.context(count))
    let weights = randomRows(count, n, in: BijectionCase.reals, seed: 11)
    let logDetWeights = randomRows(count, 1, in: BijectionCase.reals, seed: 12).values
    guard subject.isDifferentiable(direction) else {
      do {
        _ = try subject.gradients(direction, x, context: context, weights: weights, logDetWeights: logDetWeights)
        return ["claims to have no derivative, yet gives one"]
      } catch EngineError.notDifferentiable {
        return []
      }
    }
    func total(_ subject: Subject<Double>, _ x: Matrix<Double>, _ context: Matrix<Double>?) throws -> [Double] {
      let (value, logAbsDet) = try subject.apply(direction, x, context: context)
      return [
        zip(value.values, weights.values).reduce(0) { $0 + $1.0 * $1.1 }
          + zip(logAbsDet, logDetWeights).reduce(0) { $0 + $1.0 * $1.1 }
      ]
    }
    let found = try subject.gradients(
      direction, x, context: context, weights: weights, logDetWeights: logDetWeights)
    var failures: [String] = []
    func compare(_ analytic: Double, _ numeric: Double, _ what: @autoclosure () -> String) {
      if !(abs(analytic - numeric) <= 2e-6 * max(1, abs(numeric))) {
        failures.append("\(what()): gradient \(analytic), by differences \(numeric)")
      }
    }
    for index in x.values.indices {
      let numeric = try centralDifference { step in
        var moved = x
        moved.values[index] += step
        return try total(subject, moved, context)
      }
      compare(found.input.values[index], numeric[0], "input \(index % n) of row \(index / n)")
    }
    if let context {
      for index in context.values.indices {
        let numeric = try centralDifference { step in
          var moved = context
          moved.values[index] += step
          return try total(subject, x, moved)
        }
        compare(found.context!.values[index], numeric[0], "context number \(index)")
      }
    }
    for slice in subject.parameters.layout.slices where slice.role == .weight || slice.role == .bias {
      let analytic = found.parameters[slice]
      for index in 0..<slice.count {
        if index % slice.columns >= usedColumns(slice, row: index / slice.columns) { continue }
        let numeric = try centralDifference { step in
          var moved = subject
          var values = moved.parameters[slice]
          values[index] += step
          moved.parameters[slice] = values
          return try total(moved, x, context)
        }
        compare(analytic[index], numeric[0], "\(slice.name)[\(index)]")
      }
    }
    return failures.count > 5 ? failures.prefix(5) + ["and \(failures.count - 5) more"] : failures
  }

  func batch() throws -> [String] {
    let count = 67
    let (x, context) = (item.rows(count, direction), item.context(count))
    let whole = try subject.apply(direction, x, context: context)
    var failures: [String] = []
    for row in [0, 1, 40, 63, 64, count - 1] {
      for wide in [false, true] {
        let alone = try subject.apply(
          direction, x.selectingRows([row]), context: context?.selectingRows([row]), wide: wide)
        let what = "row \(row) alone\(wide ? ", wide" : "")"
        failures += expect(relativeError(alone.value.values, whole.value.row(row)), below: 1e-12, what)
        failures += expect(relativeError(alone.logAbsDet, [whole.logAbsDet[row]]), below: 1e-12, "\(what), log-det")
      }
    }
    return failures
  }

  func precision(_ float: Subject<Float>) throws -> [String] {
    let x = item.rows(70, direction).converted(to: Float.self)
    let context = item.context(70)?.converted(to: Float.self)
    let single = try float.apply(direction, x, context: context)
    let double = try subject.apply(direction, x.converted(), context: context?.converted())
    let bound = item.floatFactor * 6e-8
    return expect(relativeError(single.value.values, double.value.values), below: bound, "value")
      + expect(relativeError(single.logAbsDet, double.logAbsDet), below: bound, "log-determinant")
  }

  func empty() throws -> [String] {
    let result = try subject.apply(direction, Matrix(rows: 0, columns: n), context: item.context(0))
    return result.value.rows == 0 && result.value.columns == n && result.logAbsDet.isEmpty
      ? [] : ["\(result.value.rows) x \(result.value.columns) values, \(result.logAbsDet.count) log-determinants"]
  }

  func extremes<Scalar: TileScalar>(_ subject: Subject<Scalar>) throws -> [String] {
    // 3 is the registry's spline bound; its neighbours lie on either side.
    let far: [Double] = [0, 3, -3, 3.000001, -2.999999, 10, -10, 1e3, -1e3, 1e6, -1e6, 1e-30, 1e-8]
    let domain = item.domain(direction)
    let points = domain.lowerBound.isFinite ? [domain.lowerBound, domain.upperBound, domain.lowerBound.nextUp] : far
    let count = points.count
    var x = item.rows(count, direction, seed: 21).converted(to: Scalar.self)
    for (row, point) in points.enumerated() { x[row, row % n] = Scalar(point) }
    x = Matrix(
      rows: 2 * count, columns: n, values: x.values + points.flatMap { [Scalar](repeating: Scalar($0), count: n) })
    let context = item.context(2 * count)?.converted(to: Scalar.self)
    let result = try subject.apply(direction, x, context: context)
    var failures: [String] = []
    for row in 0..<x.rows {
      if !result.value.row(row).allSatisfy(\.isFinite) {
        failures.append("\(x.row(row)) gives \(result.value.row(row))")
      }
      if !result.logAbsDet[row].isFinite { failures.append("\(x.row(row)): log-determinant \(result.logAbsDet[row])") }
    }
    guard subject.isDifferentiable(direction) else { return failures }
    let found = try subject.gradients(
      direction, x, context: context, weights: Matrix(rows: x.rows, columns: n, repeating: 1),
      logDetWeights: [Scalar](repeating: 1, count: x.rows))
    for row in 0..<x.rows where !found.input.row(row).allSatisfy(\.isFinite) {
      failures.append("\(x.row(row)): gradient \(found.input.row(row))")
    }
    if found.parameters.nonFiniteCount > 0 {
      failures.append("\(found.parameters.nonFiniteCount) gradients not finite")
    }
    return failures
  }

  func shapes() -> [String] {
    func accepts(_ x: Matrix<Double>, _ context: Matrix<Double>?) -> Bool {
      (try? subject.apply(direction, x, context: context)) != nil
    }
    var failures: [String] = []
    if accepts(Matrix(rows: 4, columns: n + 1), item.context(4)) { failures.append("accepts \(n + 1) features") }
    if item.contextFeatures > 0 && subject.bijection.contextFeatures > 0 {
      if accepts(item.rows(4, direction), nil) { failures.append("accepts a missing context") }
      let wide = Matrix<Double>(rows: 4, columns: item.contextFeatures + 1)
      if accepts(item.rows(4, direction), wide) { failures.append("accepts a context of another width") }
    }
    return failures
  }
}
