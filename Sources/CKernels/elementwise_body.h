/* Body of elementwise.c: one instruction set, one scalar type (see multiversion.h). */
#include "vector_math.h"

/* Runs STATEMENTS over whole vectors at i; `count` lanes of the last may be fewer than PF_VL. */
#define PF_EACH_VECTOR(n, ...)                                                                                        \
  for (long i = 0; i < (n); i += PF_VL) {                                                                             \
    const long count = (n) - i < PF_VL ? (n) - i : PF_VL;                                                             \
    __VA_ARGS__                                                                                                       \
  }
/* 1 is in the domain of every function, so padding raises no floating-point trap. */
PF_INLINE PF_V PF_FN(read)(const T *p, long count) {
  return __builtin_expect(count == PF_VL, 1) ? PF_FN(load)(p) : PF_FN(load_part)(p, count, (T)1);
}
PF_INLINE void PF_FN(write)(T *p, PF_V v, long count) {
  if (__builtin_expect(count == PF_VL, 1)) PF_FN(store)(p, v);
  else PF_FN(store_part)(p, v, count);
}

/* ---- Unary ---- */

#define PF_UNARY_CASE(OP, EXPRESSION)                                                                                 \
  case OP:                                                                                                            \
    PF_EACH_VECTOR(n, PF_V v = PF_FN(read)(x + i, count); PF_FN(write)(y + i, EXPRESSION, count);)                    \
    return;
#define PF_SCALAR_CASE(OP, EXPRESSION)                                                                                \
  case OP:                                                                                                            \
    for (long i = 0; i < n; i++) {                                                                                    \
      const double v = (double)x[i];                                                                                  \
      y[i] = (T)(EXPRESSION);                                                                                         \
    }                                                                                                                 \
    return;

static void PF_FN(pf_unary)(int op, const T *x, T *y, long n) {
  switch (op) {
    PF_UNARY_CASE(PF_OP_EXP, PF_FN(exp)(v))
    PF_UNARY_CASE(PF_OP_LOG, PF_FN(log)(v))
    PF_UNARY_CASE(PF_OP_LOG1P, PF_FN(log1p)(v))
    PF_UNARY_CASE(PF_OP_EXPM1, PF_FN(expm1)(v))
    PF_UNARY_CASE(PF_OP_TANH, PF_FN(tanh)(v))
    PF_UNARY_CASE(PF_OP_SIGMOID, PF_FN(sigmoid)(v))
    PF_UNARY_CASE(PF_OP_SOFTPLUS, PF_FN(softplus)(v))
    PF_UNARY_CASE(PF_OP_SILU, PF_FN(silu)(v))
    /* The comparison is turned round so that NaN stays NaN. */
    PF_UNARY_CASE(PF_OP_RELU, PF_FN(select)(v < (T)0, (PF_V){0}, v))
    PF_UNARY_CASE(PF_OP_ELU, PF_FN(select)(v < (T)0, PF_FN(expm1)(v), v))
    PF_UNARY_CASE(PF_OP_SQRT, PF_FN(root)(v))
    PF_UNARY_CASE(PF_OP_SQUARE, v * v)
    PF_UNARY_CASE(PF_OP_RECIPROCAL, (T)1 / v)
    PF_UNARY_CASE(PF_OP_NEGATE, -v)
    PF_UNARY_CASE(PF_OP_ABS, PF_FN(absolute)(v))
    PF_UNARY_CASE(PF_OP_NORMAL_CDF, PF_FN(normal_cdf)(v))
    PF_UNARY_CASE(PF_OP_NORMAL_QUANTILE, PF_FN(normal_quantile)(v))
    PF_UNARY_CASE(PF_OP_LOG_SIGMOID, PF_FN(log_sigmoid)(v))
    PF_UNARY_CASE(PF_OP_LOGIT, PF_FN(logit)(v))
    PF_UNARY_CASE(PF_OP_SOFT_LIMIT, PF_FN(soft_limit)(v))
    PF_SCALAR_CASE(PF_OP_LGAMMA, pf_lgamma(v))
    PF_SCALAR_CASE(PF_OP_SIN, sin(v))
    PF_SCALAR_CASE(PF_OP_COS, cos(v))
  }
}

