/* The gradient of the weights: dW += dY X^T. Part of a PF_BODY, after block_kernel.h and transpose_body.h.
 *
 * X is transposed first, a block of columns at a time, so that `in` runs along the vectors and dY is broadcast.
 */

/* Rows of dW against one block of columns. */
typedef struct {
  const T *dy;           /* first row, first tile */
  long dy_tile;          /* elements from a tile of dY to the next */
  const T *xt;           /* tiles of PF_LANES x width */
  long width, tiles;
  T *dw;                 /* first row, first column of the block */
  long ldw;
  const int32_t *extent; /* of the first row; NULL: all columns */
  long column, in;       /* the block's first column, and all columns */
} PF_FN(weight_panel);

/* row[0..<left] += part[0..<left], 0 < left < PF_VL, at the right end of a row with `before` columns to the left: one
 * vector that ends where the row does, if the row is long enough for one. part[-PF_VL..<0] is zero. */
static __attribute__((noinline)) void PF_FN(add_tail)(T *row, const T *part, long left, long before) {
  if (before + left >= PF_VL) {
    T *at = row + left - PF_VL;
    PF_STORE(at, PF_LOAD(at) + PF_LOAD(part + left - PF_VL));
  } else {
    for (long i = 0; i < left; i++) row[i] += part[i];
  }
}

/* A row's last vector is added under a mask where the row has columns enough to the right; those keep their values. */
PF_INLINE void PF_FN(weight_block)(const int R, const int C, const PF_FN(weight_panel) *p) {
  PF_FN(block) acc;
  PF_UNROLL for (int r = 0; r < R; r++)
    PF_UNROLL for (int c = 0; c < C; c++) acc[r][c] = (PF_V){};
  for (long t = 0; t < p->tiles; t++)
    PF_FN(block_multiply)(R, C, p->dy + t * p->dy_tile, PF_LANES, 1, p->xt + t * PF_LANES * p->width, p->width,
                          PF_LANES, acc);
  T tail[PF_MAX_ROWS][2 * PF_VB / sizeof(T)];
  long tail_column[PF_MAX_ROWS];
  PF_UNROLL for (int r = 0; r < R; r++) {
    const long own = (p->extent ? p->extent[r] : p->in) - p->column;
    tail_column[r] = own;
    PF_UNROLL for (int c = 0; c < C; c++) {
      const long column = c * PF_VL, left = own - column;
      T *at = p->dw + r * p->ldw + column;
      if (left >= PF_VL) {
        PF_STORE(at, PF_LOAD(at) + acc[r][c]);
      } else if (left > 0 && p->column + column + PF_VL <= p->in) {
        const PF_V old = PF_LOAD(at);
        PF_STORE(at, PF_FN(select)(PF_FN(lane_numbers)() < (PF_INT)left, old + acc[r][c], old));
      } else if (left > 0) {
        PF_STORE(tail[r], (PF_V){});
        PF_STORE(tail[r] + PF_VL, acc[r][c]);
        tail_column[r] = column;
      }
    }
  }
  for (int r = 0; r < R; r++) {
    const long left = (p->extent ? p->extent[r] : p->in) - p->column - tail_column[r];
    if (left > 0)
      PF_FN(add_tail)(p->dw + r * p->ldw + tail_column[r], tail[r] + PF_VL, left, p->column + tail_column[r]);
  }
}

#define PF_WEIGHT_ROWS(R)                                                                                              \
  static __attribute__((noinline)) void PF_FN(weight_rows_##R)(long vectors, const PF_FN(weight_panel) *p) {           \
    switch (vectors) {                                                                                                 \
    case 1: PF_FN(weight_block)(R, 1, p); break;                                                                       \
    PF_WIDE_WEIGHT_CASES(R)                                                                                            \
    default: PF_FN(weight_block)(R, PF_WEIGHT_VECTORS, p); break;                                                      \
    }                                                                                                                  \
  }
