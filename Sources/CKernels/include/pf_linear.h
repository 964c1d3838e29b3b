/* Linear layers in the batch-innermost layout.
 *
 * A value is `tiles` consecutive blocks, each `features x lanes`, lanes innermost, 64-byte aligned.
 * `lanes` is PF_LANES (64) or 1 (rows of data one by one, `tiles` of them: matrix-vector path).
 * W is row-major `out x in` with leading dimension `ldw`.
 *
 * Block-triangular: `extent[o]` (nullable; non-decreasing in o) is the number of leading columns that row o may
 * use. W[o][k] for k >= extent[o] must be zero; kernels may skip or multiply it. `first_row[k]` (nullable;
 * non-decreasing in k) is the first row o with extent[o] > k (`out` if none): the same mask seen by columns.
 */
#ifndef PF_LINEAR_H
#define PF_LINEAR_H
#include "pf_isa.h"
#include <stdint.h>

enum pf_activation { PF_IDENTITY = 0, PF_RELU = 1, PF_TANH = 2, PF_SILU = 3, PF_ELU = 4, PF_SOFTPLUS = 5, PF_SIGMOID = 6 };

#define PF_DECLARE_LINEAR(T, S)                                                                                       \
  /* Y = activation(W X + bias [+ residual]). bias, residual, pre nullable. pre (shape of Y) gets the pre-activation. */ \
  /* Y may alias residual; otherwise no aliasing. Rows of Y are `out`, of X `in`, per tile. */                        \
  void pf_linear_forward_##S(const T *W, long ldw, const T *bias, const T *X, const T *residual, T *Y, T *pre,        \
                             long out, long in, const int32_t *extent, long tiles, long lanes, int activation);       \
  /* dX = W^T dY (accumulate == 0) or dX += W^T dY. rectified (nullable; only with    \
     accumulate == 0; shape of X): where it is not positive, dX is 0. */                                             \
  void pf_linear_backward_input_##S(const T *W, long ldw, const T *dY, const T *rectified, T *dX, long out, long in,  \
                                    const int32_t *first_row, long tiles, long lanes, int accumulate);                \
  /* dW += dY X^T (entries beyond the extents keep their values), dbias += sum over lanes of dY (nullable). */         \
  /* scratch: at least pf_linear_scratch(in, tiles) elements, 64-byte aligned. */                                     \
  void pf_linear_backward_weight_##S(const T *dY, const T *X, T *dW, long ldw, T *dbias, long out, long in,           \
                                     const int32_t *extent, long tiles, long lanes, T *scratch);                      \
  /* Solves A X = B for X on every lane; A is `n x n` triangular: lower or upper, unit diagonal or not, or transposed. */ \
  /* X may alias B. */                                                                                                \
  void pf_triangular_solve_##S(const T *A, long lda, const T *B, T *X, long n, int upper, int unit, int transposed,   \
                               long tiles, long lanes);                                                               \
  /* Row-major rows x features (leading dimension ld) to tiles and back. Lanes past `rows` repeat the last row on the  \
     way in and are not written on the way out. features x lanes per tile, tiles = ceil(rows / lanes). */             \
  void pf_rows_to_tiles_##S(const T *rows, long ld, T *tiles_out, long row_count, long features, long lanes);         \
  void pf_tiles_to_rows_##S(const T *tiles_in, T *rows, long ld, long row_count, long features, long lanes);

PF_DECLARE_LINEAR(float, f32)
PF_DECLARE_LINEAR(double, f64)

static inline long pf_linear_scratch(long in, long tiles) { return (in + 16) * PF_LANES * (tiles > 0 ? tiles : 1); }
#endif
