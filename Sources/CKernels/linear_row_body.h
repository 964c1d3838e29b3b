/* pf_linear.h for one row of data: matrix-vector products that read each weight once. Part of a PF_BODY. */

/* sums[r] = dot of row r of w with x over n elements. The tail is one more vector that ends at n, its elements already
 * counted set to zero in x; only n < PF_VL goes element by element. */
PF_INLINE void PF_FN(dot_rows)(const int R, const T *w, long ldw, const T *x, long n, T *sums) {
  PF_V acc[4] = {};
  long k = 0;
  for (; k + PF_VL <= n; k += PF_VL) {
    PF_V xv = PF_LOAD(x + k);
    PF_UNROLL for (int r = 0; r < R; r++) acc[r] += PF_LOAD(w + r * ldw + k) * xv;
  }
  if (n >= PF_VL && k < n) {
    const long at = n - PF_VL;
    PF_V xv = PF_FN(keep)(PF_FN(lane_numbers)() >= (PF_INT)(k - at), PF_LOAD(x + at));
    PF_UNROLL for (int r = 0; r < R; r++) acc[r] += PF_LOAD(w + r * ldw + at) * xv;
    k = n;
  }
  if (R == 4) PF_FN(four_sums)(acc, sums);
  else PF_UNROLL for (int r = 0; r < R; r++) sums[r] = PF_FN(horizontal_sum)(acc[r]);
  for (; k < n; k++)
    PF_UNROLL for (int r = 0; r < R; r++) sums[r] += w[r * ldw + k] * x[k];
}

static void PF_FN(row_forward)(const T *W, long ldw, const T *bias, const T *x, const T *residual, T *y, T *pre,
                               long out, long in, const int32_t *extent, int activation) {
  for (long o = 0; o < out;) {
    T sums[4];
    int rows = out - o >= 4 ? 4 : 1;
    long n = extent ? extent[o + rows - 1] : in;
    if (rows == 4) PF_FN(dot_rows)(4, W + o * ldw, ldw, x, n, sums);
    else PF_FN(dot_rows)(1, W + o * ldw, ldw, x, n, sums);
    for (int r = 0; r < rows; r++) {
      T v = sums[r] + (bias ? bias[o + r] : 0) + (residual ? residual[o + r] : 0);
      if (pre) pre[o + r] = v;
      y[o + r] = v;
    }
    o += rows;
  }
  if (activation != PF_IDENTITY) PF_FN(activate)(activation, y, out);
}

/* dx[0..<C vectors] of W^T dy from row `first` on. */
PF_INLINE void PF_FN(column_block)(const int C, const T *w, long ldw, const T *dy, long first, long out, PF_V *acc) {
  PF_UNROLL for (int c = 0; c < C; c++) acc[c] = (PF_V){};
  for (long o = first; o < out; o++) {
    PF_V d = PF_SPLAT(dy[o]);
    PF_UNROLL for (int c = 0; c < C; c++) acc[c] += d * PF_LOAD(w + o * ldw + c * PF_VL);
  }
}

static void PF_FN(row_backward_input)(const T *W, long ldw, const T *dy, T *dx, long out, long in,
                                      const int32_t *first_row, int accumulate) {
  long k = 0;
  PF_V acc[4];
  for (; k + 4 * PF_VL <= in; k += 4 * PF_VL) {
    PF_FN(column_block)(4, W + k, ldw, dy, first_row ? first_row[k] : 0, out, acc);
    PF_UNROLL for (int c = 0; c < 4; c++) {
      T *to = dx + k + c * PF_VL;
      PF_STORE(to, accumulate ? PF_LOAD(to) + acc[c] : acc[c]);
    }
  }
  for (; k + PF_VL <= in; k += PF_VL) {
    PF_FN(column_block)(1, W + k, ldw, dy, first_row ? first_row[k] : 0, out, acc);
    PF_STORE(dx + k, accumulate ? PF_LOAD(dx + k) + acc[0] : acc[0]);
  }
  for (; k < in; k++) {
    T sum = 0;
    for (long o = first_row ? first_row[k] : 0; o < out; o++) sum += W[o * ldw + k] * dy[o];
    dx[k] = accumulate ? dx[k] + sum : sum;
  }
}

static void PF_FN(row_backward_weight)(const T *dy, const T *x, T *dW, long ldw, T *dbias, long out, long in,
                                       const int32_t *extent) {
  for (long o = 0; o < out; o++) {
    T *w = dW + o * ldw;
    T d = dy[o];
    long n = extent ? extent[o] : in, k = 0;
    for (; k + PF_VL <= n; k += PF_VL) PF_STORE(w + k, PF_LOAD(w + k) + PF_SPLAT(d) * PF_LOAD(x + k));
    for (; k < n; k++) w[k] += d * x[k];
    if (dbias) dbias[o] += d;
  }
}