#undef PF_WEIGHT_VECTORS
#undef PF_NARROW_COLUMNS
#undef PF_NARROW_ROWS
#undef PF_WIDE_WEIGHT_CASES
/* Columns left over, at most, that are not worth a vector; and rows taken together then. */
#define PF_NARROW_COLUMNS (PF_VL / 2)
#define PF_NARROW_ROWS (PF_MAX_VECTORS == 4 ? 4 : 2)
#define PF_WEIGHT_VECTORS PF_BLOCK_VECTORS(PF_MAX_ROWS)
#if PF_ISA_LEVEL == 2 || defined(__aarch64__)
#define PF_WIDE_WEIGHT_CASES(R)                                                                                        \
  case 2: PF_FN(weight_block)(R, 2, p); break;                                                                         \
  case 3: PF_FN(weight_block)(R, 3, p); break;
#else
#define PF_WIDE_WEIGHT_CASES(R)
#endif
PF_WEIGHT_ROWS(1)
PF_WEIGHT_ROWS(2)
PF_WEIGHT_ROWS(3)
PF_WEIGHT_ROWS(4)
PF_WEIGHT_ROWS(5)
PF_WEIGHT_ROWS(6)
#undef PF_WEIGHT_ROWS

static void PF_FN(weight_rows)(int rows, long vectors, const PF_FN(weight_panel) *p) {
  switch (rows) {
  case 1: PF_FN(weight_rows_1)(vectors, p); break;
  case 2: PF_FN(weight_rows_2)(vectors, p); break;
  case 3: PF_FN(weight_rows_3)(vectors, p); break;
  case 4: PF_FN(weight_rows_4)(vectors, p); break;
  case 5: PF_FN(weight_rows_5)(vectors, p); break;
  default: PF_FN(weight_rows_6)(vectors, p); break;
  }
}

/* A few columns: sums along the lanes instead, of R rows against four columns at a time. Columns past the last repeat
 * it. */
PF_INLINE void PF_FN(narrow_rows)(const int R, const T *dy, long dy_tile, const T *x, long x_tile, long columns,
                                  long tiles, T sums[PF_MAX_ROWS][4]) {
  PF_V acc[PF_MAX_ROWS][4];
  long at[4];
  PF_UNROLL for (int c = 0; c < 4; c++) at[c] = (c < columns ? c : columns - 1) * PF_LANES;
  PF_UNROLL for (int r = 0; r < R; r++)
    PF_UNROLL for (int c = 0; c < 4; c++) acc[r][c] = (PF_V){};
  for (long t = 0; t < tiles; t++, dy += dy_tile, x += x_tile) {
    for (long l = 0; l < PF_LANES; l += PF_VL) {
      PF_V xv[4];
      PF_UNROLL for (int c = 0; c < 4; c++) xv[c] = PF_LOAD(x + at[c] + l);
      PF_UNROLL for (int r = 0; r < R; r++) {
        const PF_V d = PF_LOAD(dy + r * PF_LANES + l);
        PF_UNROLL for (int c = 0; c < 4; c++) acc[r][c] += d * xv[c];
      }
    }
  }
  PF_UNROLL for (int r = 0; r < R; r++) PF_FN(four_sums)(acc[r], sums[r]);
}

/* dW[.][from ..< to] += dY X^T. */
static void PF_FN(narrow_weights)(const T *dY, const T *X, T *dW, long ldw, long out, long in, const int32_t *extent,
                                  long from, long to, long tiles) {
  for (long k = from; k < to; k += 4) {
    const long columns = to - k < 4 ? to - k : 4;
    const T *x = X + k * PF_LANES;
    long o = 0;
    while (extent && o < out && extent[o] <= k) o++;
    while (o < out) {
      const int rows = out - o >= PF_NARROW_ROWS ? PF_NARROW_ROWS : 1;
      const T *dy = dY + o * PF_LANES;
      T sums[PF_MAX_ROWS][4];
      if (rows > 1) PF_FN(narrow_rows)(PF_NARROW_ROWS, dy, out * PF_LANES, x, in * PF_LANES, columns, tiles, sums);
      else PF_FN(narrow_rows)(1, dy, out * PF_LANES, x, in * PF_LANES, columns, tiles, sums);
      for (int r = 0; r < rows; r++) {
        const long own = (extent ? extent[o + r] : in) - k;
        for (long c = 0; c < columns && c < own; c++) dW[(o + r) * ldw + k + c] += sums[r][c];
      }
      o += rows;
    }
  }
}

