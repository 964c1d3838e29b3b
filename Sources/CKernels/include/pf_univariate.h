/* Univariate transformers: the scalar bijections that coupling and autoregressive layers parameterise.
 *
 * x, y: `features x lanes` a tile. params: `features x P x lanes` a tile, the P parameters of a feature consecutive
 * rows. logdet: `1 x lanes` a tile, ACCUMULATED (+=). Forward is data to base. Inverse accumulates the inverse's own
 * log-det. Backward takes the forward's inputs and outputs' gradients dy and dlogdet, and ACCUMULATES into dx and
 * dparams. The `_inverse_backward` of a transformer is the vector-Jacobian product of its inverse.
 *
 * lanes is 64 or 1 (one row alone). No alignment is needed. y may alias x; gradients alias nothing.
 */
#ifndef PF_UNIVARIATE_H
#define PF_UNIVARIATE_H

/* Rational-quadratic spline (Durkan et al. 2019, arXiv:1906.04032): P = 3 * bins - 1: bins unnormalised widths, bins
 * unnormalised heights (softmax, each at least min_bin of the whole), bins - 1 unnormalised interior slopes: slope =
 * min_slope + softplus(u + c) with c such that u = 0 gives slope 1. Knots span [-bound, bound]; outside: identity
 * (end slopes are 1). All parameters zero: the identity.
 *
 * Required: 1 <= bins <= PF_SPLINE_MAX_BINS, bound > 0, 0 < min_bin, min_bin * bins < 1, 0 < min_slope < 1. Results
 * and gradients are finite for every finite x and params; slopes stop growing at u = 2^20. x that is not finite is
 * passed through to y (log-det 0); params that are not finite make y and log-det NaN, a width or height of -inf
 * excepted, which is the smallest bin. Gradients at a knot are those of one of its two bins. */
#define PF_SPLINE_MAX_BINS 64
typedef struct { double bound, min_bin, min_slope; long bins; } pf_spline_shape;

/* Whether the shape meets the requirements. If it does not, the kernels read no parameters and answer NaN. */
int pf_spline_shape_is_valid(const pf_spline_shape *shape);

#define PF_DECLARE_TRANSFORMER(NAME, SHAPE, T, S)                                                                     \
  void pf_##NAME##_forward_##S(SHAPE, const T *x, const T *params, T *y, T *logdet, long features, long tiles,        \
                               long lanes);                                                                           \
  void pf_##NAME##_inverse_##S(SHAPE, const T *y, const T *params, T *x, T *logdet, long features, long tiles,        \
                               long lanes);                                                                           \
  void pf_##NAME##_backward_##S(SHAPE, const T *x, const T *y, const T *params, const T *dy, const T *dlogdet, T *dx,  \
                                T *dparams, long features, long tiles, long lanes);                                   \
  void pf_##NAME##_inverse_backward_##S(SHAPE, const T *y, const T *x, const T *params, const T *dx,                  \
                                        const T *dlogdet, T *dy, T *dparams, long features, long tiles, long lanes);

PF_DECLARE_TRANSFORMER(spline, const pf_spline_shape *shape, float, f32)
PF_DECLARE_TRANSFORMER(spline, const pf_spline_shape *shape, double, f64)

/* The forward map and its backward for training, tiles of PF_LANES: forward leaves in the widths' and heights' rows of
 * params the exponentials of their softmax, which backward, given the same params, needs not compute again; it then
 * leaves the parameters' gradient in their place. dx is added to. */
#define PF_DECLARE_KEPT_SPLINE(T, S)                                                                                  \
  void pf_spline_forward_keeping_##S(const pf_spline_shape *shape, const T *x, T *params, T *y, T *logdet,            \
                                     long features, long tiles);                                                      \
  void pf_spline_backward_kept_##S(const pf_spline_shape *shape, const T *x, T *params, const T *dy,                  \
                                   const T *dlogdet, T *dx, long features, long tiles);
PF_DECLARE_KEPT_SPLINE(float, f32)
PF_DECLARE_KEPT_SPLINE(double, f64)

/* Affine: P = 2: shift, a. log scale = a / (1 + |a| / log_scale_bound); y = x * exp(log scale) + shift.
 * Required: 0 < log_scale_bound, finite. Finite for every finite input short of overflow of the product. */
PF_DECLARE_TRANSFORMER(affine, double log_scale_bound, float, f32)
PF_DECLARE_TRANSFORMER(affine, double log_scale_bound, double, f64)
#endif
