#include "pf_univariate.h"
#include <math.h>

/* Beyond this softplus argument a slope stays what it is, so that no product of slopes overflows a float. */
#define PF_SLOPE_CAP 0x1p20

int pf_spline_shape_is_valid(const pf_spline_shape *s) {
  return s->bins >= 1 && s->bins <= PF_SPLINE_MAX_BINS && s->bound > 0 && s->bound < INFINITY && s->min_bin > 0 &&
         s->min_bin * (double)s->bins < 1 && s->min_slope > 0 && s->min_slope < 1;
}

/* softplus(shift) = 1 - min_slope. */
static double pf_slope_shift(double min_slope) { return log(expm1(1 - min_slope)); }

#define PF_BODY "spline_body.h"
#include "multiversion.h"
#include "univariate_dispatch.h"

PF_DEFINE_TRANSFORMER(spline, const pf_spline_shape *shape, shape, float, f32)
PF_DEFINE_TRANSFORMER(spline, const pf_spline_shape *shape, shape, double, f64)
