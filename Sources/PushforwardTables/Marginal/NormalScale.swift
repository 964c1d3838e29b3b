#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The standard normal distribution function and its inverse, lower tail, also in logarithms where probabilities underflow.
package enum NormalScale {
  /// log sqrt(2 pi).
  package static let halfLogTwoPi = 0.918_938_533_204_672_74
  /// Below this the distribution function is taken from its asymptotic series.
  private static let farTail = -35.0

  /// The distribution function; relative error of a few ULP down to -37.
  package static func cdf(_ z: Double) -> Double { 0.5 * erfc(-z * 0.5.squareRoot()) }

  /// Logarithm of the distribution function for `z <= 0`, to any `z`.
  package static func logCDF(_ z: Double) -> Double {
    if z > farTail { return log(cdf(z)) }
    // Asymptotic series (Abramowitz and Stegun 26.2.12): the first term left out is below 1e-15.
    let r = 1 / (z * z)
    let series = r * (-1 + r * (3 + r * (-15 + r * (105 - r * 945))))
    return -0.5 * z * z - log(-z) - halfLogTwoPi + log1p(series)
  }

  /// The quantile of a probability given by its logarithm, at most log(1/2).
  package static func quantile(logProbability: Double) -> Double {
    if logProbability > -600 { return quantile(exp(logProbability)) }
    let twice = -2 * (logProbability + halfLogTwoPi)
    var z = -(twice - log(twice)).squareRoot()
    for _ in 0..<3 { z += (logProbability - logCDF(z)) / (-z - 1 / z) }
    return z
  }

  /// The quantile of a probability in (0, 1/2], relative error about 1e-15.
  ///
  /// Source: Wichura (1988), "Algorithm AS 241: The percentage points of the normal distribution", Applied Statistics 37.
  package static func quantile(_ p: Double) -> Double {
    let q = p - 0.5
    if q > -0.425 {
      let r = 0.180625 - q * q
      return q * ratio(r, central)
    }
    let r = (-log(p)).squareRoot()
    return r <= 5 ? -ratio(r - 1.6, middle) : -ratio(r - 5, far)
  }

  private typealias Coefficients = (numerator: Polynomial, denominator: Polynomial)
  private typealias Polynomial = (Double, Double, Double, Double, Double, Double, Double, Double)

  private static func ratio(_ r: Double, _ c: Coefficients) -> Double {
    value(c.numerator, r) / value(c.denominator, r)
  }

  private static func value(_ c: Polynomial, _ r: Double) -> Double {
    ((((((c.7 * r + c.6) * r + c.5) * r + c.4) * r + c.3) * r + c.2) * r + c.1) * r + c.0
  }

  private static let central: Coefficients = (
    (
      3.387_132_872_796_366_608, 133.141_667_891_784_377_45, 1971.590_950_306_551_442_7, 13731.693_765_509_461_125,
      45921.953_931_549_871_457, 67265.770_927_008_700_853, 33430.575_583_588_128_105, 2509.080_928_730_122_672_7
    ),
    (
      1, 42.313_330_701_600_911_252, 687.187_007_492_057_908_3, 5394.196_021_424_751_107_7,
      21213.794_301_586_595_867, 39307.895_800_092_710_61, 28729.085_735_721_942_674, 5226.495_278_852_854_561
    )
  )

  private static let middle: Coefficients = (
    (
      1.423_437_110_749_683_577_34, 4.630_337_846_156_545_295_9, 5.769_497_221_460_691_405_5,
      3.647_848_324_763_204_605_04, 1.270_458_252_452_368_382_58, 0.241_780_725_177_450_611_77,
      0.022_723_844_989_269_184_583_3, 7.745_450_142_783_414_076_4e-4
    ),
    (
      1, 2.053_191_626_637_758_821_87, 1.676_384_830_183_803_849_4, 0.689_767_334_985_100_004_55,
      0.148_103_976_427_480_074_59, 0.015_198_666_563_616_457_196_6, 5.475_938_084_995_344_946e-4,
      1.050_750_071_644_416_843_24e-9
    )
  )

  private static let far: Coefficients = (
    (
      6.657_904_643_501_103_777_2, 5.463_784_911_164_114_369_9, 1.784_826_539_917_291_335_8,
      0.296_560_571_828_504_891_23, 0.026_532_189_526_576_123_093, 1.242_660_947_388_078_438_6e-3,
      2.711_555_568_743_487_578_15e-5, 2.010_334_399_292_288_132_65e-7
    ),
    (
      1, 0.599_832_206_555_887_937_69, 0.136_929_880_922_735_805_31, 0.014_875_361_290_850_614_852_5,
      7.868_691_311_456_132_591e-4, 1.846_318_317_510_054_681_8e-5, 1.421_511_758_316_445_888_7e-7,
      2.044_263_103_389_939_785_64e-15
    )
  )
}
