/* Part of vector_math.h for float: minimax polynomials, fitted by Remez exchanges to minimise the relative error. */

/* (exp(r) - 1 - r) / r^2 for |r| <= log(2) / 2; relative error of expm1 4.6e-10. */
PF_INLINE PF_V PF_FN(expm1_tail)(PF_V r) {
  static const T c[] = {0x1p-1f, 0x1.555554p-3f, 0x1.5554eap-5f, 0x1.1113acp-7f, 0x1.6d4c7ep-10f, 0x1.9c5aecp-13f};
  return PF_FN(polynomial)(r, c, PF_COUNT(c));
}
/* (exp(r) - 1) / r on the same interval, for fewer operations; relative error of exp 3.2e-9. */
PF_INLINE PF_V PF_FN(exp_short)(PF_V r) {
  static const T c[] = {1, 0x1.fffffcp-2f, 0x1.55548cp-3f, 0x1.555858p-5f, 0x1.123df2p-7f, 0x1.6ac86p-10f};
  return PF_FN(polynomial)(r, c, PF_COUNT(c));
}
/* e log 2 + log(1 + f) + correction; f in [sqrt(1/2) - 1, sqrt(2) - 1]. */
PF_INLINE PF_V PF_FN(log_combine)(PF_V e, PF_V f, PF_V correction) {
  static const T c[] = {
      0x1.555548p-2f, -0x1.000012p-2f, 0x1.99a454p-3f, -0x1.555844p-3f, 0x1.233ca6p-3f, -0x1.fcaf82p-4f,
      0x1.e734a6p-4f, -0x1.daf212p-4f, 0x1.0f8164p-4f};
  PF_V square = f * f, rest = f * square * PF_FN(polynomial)(f, c, PF_COUNT(c)) + (e * PF_LN2_LOW + correction);
  return e * PF_LN2_HIGH + (f + (rest - (T)0.5 * square));
}
/* log(1 + t) for t in [0, 1]; relative error 9e-10. */
PF_INLINE PF_V PF_FN(log1p_unit)(PF_V t) {
  static const T c[] = {
      0x1.fffff8p-2f, -0x1.5553b6p-2f, 0x1.ffc59ep-3f, -0x1.978b54p-3f, 0x1.4a72b2p-3f, -0x1.ff28d8p-4f,
      0x1.54f16cp-4f, -0x1.58ff44p-5f, 0x1.c0a2p-7f, -0x1.113634p-9f};
  return t - t * t * PF_FN(polynomial)(t, c, PF_COUNT(c));
}
/* (tanh(x) / x - 1) / x^2 as a function of z = x^2 <= 0.625^2. */
PF_INLINE PF_V PF_FN(tanh_tail)(PF_V z) {
  static const T c[] = {
      -0x1.555554p-2f, 0x1.11107ap-3f, -0x1.b9f188p-5f, 0x1.63a55p-6f, -0x1.0c5edp-7f, 0x1.1a2818p-9f};
  return PF_FN(polynomial)(z, c, PF_COUNT(c));
}
/* The upper tail of the standard normal over exp(-t^2 / 2), for t in [0, 15]. */
PF_INLINE PF_V PF_FN(mills_half)(PF_V t) {
  static const T c[] = {
      0x1.82b4bcp-1f, -0x1.373e3ap-1f, 0x1.8c6dbap-2f, -0x1.7dff04p-3f, 0x1.eec83p-5f, -0x1.ee5408p-8f,
      -0x1.c9a2ecp-9f, 0x1.ad11bep-10f, 0x1.66e86ep-13f, -0x1.d07ecap-13f, -0x1.826864p-15f};
  PF_V inverse = (T)1 / (t + (T)4);
  return inverse * PF_FN(polynomial)((t - (T)4) * inverse, c, PF_COUNT(c));
}
/* (Phi(x) - 1/2) / x as a function of z = x^2 <= 0.7^2. */
PF_INLINE PF_V PF_FN(normal_centre)(PF_V z) {
  static const T c[] = {0x1.988454p-2f, -0x1.1058f2p-4f, 0x1.4707d4p-7f, -0x1.3c4e8p-10f, 0x1.0dbda4p-13f};
  return PF_FN(polynomial)(z, c, PF_COUNT(c));
}
/* Quantile of the standard normal. With w = -log(4p(1 - p)): (p - 1/2) times a polynomial in w for w <= 5, else sqrt(w)
 * times a polynomial in 1 / sqrt(w) (the split of Giles 2010, "Approximating the erfinv function", refitted so that the
 * tail reaches the smallest subnormal). 0 and 1 give infinities, outside [0, 1] NaN. */
PF_INLINE PF_V PF_FN(normal_quantile)(PF_V p) {
  static const T centre[] = {
      0x1.40d932p+1f, 0x1.4ffde8p-1f, 0x1.0b976cp-5f, -0x1.b0bbc2p-8f, -0x1.79a5bep-12f, 0x1.0800c8p-13f,
      0x1.7b32bp-17f, -0x1.7764dap-18f, 0x1.4fac84p-21f, -0x1.ab0604p-26f};
  static const T tail[] = {
      0x1.5b899cp+0f, -0x1.1f04ccp-2f, 0x1.d0b1fap-4f, 0x1.90e6dcp-1f, -0x1.3b772ep+0f, 0x1.3f8a58p+0f,
      -0x1.4b385p+2f, -0x1.c701a6p+1f, 0x1.7a1c26p+3f, 0x1.954a62p+7f, -0x1.c76516p+8f};
  PF_V q = p - (T)0.5, w = -PF_FN(log)((T)4 * p * ((T)1 - p)), s = PF_FN(root)(w);
  PF_V near = q * PF_FN(polynomial)(w, centre, PF_COUNT(centre));
  PF_V far = s * PF_FN(polynomial)((T)1 / s - (T)0.25, tail, PF_COUNT(tail));
  return PF_FN(select)(w > (T)5, PF_FN(with_sign)(far, q), near);
}
