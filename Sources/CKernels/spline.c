#include "pf_univariate.h"
#include <math.h>

/* Beyond this softplus argument a slope stays what it is, so that no product of slopes overflows a float. */
#define PF_SLOPE_CAP 0x1p20

int pf_spline_shape_is_valid(const pf_spline_shape *s) {
  return s->bins >= 1 && s->bins <= PF_SPLINE_MAX_BINS && s->bound > 0 && s->bound < INFINITY && s->min_bin > 0 &&
         s->min_bin * (double)s->bins < 1 && s->min_slope > 0 && s->min_slope < 1;
}

/* softplus(shift) = 1 - min_slope. Each thread remembers the last one: to a single value it is a third of the work. */
static double pf_slope_shift(double min_slope) {
  static _Thread_local double last = -1, shift;
  if (min_slope != last) {
    last = min_slope;
    shift = log(expm1(1 - min_slope));
  }
  return shift;
}

#define PF_BODY "spline_body.h"
#include "multiversion.h"
#include "univariate_dispatch.h"

PF_DEFINE_TRANSFORMER(spline, const pf_spline_shape *shape, shape, float, f32)
PF_DEFINE_TRANSFORMER(spline, const pf_spline_shape *shape, shape, double, f64)

#define PF_DISPATCH_KEPT_SPLINE(T, S)                                                                                  \
  PF_DISPATCH(void, pf_spline_forward_keeping, S,                                                                      \
              (const pf_spline_shape *shape, const T *x, T *params, T *y, T *logdet, long features, long tiles),       \
              (shape, x, params, y, logdet, features, tiles))                                                          \
  PF_DISPATCH(void, pf_spline_backward_kept, S,                                                                        \
              (const pf_spline_shape *shape, const T *x, T *params, const T *dy, const T *dlogdet, T *dx,              \
               long features, long tiles),                                                                             \
              (shape, x, params, dy, dlogdet, dx, features, tiles))

PF_DISPATCH_KEPT_SPLINE(float, f32)
PF_DISPATCH_KEPT_SPLINE(double, f64)
