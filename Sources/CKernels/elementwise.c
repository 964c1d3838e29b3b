#include "pf_elementwise.h"
#include <math.h>

/* Re-entrant: plain lgamma writes the global signgam. Hidden by strict C11 headers on some systems, so declared
 * here. */
double lgamma_r(double, int *);

static inline double pf_lgamma(double x) {
  int sign;
  return lgamma_r(x, &sign);
}

/* The derivative of log|Gamma|: reflection, recurrence up to 10, then the asymptotic series (DLMF 5.11.2). */
static double pf_digamma(double x) {
  if (x <= 0) {
    if (x == floor(x)) return NAN;
    return pf_digamma(1 - x) - 3.14159265358979323846 / tan(3.14159265358979323846 * (x - floor(x)));
  }
  double shifted = 0;
  while (x < 10) {
    shifted += 1 / x;
    x += 1;
  }
  const double z = 1 / (x * x);
  const double far = 1.0 / 240 - z * (1.0 / 132 - z * (691.0 / 32760 - z / 12));
  const double series = z * (1.0 / 12 - z * (1.0 / 120 - z * (1.0 / 252 - z * far)));
  return log(x) - 0.5 / x - series - shifted;
}

#define PF_BODY "elementwise_body.h"
#include "multiversion.h"

#define PF_DEFINE_ELEMENTWISE(T, S)                                                                                   \
  PF_DISPATCH(void, pf_unary, S, (int op, const T *x, T *y, long n), (op, x, y, n))                                   \
  PF_DISPATCH(void, pf_unary_backward, S, (int op, const T *x, const T *y, const T *dy, T *dx, long n),               \
              (op, x, y, dy, dx, n))                                                                                  \
  PF_DISPATCH(void, pf_binary, S, (int op, const T *a, const T *b, T *y, long n), (op, a, b, y, n))                   \
  PF_DISPATCH(void, pf_binary_backward, S, (int op, const T *a, const T *b, const T *dy, T *da, T *db, long n),       \
              (op, a, b, dy, da, db, n))                                                                              \
  PF_DISPATCH(void, pf_scale_shift, S, (const T *x, T scale, T shift, T *y, long n), (x, scale, shift, y, n))         \
  PF_DISPATCH(void, pf_axpy, S, (T scale, const T *x, T *y, long n), (scale, x, y, n))                                \
  PF_DISPATCH(void, pf_fill, S, (T *y, T value, long n), (y, value, n))                                               \
  PF_DISPATCH(double, pf_sum, S, (const T *x, long n), (x, n))                                                        \
  PF_DISPATCH(long, pf_count_nonfinite, S, (const T *x, long n), (x, n))                                              \
  PF_DISPATCH(void, pf_sum_features, S, (const T *x, T *y, long features, long tiles, long lanes),                    \
              (x, y, features, tiles, lanes))                                                                         \
  PF_DISPATCH(void, pf_broadcast_features, S, (const T *dy, T *dx, long features, long tiles, long lanes),            \
              (dy, dx, features, tiles, lanes))                                                                       \
  PF_DISPATCH(void, pf_logsumexp_features, S, (const T *x, T *y, long features, long tiles, long lanes),              \
              (x, y, features, tiles, lanes))                                                                         \
  PF_DISPATCH(void, pf_logsumexp_features_backward, S,                                                                \
              (const T *x, const T *y, const T *dy, T *dx, long features, long tiles, long lanes),                    \
              (x, y, dy, dx, features, tiles, lanes))                                                                 \
  PF_DISPATCH(void, pf_standard_normal_log_density, S, (const T *x, T *y, long features, long tiles, long lanes),     \
              (x, y, features, tiles, lanes))                                                                         \
  PF_DISPATCH(void, pf_standard_normal_log_density_backward, S,                                                       \
              (const T *x, const T *dy, T *dx, long features, long tiles, long lanes),                                \
              (x, dy, dx, features, tiles, lanes))                                                                    \
  PF_DISPATCH(void, pf_feature_affine, S,                                                                             \
              (const T *x, const T *scale, const T *shift, T *y, long features, long tiles, long lanes),              \
              (x, scale, shift, y, features, tiles, lanes))                                                           \
  PF_DISPATCH(void, pf_feature_dot, S, (const T *a, const T *b, T *out, long features, long tiles, long lanes),       \
              (a, b, out, features, tiles, lanes))                                                                    \
  PF_DISPATCH(void, pf_gather_features, S,                                                                            \
              (const T *x, const int *index, T *y, long in_features, long out_features, long tiles, long lanes),      \
              (x, index, y, in_features, out_features, tiles, lanes))                                                 \
  PF_DISPATCH(void, pf_scatter_add_features, S,                                                                       \
              (const T *dy, const int *index, T *dx, long in_features, long out_features, long tiles, long lanes),    \
              (dy, index, dx, in_features, out_features, tiles, lanes))

PF_DEFINE_ELEMENTWISE(float, f32)
PF_DEFINE_ELEMENTWISE(double, f64)
