/* pf_linear.h for PF_LANES lanes, once for each instruction set and scalar. */
#include "lane_vector.h"
#include "block_kernel.h"
#include "linear_activation_body.h"
#include "linear_row_body.h"
#include "transpose_body.h"

/* What a panel of rows of one tile needs. Y and its companions have PF_LANES lanes a row. */
typedef struct {
  const T *w;
  long rs, ks;
  const T *x;
  long n;
  const T *bias, *residual, *rectified;
  T *y, *pre;
  int activation;
} PF_FN(panel);

/* y[0..<R] = activation(W x + bias + residual), 0 where `rectified` is not positive. Contiguous: which of the strides of W
 * is 1. */
PF_INLINE void PF_FN(panel_rows)(const int R, const int C, const int along_k, const PF_FN(panel) *p) {
  const long rs = along_k ? p->rs : 1, ks = along_k ? 1 : p->ks;
  for (long at = 0; at < PF_LANES; at += C * PF_VL) {
    PF_FN(block) acc;
    PF_UNROLL for (int r = 0; r < R; r++) {
      PF_V b = PF_SPLAT(p->bias ? p->bias[r] : 0);
      PF_UNROLL for (int c = 0; c < C; c++) acc[r][c] = b;
    }
    PF_FN(block_multiply)(R, C, p->w, rs, ks, p->x + at, PF_LANES, p->n, acc);
    if (p->residual) {
      PF_UNROLL for (int r = 0; r < R; r++)
        PF_UNROLL for (int c = 0; c < C; c++) acc[r][c] += PF_LOAD(p->residual + r * PF_LANES + at + c * PF_VL);
    }
    if (p->pre) {
      PF_UNROLL for (int r = 0; r < R; r++)
        PF_UNROLL for (int c = 0; c < C; c++) PF_STORE(p->pre + r * PF_LANES + at + c * PF_VL, acc[r][c]);
    }
    if (p->activation == PF_RELU) {
      PF_UNROLL for (int r = 0; r < R; r++)
        PF_UNROLL for (int c = 0; c < C; c++) acc[r][c] = PF_FN(select)(acc[r][c] < 0, (PF_V){}, acc[r][c]);
    }
    if (p->rectified) {
      PF_UNROLL for (int r = 0; r < R; r++)
        PF_UNROLL for (int c = 0; c < C; c++)
          acc[r][c] = PF_FN(keep)(PF_LOAD(p->rectified + r * PF_LANES + at + c * PF_VL) > 0, acc[r][c]);
    }
    PF_UNROLL for (int r = 0; r < R; r++)
      PF_UNROLL for (int c = 0; c < C; c++) PF_STORE(p->y + r * PF_LANES + at + c * PF_VL, acc[r][c]);
  }
  if (p->activation > PF_RELU) PF_FN(activate)(p->activation, p->y, R * PF_LANES);
}

#define PF_PANEL_ROWS(R)                                                                                               \
  static __attribute__((noinline)) void PF_FN(panel_along_k_##R)(const PF_FN(panel) *p) {                              \
    PF_FN(panel_rows)(R, PF_BLOCK_VECTORS(R), 1, p);                                                                   \
  }                                                                                                                    \
  static __attribute__((noinline)) void PF_FN(panel_along_rows_##R)(const PF_FN(panel) *p) {                           \
    PF_FN(panel_rows)(R, PF_BLOCK_VECTORS(R), 0, p);                                                                   \
  }
PF_PANEL_ROWS(1)
PF_PANEL_ROWS(2)
PF_PANEL_ROWS(3)
PF_PANEL_ROWS(4)
PF_PANEL_ROWS(5)
PF_PANEL_ROWS(6)
#undef PF_PANEL_ROWS

static void PF_FN(panel_along_k)(int rows, const PF_FN(panel) *p) {
  switch (rows) {
  case 1: PF_FN(panel_along_k_1)(p); break;
  case 2: PF_FN(panel_along_k_2)(p); break;
  case 3: PF_FN(panel_along_k_3)(p); break;
  case 4: PF_FN(panel_along_k_4)(p); break;
  case 5: PF_FN(panel_along_k_5)(p); break;
  default: PF_FN(panel_along_k_6)(p); break;
  }
}

