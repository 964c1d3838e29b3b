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
  const T *bias, *residual;
  T *y, *pre;
  int activation;
} PF_FN(panel);

/* y[0..<R] = activation(W x + bias + residual). Contiguous: which of the strides of W is 1. */
PF_INLINE void PF_FN(panel_rows)(const int R, const int C, const int along_k, const PF_FN(panel) *p) {
  const long rs = along_k ? p->rs : 1, ks = along_k ? 1 : p->ks;
  for (long at = 0; at < PF_LANES; at += C * PF_VL) {
    PF_V acc[PF_MAX_ROWS][4];
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
    PF_FN(row_forward)(W, ldw, bias, X, residual, Y, pre, out, in, extent, activation);
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

static void PF_FN(pf_linear_backward_input)(const T *W, long ldw, const T *dY, T *dX, long out, long in,
                                            const int32_t *first_row, long tiles, long lanes, int accumulate) {
  if (lanes == 1) {
    PF_FN(row_backward_input)(W, ldw, dY, dX, out, in, first_row, accumulate);
    return;
  }
  for (long t = 0; t < tiles; t++) {
    for (long k = 0; k < in;) {
      int rows = pf_next_rows(in - k);
      long first = first_row ? first_row[k] : 0;
      T *dx = dX + (t * in + k) * PF_LANES;
      PF_FN(panel) p = {.w = W + first * ldw + k, .ks = ldw, .x = dY + (t * out + first) * PF_LANES, .n = out - first,
                        .residual = accumulate ? dx : 0, .y = dx, .activation = PF_IDENTITY};
      PF_FN(panel_along_rows)(rows, &p);
      k += rows;
    }
  }
}

/* dW[0..<R][0..<C vectors] += dY X^T, row r no further than own[r] columns. xt: tiles of PF_LANES x width. */
PF_INLINE void PF_FN(weight_block)(const int R, const int C, const T *dy, long dy_tile, const T *xt, long width,
                                   long xt_tile, long tiles, T *dw, long ldw, const long *own) {
  PF_V acc[PF_MAX_ROWS][4];
  PF_UNROLL for (int r = 0; r < R; r++)
    PF_UNROLL for (int c = 0; c < C; c++) acc[r][c] = (PF_V){};
  for (long t = 0; t < tiles; t++)
    PF_FN(block_multiply)(R, C, dy + t * dy_tile, PF_LANES, 1, xt + t * xt_tile, width, PF_LANES, acc);
  PF_UNROLL for (int r = 0; r < R; r++) {
    PF_UNROLL for (int c = 0; c < C; c++) {
      T *at = dw + r * ldw + c * PF_VL;
      long left = own[r] - c * PF_VL;
      if (left >= PF_VL) PF_STORE(at, PF_LOAD(at) + acc[r][c]);
      else for (long i = 0; i < left; i++) at[i] += acc[r][c][i];
    }
  }
}

#define PF_WEIGHT_ROWS(R)                                                                                              \
  static __attribute__((noinline)) void PF_FN(weight_rows_##R)(int vectors, const T *dy, long dy_tile, const T *xt,    \
                                                               long width, long xt_tile, long tiles, T *dw, long ldw,  \
                                                               const long *own) {                                     \
    switch (vectors) {                                                                                                 \
    case 1: PF_FN(weight_block)(R, 1, dy, dy_tile, xt, width, xt_tile, tiles, dw, ldw, own); break;                    \
    case 2: PF_FN(weight_block)(R, 2, dy, dy_tile, xt, width, xt_tile, tiles, dw, ldw, own); break;                    \
    case 3: PF_FN(weight_block)(R, 3, dy, dy_tile, xt, width, xt_tile, tiles, dw, ldw, own); break;                    \
    default: PF_FN(weight_block)(R, 4, dy, dy_tile, xt, width, xt_tile, tiles, dw, ldw, own); break;                   \
    }                                                                                                                  \
  }
PF_WEIGHT_ROWS(1)
PF_WEIGHT_ROWS(2)
PF_WEIGHT_ROWS(3)
PF_WEIGHT_ROWS(4)
PF_WEIGHT_ROWS(5)
PF_WEIGHT_ROWS(6)
#undef PF_WEIGHT_ROWS

/* dbias[o] += sum over tiles and lanes of dY[o]. */
static void PF_FN(bias_gradient)(const T *dY, T *dbias, long out, long tiles) {
  for (long o = 0; o < out; o++) {
    PF_V sum = {};
    for (long t = 0; t < tiles; t++) {
      const T *dy = dY + (t * out + o) * PF_LANES;
      for (long l = 0; l < PF_LANES; l += PF_VL) sum += PF_LOAD(dy + l);
    }
    T total = 0;
    for (int i = 0; i < PF_VL; i++) total += sum[i];
    dbias[o] += total;
  }
}

/* X is transposed first, so that `in` runs along the vectors: columns in blocks, each block tiles x PF_LANES x width. */
static void PF_FN(pf_linear_backward_weight)(const T *dY, const T *X, T *dW, long ldw, T *dbias, long out, long in,
                                             const int32_t *extent, long tiles, long lanes, T *scratch) {
  if (lanes == 1) {
    PF_FN(row_backward_weight)(dY, X, dW, ldw, dbias, out, in, extent);
    return;
  }
  if (dbias) PF_FN(bias_gradient)(dY, dbias, out, tiles);
  if (tiles <= 0) return;
  long reach = extent ? out > 0 ? extent[out - 1] : 0 : in;
  for (long k = 0; k < reach;) {
    long vectors = (reach - k + PF_VL - 1) / PF_VL;
    if (vectors > PF_BLOCK_VECTORS(PF_MAX_ROWS)) vectors = PF_BLOCK_VECTORS(PF_MAX_ROWS);
    long width = vectors * PF_VL, columns = reach - k < width ? reach - k : width;
    for (long t = 0; t < tiles; t++)
      PF_FN(transpose_columns)(X + (t * in + k) * PF_LANES, columns, scratch + t * PF_LANES * width, width);
    long o = 0;
    while (extent && o < out && extent[o] <= k) o++;
    while (o < out) {
      int rows = pf_next_rows(out - o);
      long own[PF_MAX_ROWS];
      for (int r = 0; r < rows; r++) own[r] = (extent ? extent[o + r] : in) - k;
      long needed = (own[rows - 1] + PF_VL - 1) / PF_VL;
      int used = (int)(needed < vectors ? needed : vectors);
      const T *dy = dY + o * PF_LANES;
      T *dw = dW + o * ldw + k;
      long tile = PF_LANES * width;
      switch (rows) {
      case 1: PF_FN(weight_rows_1)(used, dy, out * PF_LANES, scratch, width, tile, tiles, dw, ldw, own); break;
      case 2: PF_FN(weight_rows_2)(used, dy, out * PF_LANES, scratch, width, tile, tiles, dw, ldw, own); break;
      case 3: PF_FN(weight_rows_3)(used, dy, out * PF_LANES, scratch, width, tile, tiles, dw, ldw, own); break;
      case 4: PF_FN(weight_rows_4)(used, dy, out * PF_LANES, scratch, width, tile, tiles, dw, ldw, own); break;
      case 5: PF_FN(weight_rows_5)(used, dy, out * PF_LANES, scratch, width, tile, tiles, dw, ldw, own); break;
      default: PF_FN(weight_rows_6)(used, dy, out * PF_LANES, scratch, width, tile, tiles, dw, ldw, own); break;
      }
      o += rows;
    }
    k += width;
  }
}

#include "triangular_body.h"
