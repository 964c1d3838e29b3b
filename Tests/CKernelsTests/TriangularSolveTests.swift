import CKernels
import Testing

extension KernelTests {
  @Suite struct TriangularSolve {
    static let sizes = [1, 2, 3, 4, 5, 7, 8, 13, 31, 64, 70]

    @Test(arguments: sizes, [1, 64]) func residuals(n: Int, lanes: Int) {
      check(n: n, lanes: lanes, Float.self)
      check(n: n, lanes: lanes, Double.self)
    }

    /// A x must give b again; the triangle that is not meant holds NaN, and so does a unit diagonal.
    private func check<Scalar: LinearScalar>(n: Int, lanes: Int, _ type: Scalar.Type) {
      let tiles = 2, lda = n + 3
      for variant in 0..<8 {
        let (isUpper, isUnit, isTransposed) = (variant & 1 != 0, variant & 2 != 0, variant & 4 != 0)
        let a = GuardedBuffer<Scalar>(count: n * lda, filledWith: .nan)
        for i in 0..<n {
          for j in 0..<n where i == j ? !isUnit : (j > i) == isUpper {
            a[i * lda + j] = Scalar(i == j ? 2 + noise(1, i) : noise(2, i * n + j) / Double(n).squareRoot())
          }
        }
        let b = (0..<tiles * n * lanes).map { Scalar(noise(3, $0)) }
        forEachInstructionSet { isa in
          let x = GuardedBuffer(b), separate = GuardedBuffer<Scalar>(count: b.count)
          Scalar.triangularSolve(
            a.start, lda, b, separate.start, n, isUpper ? 1 : 0, isUnit ? 1 : 0, isTransposed ? 1 : 0, tiles, lanes)
          Scalar.triangularSolve(
            a.start, lda, x.start, x.start, n, isUpper ? 1 : 0, isUnit ? 1 : 0, isTransposed ? 1 : 0, tiles, lanes)
          #expect(x.values == separate.values && x.isIntact && a.isIntact)
          var worst = 0.0
          for tile in 0..<tiles {
            for i in 0..<n {
              for lane in 0..<lanes {
                var sum = 0.0
                var magnitude = 1.0
                for j in 0..<n {
                  let entry = isTransposed ? a[j * lda + i] : a[i * lda + j]
                  if i != j && entry.isNaN { continue }
                  let product = Double(i == j && isUnit ? 1 : entry) * Double(x[(tile * n + j) * lanes + lane])
                  sum += product
                  magnitude += abs(product)
                }
                worst = max(worst, abs(sum - Double(b[(tile * n + i) * lanes + lane])) / magnitude)
              }
            }
          }
          #expect(
            worst <= 4 * Double(Scalar.ulpOfOne),
            "n \(n), lanes \(lanes), upper \(isUpper), unit \(isUnit), transposed \(isTransposed), instruction set \(isa)"
          )
        }
      }
    }
  }
}
