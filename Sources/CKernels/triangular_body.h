/* Triangular solves, PF_LANES right-hand sides a tile, or one. Part of a PF_BODY; after linear's block kernel.
 *
 * Panels of rows: what the rows already solved contribute comes from the block kernel, the panel's own small triangle
 * is done row by row. Element (i, j) of the matrix as solved is a[i * rs + j * cs], whichever way it is stored.
 */

/* x[0..<R] = b[0..<R] - a[.][solved] x[solved], n solved rows starting at xs. */
PF_INLINE void PF_FN(solve_subtract)(const int R, const T *a, long rs, long cs, const T *solved, long n, const T *b,
                                     T *x) {
  const int C = PF_BLOCK_VECTORS(R);
  for (long at = 0; at < PF_LANES; at += C * PF_VL) {
    PF_FN(block) acc;
    PF_UNROLL for (int r = 0; r < R; r++)
      PF_UNROLL for (int c = 0; c < C; c++) acc[r][c] = (PF_V){};
    PF_FN(block_multiply)(R, C, a, rs, cs, solved + at, PF_LANES, n, acc);
    PF_UNROLL for (int r = 0; r < R; r++)
      PF_UNROLL for (int c = 0; c < C; c++) {
        long i = r * PF_LANES + at + c * PF_VL;
        PF_STORE(x + i, PF_LOAD(b + i) - acc[r][c]);
      }
  }
}

static void PF_FN(solve_tile)(const T *A, long rs, long cs, const T *B, T *X, long n, int upper, int unit) {
  for (long done = 0; done < n;) {
    int rows = n - done >= 4 ? 4 : 1;
    long first = upper ? n - done - rows : done;
    const T *b = B + first * PF_LANES;
    T *x = X + first * PF_LANES;
    long from = upper ? first + rows : 0;
    const T *a = A + first * rs + from * cs;
    if (rows == 4) PF_FN(solve_subtract)(4, a, rs, cs, X + from * PF_LANES, done, b, x);
    else PF_FN(solve_subtract)(1, a, rs, cs, X + from * PF_LANES, done, b, x);
    for (int step = 0; step < rows; step++) {
      long r = upper ? rows - 1 - step : step;
      const T *row = A + (first + r) * rs + first * cs;
      long j0 = upper ? r + 1 : 0, j1 = upper ? rows : r;
      T scale = unit ? 1 : 1 / row[r * cs];
      for (long l = 0; l < PF_LANES; l += PF_VL) {
        PF_V v = PF_LOAD(x + r * PF_LANES + l);
        for (long j = j0; j < j1; j++) v -= PF_SPLAT(row[j * cs]) * PF_LOAD(x + j * PF_LANES + l);
        PF_STORE(x + r * PF_LANES + l, v * PF_SPLAT(scale));
      }
    }
    done += rows;
  }
}

static void PF_FN(solve_row)(const T *A, long rs, long cs, const T *B, T *X, long n, int upper, int unit) {
  for (long done = 0; done < n; done++) {
    long i = upper ? n - 1 - done : done;
    long j0 = upper ? i + 1 : 0, j1 = upper ? n : i;
    T v = B[i];
    for (long j = j0; j < j1; j++) v -= A[i * rs + j * cs] * X[j];
    X[i] = unit ? v : v / A[i * rs + i * cs];
  }
}

static void PF_FN(pf_triangular_solve)(const T *A, long lda, const T *B, T *X, long n, int upper, int unit,
                                       int transposed, long tiles, long lanes) {
  long rs = transposed ? 1 : lda, cs = transposed ? lda : 1;
  int is_upper = transposed ? !upper : upper;
  if (lanes == 1) {
    for (long t = 0; t < tiles; t++) PF_FN(solve_row)(A, rs, cs, B + t * n, X + t * n, n, is_upper, unit);
    return;
  }
  for (long t = 0; t < tiles; t++)
    PF_FN(solve_tile)(A, rs, cs, B + t * n * PF_LANES, X + t * n * PF_LANES, n, is_upper, unit);
}