#define PF_SLOPE_CASE(OP, EXPRESSION)                                                                                 \
  case OP:                                                                                                            \
    PF_EACH_VECTOR(n, PF_V v = PF_FN(read)(x + i, count), f = PF_FN(read)(y + i, count);                              \
                   PF_V g = PF_FN(read)(dy + i, count), old = PF_FN(read)(dx + i, count);                             \
                   (void)v; (void)f; PF_FN(write)(dx + i, old + g * (EXPRESSION), count);)                            \
    return;
#define PF_SCALAR_SLOPE_CASE(OP, EXPRESSION)                                                                          \
  case OP:                                                                                                            \
    for (long i = 0; i < n; i++) {                                                                                    \
      const double v = (double)x[i];                                                                                  \
      dx[i] += dy[i] * (T)(EXPRESSION);                                                                               \
    }                                                                                                                 \
    return;

/* x sigmoid(x) slopes by sigmoid(x) (1 + x sigmoid(-x)). */
PF_INLINE PF_V PF_FN(silu_slope)(PF_V x) {
  PF_V t = PF_FN(exp)(-PF_FN(absolute)(x)), r = (T)1 / ((T)1 + t), small = t * r;
  PF_I negative = x < (T)0;
  PF_V at = PF_FN(select)(negative, small, r), other = PF_FN(select)(negative, r, small);
  return at * ((T)1 + x * other);
}

static void PF_FN(pf_unary_backward)(int op, const T *x, const T *y, const T *dy, T *dx, long n) {
  const PF_V one = PF_FN(splat)((T)1), zero = {0};
  switch (op) {
    PF_SLOPE_CASE(PF_OP_EXP, f)
    PF_SLOPE_CASE(PF_OP_LOG, (T)1 / v)
    PF_SLOPE_CASE(PF_OP_LOG1P, (T)1 / ((T)1 + v))
    PF_SLOPE_CASE(PF_OP_EXPM1, f + (T)1)
    PF_SLOPE_CASE(PF_OP_TANH, ((T)1 - f) * ((T)1 + f))
    PF_SLOPE_CASE(PF_OP_SIGMOID, f * PF_FN(sigmoid)(-v))
    PF_SLOPE_CASE(PF_OP_SOFTPLUS, PF_FN(sigmoid)(v))
    PF_SLOPE_CASE(PF_OP_SILU, PF_FN(silu_slope)(v))
    PF_SLOPE_CASE(PF_OP_RELU, PF_FN(select)(v > (T)0, one, zero))
    PF_SLOPE_CASE(PF_OP_ELU, PF_FN(select)(v < (T)0, f + (T)1, one))
    PF_SLOPE_CASE(PF_OP_SQRT, (T)0.5 / f)
    PF_SLOPE_CASE(PF_OP_SQUARE, (T)2 * v)
    PF_SLOPE_CASE(PF_OP_RECIPROCAL, -f * f)
    PF_SLOPE_CASE(PF_OP_NEGATE, -one)
    PF_SLOPE_CASE(PF_OP_ABS, PF_FN(select)(v == (T)0, zero, PF_FN(with_sign)(one, v)))
    PF_SLOPE_CASE(PF_OP_NORMAL_CDF, PF_FN(normal_density)(v))
    PF_SLOPE_CASE(PF_OP_NORMAL_QUANTILE, (T)2.5066282746310005024 * PF_FN(exp)((T)0.5 * f * f))
    PF_SLOPE_CASE(PF_OP_LOG_SIGMOID, PF_FN(sigmoid)(-v))
    PF_SLOPE_CASE(PF_OP_LOGIT, (T)1 / (v * ((T)1 - v)))
    PF_SLOPE_CASE(PF_OP_SOFT_LIMIT, PF_FN(select)(PF_FN(absolute)(v) > (T)10, (T)100 / (v * v), one))
    PF_SCALAR_SLOPE_CASE(PF_OP_LGAMMA, pf_digamma(v))
    PF_SCALAR_SLOPE_CASE(PF_OP_SIN, cos(v))
    PF_SCALAR_SLOPE_CASE(PF_OP_COS, -sin(v))
  }
}

/* ---- Binary ---- */

#define PF_BINARY_CASE(OP, EXPRESSION)                                                                                \
  case OP:                                                                                                            \
    PF_EACH_VECTOR(n, PF_V v = PF_FN(read)(a + i, count), w = PF_FN(read)(b + i, count);                              \
                   PF_FN(write)(y + i, EXPRESSION, count);)                                                           \
    return;
