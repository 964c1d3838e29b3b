/* Vector mathematics for bodies (see multiversion.h): include once at the top of a body, inside the multiversion
 * pass.
 *
 * Everything works on PF_V, a vector of PF_VL scalars T as wide as the instruction set is comfortable with. All
 * functions are branch-free and total: zeros, subnormals, infinities and NaN give what IEEE 754 or the limit says
 * unless a narrower domain is stated. They rely on strict (not reassociated) arithmetic; contraction to FMA within
 * an expression is welcome. Maximum errors are stated in pf_elementwise.h, which exposes the same functions, and are
 * tested there.
 */
#include <stdint.h>

#ifndef PF_VECTOR_MATH_NAMES
#define PF_VECTOR_MATH_NAMES
#define PF_V PF_FN(vector)
#define PF_I PF_FN(ivector)
#define PF_U PF_FN(uvector)
#define PF_INT PF_FN(integer)
#define PF_VL ((long)(PF_VB / sizeof(T)))
#define PF_INFINITY ((T)__builtin_inf())
#define PF_NAN ((T)__builtin_nan(""))
#define PF_COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* Constants of the two formats. Adding the rounder leaves a small number rounded to whole in the low mantissa bits. */
#define PF_PICK(float_value, double_value) (PF_DOUBLE ? (T)(double_value) : (T)(float_value))
#define PF_PICK_BITS(float_value, double_value)                                                                       \
  (PF_DOUBLE ? (PF_FN(unsigned))(double_value) : (PF_FN(unsigned))(float_value))
#define PF_MANTISSA_BITS PF_PICK_BITS(23, 52)
#define PF_EXPONENT_BIAS PF_PICK(127, 1023)
#define PF_SMALLEST_NORMAL PF_PICK(0x1p-126, 0x1p-1022)
#define PF_ROUNDER PF_PICK(0x1.8p23, 0x1.8p52)
#define PF_WHOLE PF_PICK(0x1p23, 0x1p52)
#define PF_WHOLE_BITS PF_PICK_BITS(0x4b000000, 0x4330000000000000)
#define PF_ONE_BITS PF_PICK_BITS(0x3f800000, 0x3ff0000000000000)
/* The bits of 1 less those of sqrt(1/2): carries mantissas from sqrt(2) up into the exponent. */
#define PF_ONE_LESS_ROOT_HALF_BITS PF_PICK_BITS(0x004afb0d, 0x00095f619980c433)
#define PF_LOG2_E PF_PICK(0x1.715476p+0, 0x1.71547652b82fep+0)
/* log 2 in two parts, the first short enough that its product with an exponent is exact. */
#define PF_LN2_HIGH PF_PICK(0x1.63p-1, 0x1.62e42fee00000p-1)
#define PF_LN2_LOW PF_PICK(-0x1.bd0106p-13, 0x1.a39ef35793c76p-33)
#define PF_EXP_NORMAL_LOW PF_PICK(-87, -708)
#define PF_EXP_ZERO PF_PICK(-120, -800)
#define PF_EXP_INFINITE PF_PICK(89, 710)
#define PF_EXPM1_MINUS_ONE PF_PICK(-20, -40)
#define PF_EXPM1_LINEAR PF_PICK(0x1p-26, 0x1p-55)
#define PF_GAUSSIAN_ZERO PF_PICK(300, 2000)
#define PF_NORMAL_CDF_ZERO PF_PICK(15, 39)
#endif

#if PF_DOUBLE
typedef int64_t PF_INT;
typedef uint64_t PF_FN(unsigned);
#else
typedef int32_t PF_INT;
typedef uint32_t PF_FN(unsigned);
#endif
typedef T PF_V __attribute__((vector_size(PF_VB)));
typedef PF_INT PF_I __attribute__((vector_size(PF_VB)));
typedef PF_FN(unsigned) PF_U __attribute__((vector_size(PF_VB)));
typedef T PF_FN(loose) __attribute__((vector_size(PF_VB), aligned(sizeof(T)), may_alias));

/* ---- Moving and choosing ---- */

