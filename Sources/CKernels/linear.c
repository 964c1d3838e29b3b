#include "pf_linear.h"
#include "pf_made.h"
#include <math.h>
#define PF_BODY "linear_body.h"
#include "multiversion.h"

#define PF_DISPATCH_LINEAR(T, S)                                                                                       \
  PF_DISPATCH(void, pf_linear_forward, S,                                                                              \
              (const T *W, long ldw, const T *bias, const T *X, const T *residual, T *Y, T *pre, long out, long in,    \
               const int32_t *extent, long tiles, long lanes, int activation),                                         \
              (W, ldw, bias, X, residual, Y, pre, out, in, extent, tiles, lanes, activation))                          \
  PF_DISPATCH(void, pf_linear_backward_input, S,                                                                       \
              (const T *W, long ldw, const T *dY, const T *rectified, T *dX, long out, long in,                        \
               const int32_t *first_row, long tiles, long lanes, int accumulate),                                      \
              (W, ldw, dY, rectified, dX, out, in, first_row, tiles, lanes, accumulate))                               \
  PF_DISPATCH(void, pf_linear_backward_weight, S,                                                                      \
              (const T *dY, const T *X, T *dW, long ldw, T *dbias, long out, long in, const int32_t *extent,           \
               long tiles, long lanes, T *scratch),                                                                    \
              (dY, X, dW, ldw, dbias, out, in, extent, tiles, lanes, scratch))                                         \
  PF_DISPATCH(void, pf_triangular_solve, S,                                                                            \
              (const T *A, long lda, const T *B, T *X, long n, int upper, int unit, int transposed, long tiles,        \
               long lanes),                                                                                            \
              (A, lda, B, X, n, upper, unit, transposed, tiles, lanes))                                                \
  PF_DISPATCH(void, pf_rows_to_tiles, S,                                                                               \
              (const T *rows, long ld, T *tiles_out, long row_count, long features, long lanes),                       \
              (rows, ld, tiles_out, row_count, features, lanes))                                                       \
  PF_DISPATCH(void, pf_tiles_to_rows, S,                                                                               \
              (const T *tiles_in, T *rows, long ld, long row_count, long features, long lanes),                        \
              (tiles_in, rows, ld, row_count, features, lanes))                                                        \
  PF_DISPATCH(void, pf_made_inverse, S,                                                                                \
              (const pf_made *made, const T *parameters, const T *context, const T *z, T *x, T *logdet, T *scratch,    \
               long tiles, long lanes),                                                                                \
              (made, parameters, context, z, x, logdet, scratch, tiles, lanes))

PF_DISPATCH_LINEAR(float, f32)
PF_DISPATCH_LINEAR(double, f64)

long pf_made_scratch(const pf_made *made, long lanes) {
  long units = 0;
  for (long l = 0; l < made->hidden_count; l++) units += (made->layer[l].rows * lanes + 15) / 16 * 16;
  const long block = made->parameter_count < PF_MADE_ENOUGH_UNITS ? PF_MADE_BLOCK_UNITS : 1;
  return (made->residual ? 2 : 1) * units + (made->context + made->features) * lanes + 16 +
         block * made->parameter_count * lanes;
}