static void PF_FN(pf_binary)(int op, const T *a, const T *b, T *y, long n) {
  switch (op) {
    PF_BINARY_CASE(PF_OP_ADD, v + w)
    PF_BINARY_CASE(PF_OP_SUB, v - w)
    PF_BINARY_CASE(PF_OP_MUL, v * w)
    PF_BINARY_CASE(PF_OP_DIV, v / w)
    /* A NaN in either is kept: `v + w` is NaN then. */
    PF_BINARY_CASE(PF_OP_MAX, PF_FN(select)((v == v) & (w == w), PF_FN(larger)(v, w), v + w))
    PF_BINARY_CASE(PF_OP_MIN, PF_FN(select)((v == v) & (w == w), PF_FN(smaller)(v, w), v + w))
  }
}

PF_INLINE void PF_FN(add_into)(T *p, PF_V v, long count) {
  if (p) PF_FN(write)(p, PF_FN(read)(p, count) + v, count);
}
#define PF_BINARY_SLOPE_CASE(OP, TO_A, TO_B)                                                                          \
  case OP:                                                                                                            \
    PF_EACH_VECTOR(n, PF_V v = PF_FN(read)(a + i, count), w = PF_FN(read)(b + i, count);                              \
                   PF_V g = PF_FN(read)(dy + i, count); (void)v; (void)w;                                             \
                   PF_FN(add_into)(da ? da + i : 0, TO_A, count); PF_FN(add_into)(db ? db + i : 0, TO_B, count);)     \
    return;
static void PF_FN(pf_binary_backward)(int op, const T *a, const T *b, const T *dy, T *da, T *db, long n) {
  switch (op) {
    PF_BINARY_SLOPE_CASE(PF_OP_ADD, g, g)
    PF_BINARY_SLOPE_CASE(PF_OP_SUB, g, -g)
    PF_BINARY_SLOPE_CASE(PF_OP_MUL, g * w, g * v)
    PF_BINARY_SLOPE_CASE(PF_OP_DIV, g / w, -(g / w) * (v / w))
    PF_BINARY_SLOPE_CASE(PF_OP_MAX, PF_FN(keep)(v >= w, g), PF_FN(keep)(v < w, g))
    PF_BINARY_SLOPE_CASE(PF_OP_MIN, PF_FN(keep)(v <= w, g), PF_FN(keep)(v > w, g))
  }
}

/* ---- Scaling, filling, counting ---- */

static void PF_FN(pf_scale_shift)(const T *x, T scale, T shift, T *y, long n) {
  PF_EACH_VECTOR(n, PF_FN(write)(y + i, PF_FN(read)(x + i, count) * scale + shift, count);)
}
static void PF_FN(pf_axpy)(T scale, const T *x, T *y, long n) {
  PF_EACH_VECTOR(n, PF_FN(write)(y + i, PF_FN(read)(x + i, count) * scale + PF_FN(read)(y + i, count), count);)
}
static void PF_FN(pf_fill)(T *y, T value, long n) {
  const PF_V v = PF_FN(splat)(value);
  PF_EACH_VECTOR(n, PF_FN(write)(y + i, v, count);)
}
static double PF_FN(pf_sum)(const T *x, long n) {
  double sum[4] = {0};
  long i = 0;
  for (; i + 4 <= n; i += 4)
    for (int k = 0; k < 4; k++) sum[k] += (double)x[i + k];
  for (; i < n; i++) sum[i & 3] += (double)x[i];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}
static long PF_FN(pf_count_nonfinite)(const T *x, long n) {
  long total = 0;
  PF_EACH_VECTOR(n, PF_V v = PF_FN(read)(x + i, count); PF_I bad = ~(PF_FN(absolute)(v) < PF_INFINITY);
                 long found = -(long)__builtin_reduce_add(bad); total += found;)
  return total;
}

/* ---- Reductions over features ---- */