PF_INLINE PF_V PF_FN(load)(const T *p) { return *(const PF_FN(loose) *)p; }
PF_INLINE void PF_FN(store)(T *p, PF_V v) { *(PF_FN(loose) *)p = v; }
/* Lanes past `count` read `fill`. */
PF_INLINE PF_V PF_FN(load_part)(const T *p, long count, T fill) {
  T lane[PF_VB / sizeof(T)];
  for (long i = 0; i < PF_VL; i++) lane[i] = i < count ? p[i] : fill;
  return PF_FN(load)(lane);
}
PF_INLINE void PF_FN(store_part)(T *p, PF_V v, long count) {
  T lane[PF_VB / sizeof(T)];
  PF_FN(store)(lane, v);
  for (long i = 0; i < count; i++) p[i] = lane[i];
}
PF_INLINE PF_V PF_FN(splat)(T x) {
  PF_V zero = {0};
  return x - zero;
}
/* mask lanes are all ones (a comparison's true) or all zeros. */
PF_INLINE PF_V PF_FN(select)(PF_I mask, PF_V a, PF_V b) { return (PF_V)((mask & (PF_I)a) | (~mask & (PF_I)b)); }
PF_INLINE PF_V PF_FN(keep)(PF_I mask, PF_V a) { return (PF_V)(mask & (PF_I)a); }
/* b where either is NaN. */
PF_INLINE PF_V PF_FN(larger)(PF_V a, PF_V b) { return PF_FN(select)(a > b, a, b); }
PF_INLINE PF_V PF_FN(smaller)(PF_V a, PF_V b) { return PF_FN(select)(a < b, a, b); }
PF_INLINE PF_V PF_FN(absolute)(PF_V x) { return __builtin_elementwise_abs(x); }
PF_INLINE PF_V PF_FN(root)(PF_V x) { return __builtin_elementwise_sqrt(x); }
PF_INLINE PF_V PF_FN(with_sign)(PF_V magnitude, PF_V sign) {
  PF_I bit = (PF_I)PF_FN(splat)((T)-0.0);
  return (PF_V)(((PF_I)magnitude & ~bit) | ((PF_I)sign & bit));
}
/* The sum of the lanes, in a fixed order. */
PF_INLINE double PF_FN(lane_sum)(PF_V v) {
  double sum = 0;
  for (int i = 0; i < PF_VL; i++) sum += (double)v[i];
  return sum;
}
/* c[0] + c[1] x + ... by Horner's rule. */
PF_INLINE PF_V PF_FN(polynomial)(PF_V x, const T *c, int count) {
  PF_V sum = PF_FN(splat)(c[count - 1]);
#pragma clang loop unroll(full)
  for (int i = count - 2; i >= 0; i--) sum = sum * x + c[i];
  return sum;
}
/* a * a - square exactly, where square = a * a rounded and no overflow happens (Dekker 1971 without FMA). */
PF_INLINE PF_V PF_FN(square_error)(PF_V a, PF_V square) {
#if PF_HAS_FMA
  return __builtin_elementwise_fma(a, a, -square);
#else
  PF_V high = (PF_V)((PF_I)a & (PF_DOUBLE ? (PF_INT)-0x8000000LL : (PF_INT)-0x1000)), low = a - high;
  return ((high * high - square) + (T)2 * high * low) + low * low;
#endif
}

PF_INLINE PF_V PF_FN(log)(PF_V x);
#if PF_DOUBLE
#include "vector_math_f64.h"
#else
#include "vector_math_f32.h"
#endif

/* ---- Exponentials ---- */

/* 2^k for whole k in the normal exponent range: k lands in the low mantissa bits, then in the exponent field. */
PF_INLINE PF_V PF_FN(exp2_whole)(PF_V k) {
  return (PF_V)((PF_I)(k + (PF_ROUNDER + PF_EXPONENT_BIAS)) << (PF_INT)PF_MANTISSA_BITS);
}

/* exp for x in PF_EXP_NORMAL_LOW ... PF_EXP_NORMAL_HIGH (a normal result), anything finite outside. */
PF_INLINE PF_V PF_FN(exp_normal)(PF_V x) {
  PF_V k = (x * PF_LOG2_E + PF_ROUNDER) - PF_ROUNDER, r = (x - k * PF_LN2_HIGH) - k * PF_LN2_LOW;
  return ((T)1 + (r + r * r * PF_FN(expm1_tail)(r))) * PF_FN(exp2_whole)(k);
}
/* exp for x <= 0, within 2 ulps for x > -10 and 5 everywhere, where a result below PF_EXP_NORMAL_LOW's may as well
 * be that: softmax after the maximum is subtracted. The exponent's bias rides on the rounder, so that one shift
 * makes 2^k. */
PF_INLINE PF_V PF_FN(exp_softmax)(PF_V x) {
  x = PF_FN(select)(x < PF_EXP_NORMAL_LOW, PF_FN(splat)(PF_EXP_NORMAL_LOW), x);
  PF_V biased = x * PF_LOG2_E + (PF_ROUNDER + PF_EXPONENT_BIAS), k = biased - (PF_ROUNDER + PF_EXPONENT_BIAS);
#if PF_HAS_FMA
  PF_V r = x - k * (T)0.69314718055994530942;
#else
  PF_V r = (x - k * PF_LN2_HIGH) - k * PF_LN2_LOW;
#endif
  return (PF_FN(exp_short)(r) * r + (T)1) * (PF_V)((PF_I)biased << (PF_INT)PF_MANTISSA_BITS);
}

