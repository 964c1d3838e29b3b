/* Scalar roots in double, one element at a time: used by inverses that are not on any training path. */
#include "include/pf_roots.h"
#include <math.h>

/* f(a) = a + (s - 1) tanh(a) - k increases: f'(a) = tanh(a)^2 + s (1 - tanh(a)^2) >= 0. Since |f(a) + k - a| <= |s - 1|,
 * the root lies within |s - 1| of k. */
static double solve(double k, double s) {
  double reach = fabs(s - 1);
  double low = k - reach, high = k + reach, a = k;
  /* Infinite or NaN: so is the root. */
  if (!(reach < HUGE_VAL) || !(fabs(k) < HUGE_VAL)) return k + reach;
  for (int step = 0; step < 80; step++) {
    double t = tanh(a), f = a + (s - 1) * t - k;
    if (f > 0) high = a;
    else low = a;
    if (f == 0) return a;
    double slope = t * t + s * (1 - t * t);
    double next = a - f / slope;
    /* Also catches a slope of zero. */
    if (!(next > low && next < high)) next = low + (high - low) / 2;
    if (fabs(next - a) <= 1e-16 * fabs(a) || high - low <= 2e-16 * fmax(fabs(low), fabs(high))) return next;
    a = next;
  }
  return a;
}

#define PF_DEFINE_ROOTS(T, S)                                                                                         \
  void pf_tanh_root_##S(const T *k, const T *s, T *a, long n) {                                                       \
    for (long i = 0; i < n; i++) a[i] = (T)solve(k[i], s[i]);                                                         \
  }                                                                                                                   \
  void pf_tanh_root_backward_##S(const T *a, const T *s, const T *da, T *dk, T *ds, long n) {                         \
    for (long i = 0; i < n; i++) {                                                                                    \
      double t = tanh((double)a[i]), slope = t * t + s[i] * (1 - t * t), g = da[i] / slope;                           \
      if (dk) dk[i] += (T)g;                                                                                          \
      if (ds) ds[i] -= (T)(g * t);                                                                                    \
    }                                                                                                                 \
  }

PF_DEFINE_ROOTS(float, f32)
PF_DEFINE_ROOTS(double, f64)