static void PF_FN(pf_sum_features)(const T *x, T *y, long features, long tiles, long lanes) {
  if (lanes == 1) {
    for (long t = 0; t < tiles; t++) y[t] = (T)PF_FN(pf_sum)(x + t * features, features);
    return;
  }
  for (long t = 0; t < tiles; t++, x += features * lanes, y += lanes)
    for (long l = 0; l < lanes; l += PF_VL) {
      PF_V sum = {0};
      for (long f = 0; f < features; f++) sum += PF_FN(load)(x + f * lanes + l);
      PF_FN(store)(y + l, sum);
    }
}
static void PF_FN(pf_broadcast_features)(const T *dy, T *dx, long features, long tiles, long lanes) {
  for (long t = 0; t < tiles; t++, dy += lanes, dx += features * lanes) {
    if (lanes == 1) {
      PF_EACH_VECTOR(features, PF_FN(write)(dx + i, PF_FN(read)(dx + i, count) + dy[0], count);)
      continue;
    }
    for (long f = 0; f < features; f++)
      for (long l = 0; l < lanes; l += PF_VL)
        PF_FN(store)(dx + f * lanes + l, PF_FN(load)(dx + f * lanes + l) + PF_FN(load)(dy + l));
  }
}

/* A maximum that is no number to subtract becomes 0: the exponentials then say -inf, +inf or NaN by themselves. */
PF_INLINE PF_V PF_FN(safe_maximum)(PF_V m) { return PF_FN(keep)(PF_FN(absolute)(m) < PF_INFINITY, m); }

static void PF_FN(pf_logsumexp_features)(const T *x, T *y, long features, long tiles, long lanes) {
  for (long t = 0; t < tiles; t++, x += features * lanes, y += lanes) {
    if (lanes == 1) {
      T top = -PF_INFINITY;
      for (long f = 0; f < features; f++) top = x[f] > top ? x[f] : top;
      const PF_V m = PF_FN(safe_maximum)(PF_FN(splat)(top));
      double sum = 0;
      for (long f = 0; f < features; f += PF_VL) {
        const long count = features - f < PF_VL ? features - f : PF_VL;
        PF_V v = count == PF_VL ? PF_FN(load)(x + f) : PF_FN(load_part)(x + f, count, -PF_INFINITY);
        sum += PF_FN(lane_sum)(PF_FN(exp)(v - m));
      }
      y[0] = (m + PF_FN(log)(PF_FN(splat)((T)sum)))[0];
      continue;
    }
    for (long l = 0; l < lanes; l += PF_VL) {
      PF_V top = PF_FN(splat)(-PF_INFINITY), sum = {0};
      for (long f = 0; f < features; f++) top = PF_FN(larger)(PF_FN(load)(x + f * lanes + l), top);
      top = PF_FN(safe_maximum)(top);
      for (long f = 0; f < features; f++) sum += PF_FN(exp)(PF_FN(load)(x + f * lanes + l) - top);
      PF_FN(store)(y + l, top + PF_FN(log)(sum));
    }
  }
}
/* Where all of a column is -inf no feature has weight: the gradient is 0, not 0/0. */
PF_INLINE PF_V PF_FN(softmax_weight)(PF_V x, PF_V y) { return PF_FN(keep)(y != -PF_INFINITY, PF_FN(exp)(x - y)); }

static void PF_FN(pf_logsumexp_features_backward)(const T *x, const T *y, const T *dy, T *dx, long features, long tiles,
                                                  long lanes) {
  for (long t = 0; t < tiles; t++, x += features * lanes, dx += features * lanes, y += lanes, dy += lanes) {
    if (lanes == 1) {
      const PF_V total = PF_FN(splat)(y[0]);
      PF_EACH_VECTOR(features, PF_V p = PF_FN(softmax_weight)(PF_FN(read)(x + i, count), total);
                     PF_FN(write)(dx + i, PF_FN(read)(dx + i, count) + p * dy[0], count);)
      continue;
    }
    for (long f = 0; f < features; f++)
      for (long l = 0; l < lanes; l += PF_VL) {
        const long at = f * lanes + l;
        PF_V p = PF_FN(softmax_weight)(PF_FN(load)(x + at), PF_FN(load)(y + l));
        PF_FN(store)(dx + at, PF_FN(load)(dx + at) + p * PF_FN(load)(dy + l));
      }
  }
}

