/// Factorisations of small symmetric matrices that cannot fail: pivots that rounding has eaten are raised.
///
/// Row-major in `Double`; for covariances of a few hundred features at most.
package enum SmallMatrix {
  /// L with L·Lᵀ = A, in place over the lower triangle; zeros above.
  ///
  /// A pivot below 1e-12 of its diagonal entry is raised to that (to 1e-300 where the entry is not positive), so the
  /// factor is always finite and invertible.
  static func factorise(_ a: UnsafeMutablePointer<Double>, _ n: Int) {
    for row in 0..<n {
      let r = a + row * n
      for column in 0..<row {
        let c = a + column * n
        var value = r[column]
        for k in 0..<column { value -= r[k] * c[k] }
        r[column] = value / c[column]
      }
      let entry = r[row]
      var pivot = entry
      for k in 0..<row { pivot -= r[k] * r[k] }
      let least = max(1e-12 * entry, 1e-300)
      r[row] = (pivot > least ? pivot : least).squareRoot()
      for column in row + 1..<max(n, row + 1) { r[column] = 0 }
    }
  }

  /// The inverse of a lower triangular matrix, row-major; zeros above.
  static func invertLower(
    _ factor: UnsafePointer<Double>, _ inverse: UnsafeMutablePointer<Double>, _ n: Int
  ) {
    // Row i of the inverse: (eᵢ − Σ_{k<i} Lᵢₖ·rowₖ) / Lᵢᵢ, so that the inner loop runs along rows.
    for i in 0..<n {
      let out = inverse + i * n
      for j in 0..<n { out[j] = 0 }
      for k in 0..<i {
        let scale = factor[i * n + k]
        let row = inverse + k * n
        for j in 0...k { out[j] -= scale * row[j] }
      }
      let pivot = 1 / factor[i * n + i]
      for j in 0..<i { out[j] *= pivot }
      out[i] = pivot
    }
  }

  /// The inverse of a lower triangular matrix given as an array.
  package static func inverse(ofLower factor: [Double], _ n: Int) -> [Double] {
    var inverse = [Double](repeating: 0, count: n * n)
    factor.withUnsafeBufferPointer { factor in
      inverse.withUnsafeMutableBufferPointer { inverse in
        if let (from, to) = factor.baseAddress.flatMap({ base in inverse.baseAddress.map { (base, $0) } }) {
          invertLower(from, to, n)
        }
      }
    }
    return inverse
  }

  /// The factor of a matrix given as an array.
  package static func factor(of matrix: [Double], _ n: Int) -> [Double] {
    var copy = matrix
    copy.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress { factorise(base, n) }
    }
    return copy
  }
}
