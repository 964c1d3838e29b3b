/* Splines whose slope is piecewise constant or piecewise linear (Mueller et al. 2019, "Neural importance sampling",
 * arXiv:1808.03856, appendix A), as univariate transformers: conventions of pf_univariate.h.
 *
 * degree 1: P = bins unnormalised masses; the bins are equally wide, the slope in a bin is its mass (softmax, at least
 *   min_bin of the whole) over its width.
 * degree 2: P = 2 * bins + 1: bins unnormalised widths (softmax, at least min_bin), bins + 1 unnormalised slopes at the knots:
 *   slope = min_slope + (1 - min_slope) exp(v) / mean of exp(v) interpolated, so the mean slope is 1.
 * Knots span [-bound, bound]; outside: identity. All parameters zero: the identity. The log-det jumps at the ends (and for
 * degree 1 at every knot).
 *
 * Required: 1 <= bins <= PF_POLYNOMIAL_MAX_BINS, bound > 0, 0 < min_bin, min_bin * bins < 1, 0 < min_slope < 1, degree 1 or 2;
 * otherwise the kernels answer NaN. x that is not finite is passed through to y (log-det 0).
 */
#ifndef PF_POLYNOMIAL_SPLINE_H
#define PF_POLYNOMIAL_SPLINE_H
#include "pf_univariate.h"

#define PF_POLYNOMIAL_MAX_BINS 64
typedef struct { double bound, min_bin, min_slope; long bins; int degree; } pf_polynomial_shape;

PF_DECLARE_TRANSFORMER(polynomial, const pf_polynomial_shape *shape, float, f32)
PF_DECLARE_TRANSFORMER(polynomial, const pf_polynomial_shape *shape, double, f64)
#endif