static void PF_FN(pf_standard_normal_log_density)(const T *x, T *y, long features, long tiles, long lanes) {
  const T constant = (T)(0.91893853320467274178 * (double)features);
  for (long t = 0; t < tiles; t++, x += features * lanes, y += lanes) {
    if (lanes == 1) {
      double sum = 0;
      for (long f = 0; f < features; f++) sum += (double)x[f] * (double)x[f];
      y[0] += (T)(-0.5 * sum - 0.91893853320467274178 * (double)features);
      continue;
    }
    for (long l = 0; l < lanes; l += PF_VL) {
      PF_V sum = {0};
      for (long f = 0; f < features; f++) {
        PF_V v = PF_FN(load)(x + f * lanes + l);
        sum += v * v;
      }
      PF_FN(store)(y + l, PF_FN(load)(y + l) + ((T)-0.5 * sum - constant));
    }
  }
}
static void PF_FN(pf_standard_normal_log_density_backward)(const T *x, const T *dy, T *dx, long features, long tiles,
                                                           long lanes) {
  for (long t = 0; t < tiles; t++, x += features * lanes, dx += features * lanes, dy += lanes) {
    if (lanes == 1) {
      PF_EACH_VECTOR(features, PF_V v = PF_FN(read)(x + i, count), old = PF_FN(read)(dx + i, count);
                     PF_FN(write)(dx + i, old - v * dy[0], count);)
      continue;
    }
    for (long f = 0; f < features; f++)
      for (long l = 0; l < lanes; l += PF_VL) {
        const long at = f * lanes + l;
        PF_FN(store)(dx + at, PF_FN(load)(dx + at) - PF_FN(load)(x + at) * PF_FN(load)(dy + l));
      }
  }
}

/* ---- Parameters a feature ---- */

static void PF_FN(pf_feature_affine)(const T *x, const T *scale, const T *shift, T *y, long features, long tiles,
                                     long lanes) {
  for (long t = 0; t < tiles; t++, x += features * lanes, y += features * lanes) {
    if (lanes == 1) {
      PF_EACH_VECTOR(features, PF_V v = PF_FN(read)(x + i, count); if (scale) v *= PF_FN(read)(scale + i, count);
                     if (shift) v += PF_FN(read)(shift + i, count); PF_FN(write)(y + i, v, count);)
      continue;
    }
    for (long f = 0; f < features; f++) {
      const T a = scale ? scale[f] : (T)1;
      for (long l = 0; l < lanes; l += PF_VL) {
        PF_V v = PF_FN(load)(x + f * lanes + l);
        PF_FN(store)(y + f * lanes + l, shift ? v * a + shift[f] : v * a);
      }
    }
  }
}
static void PF_FN(pf_feature_dot)(const T *a, const T *b, T *out, long features, long tiles, long lanes) {
  for (long f = 0; f < features; f++) {
    if (lanes == 1) {
      for (long t = 0; t < tiles; t++) out[f] += b ? a[t * features + f] * b[t * features + f] : a[t * features + f];
      continue;
    }
    PF_V sum = {0};
    for (long t = 0; t < tiles; t++)
      for (long l = 0; l < lanes; l += PF_VL) {
        const long at = (t * features + f) * lanes + l;
        PF_V v = PF_FN(load)(a + at);
        sum += b ? v * PF_FN(load)(b + at) : v;
      }
    out[f] += (T)PF_FN(lane_sum)(sum);
  }
}
static void PF_FN(pf_gather_features)(const T *x, const int *index, T *y, long in_features, long out_features,
                                      long tiles, long lanes) {
  for (long t = 0; t < tiles; t++, x += in_features * lanes, y += out_features * lanes)
    for (long r = 0; r < out_features; r++) {
      if (lanes == 1) y[r] = x[index[r]];
      else
        for (long l = 0; l < lanes; l += PF_VL) PF_FN(store)(y + r * lanes + l, PF_FN(load)(x + index[r] * lanes + l));
    }
}
static void PF_FN(pf_scatter_add_features)(const T *dy, const int *index, T *dx, long in_features, long out_features,
                                           long tiles, long lanes) {
  for (long t = 0; t < tiles; t++, dx += in_features * lanes, dy += out_features * lanes)
    for (long r = 0; r < out_features; r++) {
      T *to = dx + index[r] * lanes;
      if (lanes == 1) to[0] += dy[r];
      else
        for (long l = 0; l < lanes; l += PF_VL)
          PF_FN(store)(to + l, PF_FN(load)(to + l) + PF_FN(load)(dy + r * lanes + l));
    }
}