/* dbias[o] += sum over tiles and lanes of dY[o]; a tile of dY has dy_rows rows. */
static void PF_FN(bias_gradient)(const T *dY, long dy_rows, T *dbias, long out, long tiles) {
  for (long o = 0; o < out; o++) {
    PF_V sum = {};
    for (long t = 0; t < tiles; t++) {
      const T *dy = dY + (t * dy_rows + o) * PF_LANES;
      PF_UNROLL for (long l = 0; l < PF_LANES; l += PF_VL) sum += PF_LOAD(dy + l);
    }
    dbias[o] += PF_FN(horizontal_sum)(sum);
  }
}

/* The columns that any row may use, transposed: blocks of PF_WEIGHT_VECTORS vectors (the last may be narrower), each the
 * tiles of PF_LANES x width in turn. */
static void PF_FN(transpose_blocks)(const T *X, long in, long reach, long tiles, T *blocks) {
  for (long k = 0; k < reach; k += PF_WEIGHT_VECTORS * PF_VL) {
    const long columns = reach - k < PF_WEIGHT_VECTORS * PF_VL ? reach - k : PF_WEIGHT_VECTORS * PF_VL;
    const long width = (columns + PF_VL - 1) / PF_VL * PF_VL;
    for (long t = 0; t < tiles; t++)
      PF_FN(transpose_columns)(X + (t * in + k) * PF_LANES, columns, blocks + (k * tiles + t * width) * PF_LANES, width);
  }
}

/* dW[0 ..< rows] += dY X^T for X as transpose_blocks leaves it; a tile of dY has dy_rows rows. */
static void PF_FN(weight_from_blocks)(const T *dY, long dy_rows, const T *blocks, T *dW, long ldw, long rows, long in,
                                      const int32_t *extent, long reach, long tiles) {
  long o = 0;
  for (long k = 0; k < reach; k += PF_WEIGHT_VECTORS * PF_VL) {
    const long left = (reach - k + PF_VL - 1) / PF_VL, vectors = left < PF_WEIGHT_VECTORS ? left : PF_WEIGHT_VECTORS;
    while (extent && o < rows && extent[o] <= k) o++;
    for (long row = o; row < rows;) {
      const int count = pf_next_rows(rows - row);
      const long needed = ((extent ? extent[row + count - 1] : in) - k + PF_VL - 1) / PF_VL;
      PF_FN(weight_panel) p = {.dy = dY + row * PF_LANES, .dy_tile = dy_rows * PF_LANES,
                               .xt = blocks + k * tiles * PF_LANES, .width = vectors * PF_VL, .tiles = tiles,
                               .dw = dW + row * ldw + k, .ldw = ldw, .extent = extent ? extent + row : 0, .column = k,
                               .in = in};
      PF_FN(weight_rows)(count, needed < vectors ? needed : vectors, &p);
      row += count;
    }
  }
}

static void PF_FN(pf_linear_backward_weight)(const T *dY, const T *X, T *dW, long ldw, T *dbias, long out, long in,
                                             const int32_t *extent, long tiles, long lanes, T *scratch) {
  if (lanes == 1) {
    for (long t = 0; t < tiles; t++)
      PF_FN(row_backward_weight)(dY + t * out, X + t * in, dW, ldw, dbias, out, in, extent);
    return;
  }
  if (dbias) PF_FN(bias_gradient)(dY, out, dbias, out, tiles);
  if (tiles <= 0 || out <= 0) return;
  long reach = extent ? extent[out - 1] : in;
  const long over = reach % PF_VL;
  if (over > 0 && over <= PF_NARROW_COLUMNS) {
    PF_FN(narrow_weights)(dY, X, dW, ldw, out, in, extent, reach - over, reach, tiles);
    reach -= over;
  }
  PF_FN(transpose_blocks)(X, in, reach, tiles, scratch);
  PF_FN(weight_from_blocks)(dY, out, scratch, dW, ldw, out, in, extent, reach, tiles);
}
