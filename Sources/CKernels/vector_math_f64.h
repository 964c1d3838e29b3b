/* Part of vector_math.h for double: minimax polynomials, fitted by Remez exchanges to minimise the relative error. */

/* (exp(r) - 1 - r) / r^2 for |r| <= log(2) / 2; relative error of expm1 1.2e-17. */
PF_INLINE PF_V PF_FN(expm1_tail)(PF_V r) {
  static const T c[] = {
      0x1.0000000000001p-1, 0x1.5555555555557p-3, 0x1.5555555554d37p-5, 0x1.11111111100d9p-7, 0x1.6c16c16f0bd78p-10,
      0x1.a01a01abea447p-13, 0x1.a019f391cbd68p-16, 0x1.71de02285fae1p-19, 0x1.280229ffaad47p-22,
      0x1.af4dffe25a0f7p-26, 0x1.e632e0b105e46p-30};
  return PF_FN(polynomial)(r, c, PF_COUNT(c));
}
/* (exp(r) - 1) / r on the same interval, for fewer operations; relative error of exp 2.9e-17. */
PF_INLINE PF_V PF_FN(exp_short)(PF_V r) {
  static const T c[] = {
      1, 0x1.0000000000006p-1, 0x1.5555555555560p-3, 0x1.5555555551a74p-5, 0x1.111111110b665p-7,
      0x1.6c16c180f04a6p-10, 0x1.a01a01d37f0a8p-13, 0x1.a019a134e3d5fp-16, 0x1.71dd8804c3fdbp-19,
      0x1.28a80fbd34ac1p-22, 0x1.b0455794b4e5bp-26};
  return PF_FN(polynomial)(r, c, PF_COUNT(c));
}
/* f - (f^2/2 - s (f^2/2 + R)) with s = f / (2 + f), from log(1 + f) = 2 atanh(s) = 2 s + s R, R a function of s^2. */
PF_INLINE PF_V PF_FN(log_combine)(PF_V e, PF_V f, PF_V correction) {
  static const T c[] = {
      0x1.5555555555555p-1, 0x1.9999999999e06p-2, 0x1.249249242aae9p-2, 0x1.c71c7259ab1f5p-3, 0x1.745cddff2641fp-3,
      0x1.3b20b4e8813edp-3, 0x1.0f5bf543042cap-3, 0x1.0f6aa06e771cbp-3};
  PF_V s = f / ((T)2 + f), z = s * s, half_square = (T)0.5 * f * f;
  PF_V rest = s * (half_square + z * PF_FN(polynomial)(z, c, PF_COUNT(c))) + (e * PF_LN2_LOW + correction);
  return e * PF_LN2_HIGH - ((half_square - rest) - f);
}
/* log(1 + t) for t in [0, 1], the same way; relative error 2e-18. */
PF_INLINE PF_V PF_FN(log1p_unit)(PF_V t) {
  static const T c[] = {
      0x1.5555555555556p-1, 0x1.999999999955dp-2, 0x1.24924924c1d8ep-2, 0x1.c71c71a5de490p-3, 0x1.745d1e0305cfdp-3,
      0x1.3b12d5da145e1p-3, 0x1.112345b4be683p-3, 0x1.dfe2a6a4ac22ep-4, 0x1.c16fad4c94048p-4, 0x1.1e7c15b6ec0e7p-4,
      0x1.5141c37b10350p-3};
  PF_V s = t / ((T)2 + t), z = s * s, half_square = (T)0.5 * t * t;
  return t - (half_square - s * (half_square + z * PF_FN(polynomial)(z, c, PF_COUNT(c))));
}
/* (tanh(x) / x - 1) / x^2 as a function of z = x^2 <= 0.625^2. */
PF_INLINE PF_V PF_FN(tanh_tail)(PF_V z) {
  static const T c[] = {
      -0x1.5555555555555p-2, 0x1.11111111110d1p-3, -0x1.ba1ba1ba1735bp-5, 0x1.664f488183d14p-6, -0x1.226e3529deaf4p-7,
      0x1.d6d3c5a984783p-9, -0x1.7da29488c9de3p-10, 0x1.354da510d3766p-11, -0x1.f4bd1c7bfd57dp-13,
      0x1.919befeb981a7p-14, -0x1.333cb08ec5b17p-15, 0x1.8bc2912a90fcep-17, -0x1.30e90de91a7f0p-19};
  return PF_FN(polynomial)(z, c, PF_COUNT(c));
}
/* The upper tail of the standard normal over exp(-t^2 / 2), for t in [0, 39]. */
PF_INLINE PF_V PF_FN(mills_half)(PF_V t) {
  static const T c[] = {
      0x1.89d3abe1f95aep-1, -0x1.54ad03f27ca18p-1, 0x1.fb31653876f89p-2, -0x1.410ed5f87594cp-2, 0x1.51f6329f01ba2p-3,
      -0x1.1b1c254ca3f75p-4, 0x1.54b4d4f48aec5p-6, -0x1.88590e985fbb8p-9, -0x1.a2503778cf39dp-11,
      0x1.1daf1ae150158p-11, -0x1.f21492a0abb9fp-15, -0x1.a17013c52731bp-15, 0x1.17df10834f3f4p-16,
      0x1.0b14eebc2ee6bp-18, -0x1.73e048e9bf074p-19, -0x1.674b325816758p-22, 0x1.d465fadecec5dp-22,
      0x1.59870ab810865p-25, -0x1.2ce35052c2787p-24, -0x1.269811cfaf0ebp-27, 0x1.70ba73f5856fep-27,
      0x1.2ff64b7a20571p-29, -0x1.3934309ab9040p-30, -0x1.9aa3535a85290p-32};
  PF_V inverse = (T)1 / (t + (T)5);
  return inverse * PF_FN(polynomial)((t - (T)5) * inverse, c, PF_COUNT(c));
}
/* (Phi(x) - 1/2) / x as a function of z = x^2 <= 0.7^2. */
PF_INLINE PF_V PF_FN(normal_centre)(PF_V z) {
  static const T c[] = {
      0x1.9884533d43651p-2, -0x1.1058377e2cee0p-4, 0x1.46d04297691d9p-7, -0x1.37403f6ba1029p-10,
      0x1.e42b0d52094c4p-14, -0x1.3ce8fabd4c5c5p-17, 0x1.658a1ff51b346p-21, -0x1.62220e08d3f73p-25,
      0x1.386a8b7cc6b4cp-29, -0x1.ee50a2c1732c6p-34, 0x1.41bca1f265d1bp-38};
  return PF_FN(polynomial)(z, c, PF_COUNT(c));
}
/* Quantile of the standard normal: the rational functions of Wichura 1988, algorithm AS 241 (PPND16), all three regions
 * evaluated, one division. 0 and 1 give infinities, outside [0, 1] NaN. */