static void PF_FN(panel_along_rows)(int rows, const PF_FN(panel) *p) {
  switch (rows) {
  case 1: PF_FN(panel_along_rows_1)(p); break;
  case 2: PF_FN(panel_along_rows_2)(p); break;
  case 3: PF_FN(panel_along_rows_3)(p); break;
  case 4: PF_FN(panel_along_rows_4)(p); break;
  case 5: PF_FN(panel_along_rows_5)(p); break;
  default: PF_FN(panel_along_rows_6)(p); break;
  }
}

static void PF_FN(pf_linear_forward)(const T *W, long ldw, const T *bias, const T *X, const T *residual, T *Y, T *pre,
                                     long out, long in, const int32_t *extent, long tiles, long lanes, int activation) {
  if (lanes == 1) {
    for (long t = 0; t < tiles; t++)
      PF_FN(row_forward)(W, ldw, bias, X + t * in, residual ? residual + t * out : 0, Y + t * out,
                         pre ? pre + t * out : 0, out, in, extent, activation);
    return;
  }
  for (long t = 0; t < tiles; t++) {
    for (long o = 0; o < out;) {
      int rows = pf_next_rows(out - o);
      long at = (t * out + o) * PF_LANES;
      PF_FN(panel) p = {.w = W + o * ldw, .rs = ldw, .x = X + t * in * PF_LANES,
                        .n = extent ? extent[o + rows - 1] : in, .bias = bias ? bias + o : 0,
                        .residual = residual ? residual + at : 0, .y = Y + at, .pre = pre ? pre + at : 0,
                        .activation = activation};
      PF_FN(panel_along_k)(rows, &p);
      o += rows;
    }
  }
}

/* dX = W^T dY over rows from ..< to of one tile, or added to what dX holds. dY begins at row `from`. Columns that none
 * of the rows use are left out when adding: they have been cut, or are zero. */
static void PF_FN(backward_input_rows)(const T *W, long ldw, const T *dY, const T *rectified, T *dX, long from, long to,
                                       long in, const int32_t *first_row, int add) {
  for (long k = 0; k < in;) {
    const int rows = pf_next_rows(in - k);
    long first = first_row ? first_row[k] : 0;
    T *dx = dX + k * PF_LANES;
    if (first >= to && add) break;
    first = first < from ? from : first > to ? to : first;
    PF_FN(panel) p = {.w = W + first * ldw + k, .ks = ldw, .x = dY + (first - from) * PF_LANES, .n = to - first,
                      .residual = add ? dx : 0, .rectified = rectified ? rectified + k * PF_LANES : 0, .y = dx,
                      .activation = PF_IDENTITY};
    PF_FN(panel_along_rows)(rows, &p);
    k += rows;
  }
}

/* Rows of dY taken at a time, so that those and the columns of W they meet stay in the nearest cache. */
#undef PF_REDUCTION_BLOCK
#define PF_REDUCTION_BLOCK 128

static void PF_FN(pf_linear_backward_input)(const T *W, long ldw, const T *dY, const T *rectified, T *dX, long out,
                                            long in, const int32_t *first_row, long tiles, long lanes,
                                            int accumulate) {
  if (lanes == 1) {
    for (long t = 0; t < tiles; t++)
      PF_FN(row_backward_input)(W, ldw, dY + t * out, dX + t * in, out, in, first_row, accumulate);
    for (long i = 0; rectified && i < tiles * in; i++) dX[i] = rectified[i] > 0 ? dX[i] : 0;
    return;
  }
  for (long t = 0; t < tiles; t++) {
    for (long block = 0; block < out || block == 0; block += PF_REDUCTION_BLOCK) {
      const long end = out - block < PF_REDUCTION_BLOCK ? out : block + PF_REDUCTION_BLOCK;
      PF_FN(backward_input_rows)(W, ldw, dY + (t * out + block) * PF_LANES,
                                 rectified ? rectified + t * in * PF_LANES : 0, dX + t * in * PF_LANES, block, end, in,
                                 first_row, accumulate || block > 0);
    }
  }
}

#include "linear_weight_body.h"
#include "triangular_body.h"
#include "made_inverse_body.h"