/* exp(x) as a product of two: *scale is a power of two that makes it subnormal, zero or infinite if anything does. */
PF_INLINE PF_V PF_FN(exp_split)(PF_V x, PF_V *scale) {
  PF_V low = PF_FN(splat)(PF_EXP_ZERO), high = PF_FN(splat)(PF_EXP_INFINITE);
  x = PF_FN(select)(x < low, low, x);
  x = PF_FN(select)(x > high, high, x);
  PF_V k = (x * PF_LOG2_E + PF_ROUNDER) - PF_ROUNDER, r = (x - k * PF_LN2_HIGH) - k * PF_LN2_LOW;
  PF_V half = (k * (T)0.5 + PF_ROUNDER) - PF_ROUNDER;
  *scale = PF_FN(exp2_whole)(k - half);
  return ((T)1 + (r + r * r * PF_FN(expm1_tail)(r))) * PF_FN(exp2_whole)(half);
}
/* exp(x) * factor, for factors of at least 1e-3: a subnormal result is rounded once. */
PF_INLINE PF_V PF_FN(exp_times)(PF_V x, PF_V factor) {
  PF_V scale, e = PF_FN(exp_split)(x, &scale);
  return e * factor * scale;
}
PF_INLINE PF_V PF_FN(exp)(PF_V x) {
  PF_V scale, e = PF_FN(exp_split)(x, &scale);
  return e * scale;
}

PF_INLINE PF_V PF_FN(expm1)(PF_V x) {
  PF_V original = x, low = PF_FN(splat)(PF_EXPM1_MINUS_ONE), high = PF_FN(splat)(PF_EXP_INFINITE);
  x = PF_FN(select)(x < low, low, x);
  x = PF_FN(select)(x > high, high, x);
  PF_V k = (x * PF_LOG2_E + PF_ROUNDER) - PF_ROUNDER, first = x - k * PF_LN2_HIGH;
  PF_V second = k * PF_LN2_LOW, r = first - second;
  /* 2^k (1 + r + tail) - 1, everything halved so that 2^k of the largest results does not overflow. */
  PF_V scale = PF_FN(exp2_whole)(k - (T)1), tail = r * r * PF_FN(expm1_tail)(r) - second;
  PF_V y = (T)2 * ((scale * first + (scale - (T)0.5)) + scale * tail);
  return PF_FN(select)(PF_FN(absolute)(original) < PF_EXPM1_LINEAR, original, y);
}

/* ---- Logarithms ---- */

/* u = m 2^e for positive normal u, m in [sqrt(1/2), sqrt(2)). */
PF_INLINE PF_V PF_FN(split_exponent)(PF_V u, PF_V *e) {
  PF_U t = (PF_U)u + PF_ONE_LESS_ROOT_HALF_BITS;
  PF_U exponent = t >> PF_MANTISSA_BITS;
  *e = (PF_V)(exponent | PF_WHOLE_BITS) - (PF_WHOLE + PF_EXPONENT_BIAS);
  return (PF_V)((PF_U)u - (exponent << PF_MANTISSA_BITS) + PF_ONE_BITS);
}
/* log for positive, finite, normal u. */
PF_INLINE PF_V PF_FN(log_normal)(PF_V u) {
  PF_V e, m = PF_FN(split_exponent)(u, &e);
  return PF_FN(log_combine)(e, m - (T)1, (PF_V){0});
}
PF_INLINE PF_V PF_FN(log)(PF_V x) {
  PF_I tiny = x < PF_SMALLEST_NORMAL;
  PF_V e, m = PF_FN(split_exponent)(PF_FN(select)(tiny, x * PF_WHOLE, x), &e);
  e -= PF_FN(keep)(tiny, PF_FN(splat)((T)PF_MANTISSA_BITS));
  PF_V y = PF_FN(log_combine)(e, m - (T)1, (PF_V){0});
  y = PF_FN(select)(x < PF_INFINITY, y, x);
  PF_V edge = PF_FN(select)(x == (T)0, PF_FN(splat)(-PF_INFINITY), PF_FN(splat)(PF_NAN));
  return PF_FN(select)(x > (T)0, y, edge);
}
PF_INLINE PF_V PF_FN(log1p)(PF_V x) {
  PF_V u = x + (T)1, moved = u - x, lost = ((T)1 - moved) + (x - (u - moved));
  PF_V e, m = PF_FN(split_exponent)(u, &e);
  PF_I unscaled = e == (T)0;
  PF_V f = PF_FN(select)(unscaled, x, m - (T)1);
  PF_V y = PF_FN(log_combine)(e, f, PF_FN(select)(unscaled, (PF_V){0}, lost / u));
  y = PF_FN(select)(x < PF_INFINITY, y, x);
  PF_V edge = PF_FN(select)(x == (T)-1, PF_FN(splat)(-PF_INFINITY), PF_FN(splat)(PF_NAN));
  y = PF_FN(select)(x > (T)-1, y, edge);
  return PF_FN(select)(x == (T)0, x, y);
}
/* log(x / (1 - x)); near 1/2 as log1p of (2x - 1) / (1 - x), whose numerator is exact there. */
PF_INLINE PF_V PF_FN(logit)(PF_V x) {
  PF_V rest = (T)1 - x;
  PF_V below = PF_FN(log)(x / rest), above = PF_FN(log1p)(((T)2 * x - (T)1) / rest);
  return PF_FN(select)(x < (T)0.25, below, above);
}

