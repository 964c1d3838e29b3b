#include "pf_polynomial_spline.h"
#include <math.h>

static int pf_polynomial_shape_is_valid(const pf_polynomial_shape *s) {
  return s->bins >= 1 && s->bins <= PF_POLYNOMIAL_MAX_BINS && s->bound > 0 && s->bound < INFINITY && s->min_bin > 0 &&
         s->min_bin * (double)s->bins < 1 && s->min_slope > 0 && s->min_slope < 1 && (s->degree == 1 || s->degree == 2);
}
static inline long pf_polynomial_rows(const pf_polynomial_shape *s) {
  return s->degree == 1 ? s->bins : 2 * s->bins + 1;
}

#define PF_BODY "polynomial_spline_body.h"
#include "multiversion.h"
#include "univariate_dispatch.h"

PF_DEFINE_TRANSFORMER(polynomial, const pf_polynomial_shape *shape, shape, float, f32)
PF_DEFINE_TRANSFORMER(polynomial, const pf_polynomial_shape *shape, shape, double, f64)
