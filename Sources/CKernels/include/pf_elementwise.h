/* Elementwise functions, their derivatives, and reductions over features.
 *
 * n counts elements (features * lanes * tiles) and may be anything from 0; no alignment is needed. y may alias x unless
 * said otherwise. Backward functions ACCUMULATE into dx. lanes is 64 or 1.
 *
 * Largest errors in ulps over all arguments, subnormal results included (measured; AVX-512, AVX2 and baseline differ by
 * less than half an ulp). sqrt, reciprocal and the rest without mention are correctly rounded or exact.
 *
 *                    float  double                      float  double                      float  double
 *   exp               1      1       sigmoid             2.5    2.5     normal cdf          4.5    5.5
 *   log               0.8    0.8     softplus            2      1.5     normal quantile     2.5    6
 *   log1p             0.8    0.8     log sigmoid         2.2    1.5     logit               2.9    2
 *   expm1             1.2    1.2     silu                2.7    2.8     lgamma, sin, cos    0.5    the C library's
 *   tanh              1.3    1.4
 *
 * The left tail of the normal cdf is relatively accurate down to the smallest subnormal; its quantile takes (0, 1)
 * whole, gives infinities at 0 and 1 and NaN outside. NaN in, NaN out (max and min as well). Derivatives are finite wherever
 * they mathematically are and fit the type; at kinks relu and abs have slope 0, elu 1; max and min give a tie to `a`.
 */
#ifndef PF_ELEMENTWISE_H
#define PF_ELEMENTWISE_H

enum pf_unary_op {
  PF_OP_EXP = 0, PF_OP_LOG, PF_OP_LOG1P, PF_OP_EXPM1, PF_OP_TANH, PF_OP_SIGMOID, PF_OP_SOFTPLUS, PF_OP_SILU, PF_OP_RELU,
  PF_OP_ELU, PF_OP_SQRT, PF_OP_SQUARE, PF_OP_RECIPROCAL, PF_OP_NEGATE, PF_OP_ABS, PF_OP_NORMAL_CDF,
  PF_OP_NORMAL_QUANTILE,
  PF_OP_LGAMMA, PF_OP_SIN, PF_OP_COS, PF_OP_LOG_SIGMOID, PF_OP_LOGIT,
  PF_OP_SOFT_LIMIT /* x within [-10, 10], sign(x) (20 - 100 / |x|) beyond: one continuous slope, never beyond 20 */
};
enum pf_binary_op { PF_OP_ADD = 0, PF_OP_SUB, PF_OP_MUL, PF_OP_DIV, PF_OP_MAX, PF_OP_MIN };

#define PF_DECLARE_ELEMENTWISE(T, S)                                                                                  \
  void pf_unary_##S(int op, const T *x, T *y, long n);                                                                \
  /* dx += dy * f'(x); y = f(x) is at hand. */                                                                        \
  void pf_unary_backward_##S(int op, const T *x, const T *y, const T *dy, T *dx, long n);                             \
  void pf_binary_##S(int op, const T *a, const T *b, T *y, long n);                                                   \
  /* da += ..., db += ... (either nullable). */                                                                       \
  void pf_binary_backward_##S(int op, const T *a, const T *b, const T *dy, T *da, T *db, long n);                     \
  /* y = scale * x + shift */                                                                                         \
  void pf_scale_shift_##S(const T *x, T scale, T shift, T *y, long n);                                                \
  /* y += scale * x */                                                                                                \
  void pf_axpy_##S(T scale, const T *x, T *y, long n);                                                                \
  void pf_fill_##S(T *y, T value, long n);                                                                            \
  /* Sum in double, four fixed partial sums: the same bits for every instruction set is NOT promised. */              \
  double pf_sum_##S(const T *x, long n);                                                                              \
  /* Elements that are NaN or infinite. */                                                                            \
  long pf_count_nonfinite_##S(const T *x, long n);                                                                    \
  /* y (1 x lanes a tile) = sum over features. */                                                                     \
  void pf_sum_features_##S(const T *x, T *y, long features, long tiles, long lanes);                                  \
  /* dx (features x lanes) += dy (1 x lanes) for every feature. */                                                    \
  void pf_broadcast_features_##S(const T *dy, T *dx, long features, long tiles, long lanes);                          \
  /* y = log sum over features of exp(x), -inf rows handled. */                                                       \
  void pf_logsumexp_features_##S(const T *x, T *y, long features, long tiles, long lanes);                            \
  /* dx += dy * exp(x - y). */                                                                                        \
  void pf_logsumexp_features_backward_##S(const T *x, const T *y, const T *dy, T *dx, long features, long tiles,      \
                                          long lanes);                                                                \
  /* y += -1/2 sum over features of x^2 - features/2 log(2 pi): the standard normal's log-density. */                 \
  void pf_standard_normal_log_density_##S(const T *x, T *y, long features, long tiles, long lanes);                   \
  /* dx += -x * dy. */                                                                                                \
  void pf_standard_normal_log_density_backward_##S(const T *x, const T *dy, T *dx, long features, long tiles,         \
                                                   long lanes);                                                       \
  /* Per-feature affine with parameters: y[f] = x[f] * scale[f] + shift[f]; scale, shift nullable. */                 \
  void pf_feature_affine_##S(const T *x, const T *scale, const T *shift, T *y, long features, long tiles, long lanes); \
  /* out[f] += sum over lanes of a[f] * b[f]   (b nullable: sum of a). */                                             \
  void pf_feature_dot_##S(const T *a, const T *b, T *out, long features, long tiles, long lanes);                     \
  /* Row gather within each tile: y row r = x row index[r]. y has `out_features`, x `in_features` rows a tile. */     \
  void pf_gather_features_##S(const T *x, const int *index, T *y, long in_features, long out_features, long tiles,    \
                              long lanes);                                                                            \
  /* dx row index[r] += dy row r. */                                                                                  \
  void pf_scatter_add_features_##S(const T *dy, const int *index, T *dx, long in_features, long out_features,         \
                                   long tiles, long lanes);

PF_DECLARE_ELEMENTWISE(float, f32)
PF_DECLARE_ELEMENTWISE(double, f64)
#endif