/* ---- Activations ---- */

/* log(1 + exp(x)) */
PF_INLINE PF_V PF_FN(softplus)(PF_V x) {
  PF_V positive = PF_FN(select)(x > (T)0, x, (PF_V){0});
  return positive + PF_FN(log1p_unit)(PF_FN(exp)(-PF_FN(absolute)(x)));
}
PF_INLINE PF_V PF_FN(log_sigmoid)(PF_V x) { return -PF_FN(softplus)(-x); }
PF_INLINE PF_V PF_FN(sigmoid)(PF_V x) {
  PF_V t = PF_FN(exp)(-PF_FN(absolute)(x)), r = (T)1 / ((T)1 + t);
  return PF_FN(select)(x < (T)0, t * r, r);
}
/* x sigmoid(x); on the left exp(x) times x / (1 + exp(x)), so that a subnormal sigmoid costs no digits. */
PF_INLINE PF_V PF_FN(silu)(PF_V x) {
  PF_V scale, e = PF_FN(exp_split)(-PF_FN(absolute)(x), &scale), low = PF_FN(splat)(PF_EXP_ZERO);
  PF_V weight = x / ((T)1 + e * scale);
  PF_V left = e * PF_FN(select)(weight < low, low, weight) * scale;
  return PF_FN(select)(x < (T)0, left, weight);
}
PF_INLINE PF_V PF_FN(tanh)(PF_V x) {
  PF_V a = PF_FN(absolute)(x), z = x * x;
  PF_V near = x + x * (z * PF_FN(tanh_tail)(z));
  PF_V high = PF_FN(splat)((T)40), twice = (T)2 * a;
  twice = PF_FN(select)(twice > high, high, twice);
  PF_V far = (T)1 - (T)2 / (PF_FN(exp_normal)(twice) + (T)1);
  return PF_FN(select)(a < (T)0.625, near, PF_FN(with_sign)(far, x));
}

/* See PF_OP_SOFT_LIMIT. A NaN compares false and stays itself. */
PF_INLINE PF_V PF_FN(soft_limit)(PF_V x) {
  PF_V size = PF_FN(absolute)(x);
  return PF_FN(select)(size > (T)10, PF_FN(with_sign)((T)20 - (T)100 / size, x), x);
}

/* ---- The normal distribution ---- */

/* exp(-x^2 / 2) factor: the square's rounding error, which exp would amplify, goes in as a correction. */
PF_INLINE PF_V PF_FN(gaussian_times)(PF_V x, PF_V factor) {
  PF_V square = x * x, error = PF_FN(square_error)(x, square);
  error = PF_FN(select)(square < PF_GAUSSIAN_ZERO, error, (PF_V){0});
  return PF_FN(exp_times)((T)-0.5 * square, factor - (T)0.5 * error * factor);
}
/* Distribution function of the standard normal, relatively accurate in the left tail: a power series in the middle,
 * else Mills's ratio times the density, the ratio as 1 / (t + c) times a polynomial in (t - c) / (t + c). */
PF_INLINE PF_V PF_FN(normal_cdf)(PF_V x) {
  PF_V t = PF_FN(absolute)(x);
  t = PF_FN(select)(t > PF_NORMAL_CDF_ZERO, PF_FN(splat)(PF_NORMAL_CDF_ZERO), t);
  PF_V tail = PF_FN(gaussian_times)(t, PF_FN(mills_half)(t));
  PF_V outside = PF_FN(select)(x > (T)0, (T)1 - tail, tail);
  return PF_FN(select)(t < (T)0.6875, (T)0.5 + x * PF_FN(normal_centre)(x * x), outside);
}
/* Density of the standard normal. */
PF_INLINE PF_V PF_FN(normal_density)(PF_V x) {
  return PF_FN(gaussian_times)(x, PF_FN(splat)((T)0.39894228040143267793994605993438));
}
