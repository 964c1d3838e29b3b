import CKernels
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The scalar equation of the planar layer's inverse.
@Suite struct RootTests {
  private let targets: [Double] = [0, 1e-300, -1e-12, 0.3, -0.3, 0.999, -1, 1.5, 2, -3, 7, -40, 1e6, -1e15, 1e300]
  private let slopes: [Double] = [0, 1e-12, 1e-3, 0.3, 0.9, 1, 1.1, 2, 10, 1e3, 1e8]

  @Test func rootsSolveTheEquation() {
    for s in slopes {
      for k in targets {
        var (root, target, slope) = (0.0, k, s)
        pf_tanh_root_f64(&target, &slope, &root, 1)
        let residual = root + (s - 1) * tanh(root) - k
        #expect(
          abs(residual) <= 4e-16 * max(abs(k), abs(s - 1), abs(root)), "k \(k), s \(s): \(root) leaves \(residual)")
        var (rootf, targetf, slopef) = (Float(0), Float(k), Float(s))
        guard targetf.isFinite else { continue }
        pf_tanh_root_f32(&targetf, &slopef, &rootf, 1)
        var (exact, k64, s64) = (0.0, Double(targetf), Double(slopef))
        pf_tanh_root_f64(&k64, &s64, &exact, 1)
        #expect(rootf == Float(exact), "k \(k), s \(s)")
      }
    }
  }

  @Test func rootsGrowWithTheTarget() {
    for s in slopes {
      var k = stride(from: -5.0, through: 5.0, by: 0.01).map { $0 }
      var slope = [Double](repeating: s, count: k.count)
      // In place.
      k.withUnsafeMutableBufferPointer { pf_tanh_root_f64($0.baseAddress!, &slope, $0.baseAddress!, $0.count) }
      #expect(zip(k, k.dropFirst()).allSatisfy { $0 <= $1 }, "s \(s)")
    }
  }

  @Test func specialValuesPassThrough() {
    var k = [Double.nan, 1, .infinity, -.infinity]
    var s = [1, Double.nan, 0.5, 0.5]
    var a = [Double](repeating: 0, count: 4)
    pf_tanh_root_f64(&k, &s, &a, 4)
    #expect(a[0].isNaN && a[1].isNaN)
    #expect(a[2] == .infinity && a[3] == -.infinity)
  }

  @Test func slopesAreThoseOfTheImplicitFunction() {
    for s in slopes where s > 1e-6 {
      for k in targets where abs(k) < 50 {
        func root(_ k: Double, _ s: Double) -> Double {
          var (root, target, slope) = (0.0, k, s)
          pf_tanh_root_f64(&target, &slope, &root, 1)
          return root
        }
        var (a, slope, da, dk, ds) = (root(k, s), s, 1.0, 0.0, 0.0)
        pf_tanh_root_backward_f64(&a, &slope, &da, &dk, &ds, 1)
        let (h, j) = (1e-6 * max(1, abs(k)), 1e-6 * s)
        let byTarget = (root(k + h, s) - root(k - h, s)) / (2 * h)
        let bySlope = (root(k, s + j) - root(k, s - j)) / (2 * j)
        // Where s is small the root bends sharply, and the differences are the poorer of the two.
        let tolerance = s < 0.1 ? 1e-2 : 1e-6
        #expect(abs(dk - byTarget) <= tolerance * max(1, abs(byTarget)), "k \(k), s \(s)")
        #expect(abs(ds - bySlope) <= tolerance * max(1, abs(bySlope)), "k \(k), s \(s)")
      }
    }
  }
}