PF_INLINE PF_V PF_FN(normal_quantile)(PF_V p) {
  static const T a[] = {
      3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
      4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3};
  static const T b[] = {
      1, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3, 2.1213794301586595867e4,
      3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3};
  static const T c[] = {
      1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
      1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static const T d[] = {
      1, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1, 1.48103976427480074590e-1,
      1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9};
  static const T e[] = {
      6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
      2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static const T f[] = {
      1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2, 7.86869131145613259100e-4,
      1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15};
  PF_V q = p - (T)0.5, rest = (T)1 - p;
  PF_V tail = PF_FN(select)(p < rest, p, rest), r = PF_FN(root)(-PF_FN(log)(tail));
  PF_I central = PF_FN(absolute)(q) <= (T)0.425, middle = r <= (T)5;
  PF_V z = (T)0.180625 - q * q, m = r - (T)1.6, t = r - (T)5;
  PF_V above = PF_FN(select)(middle, PF_FN(polynomial)(m, c, PF_COUNT(c)), PF_FN(polynomial)(t, e, PF_COUNT(e)));
  PF_V below = PF_FN(select)(middle, PF_FN(polynomial)(m, d, PF_COUNT(d)), PF_FN(polynomial)(t, f, PF_COUNT(f)));
  PF_V x = PF_FN(select)(central, q * PF_FN(polynomial)(z, a, PF_COUNT(a)), PF_FN(with_sign)(above, q)) /
           PF_FN(select)(central, PF_FN(polynomial)(z, b, PF_COUNT(b)), below);
  return PF_FN(select)(tail == (T)0, PF_FN(with_sign)(PF_FN(splat)(PF_INFINITY), q), x);
}
