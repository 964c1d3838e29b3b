/* The one inner loop of linear algebra: a block of R rows x C vectors, kept in registers while k runs.
 *
 *   acc[r][c] += w[r * rs + k * ks] (broadcast) * x[k * xs + c * PF_VL ...]        k in 0..<n
 *
 * R and C are constants at every use, so the loops over them unroll and acc never leaves the registers: 6 rows x 4
 * vectors of 32 (AVX-512, NEON), or a shape that leaves room for x and the weights among 16. Part of a PF_BODY.
 */
#undef PF_MAX_ROWS
#undef PF_MAX_VECTORS
#undef PF_BLOCK_VECTORS
#define PF_MAX_ROWS 6
#if PF_ISA_LEVEL == 2 || defined(__aarch64__)
#define PF_MAX_VECTORS 4
#define PF_BLOCK_VECTORS(R) 4
#else
#define PF_MAX_VECTORS 8
#define PF_BLOCK_VECTORS(R) ((R) > 3 ? 2 : (R) > 1 ? 4 : 8)
#endif
typedef PF_V PF_FN(block)[PF_MAX_ROWS][PF_MAX_VECTORS];

/* What waits in registers beside acc: the vectors of x when the block is high, the weights when it is wide. */
PF_INLINE void PF_FN(block_multiply)(const int R, const int C, const T *w, long rs, long ks, const T *x, long xs,
                                     long n, PF_FN(block) acc) {
  for (long k = 0; k < n; k++) {
    if (R >= C || PF_MAX_VECTORS == 4) {
      PF_V xv[PF_MAX_VECTORS];
      PF_UNROLL for (int c = 0; c < C; c++) xv[c] = PF_LOAD(x + k * xs + c * PF_VL);
      PF_UNROLL for (int r = 0; r < R; r++) {
        PF_V b = PF_SPLAT(w[r * rs + k * ks]);
        PF_UNROLL for (int c = 0; c < C; c++) acc[r][c] += b * xv[c];
      }
    } else {
      PF_V b[PF_MAX_ROWS];
      PF_UNROLL for (int r = 0; r < R; r++) b[r] = PF_SPLAT(w[r * rs + k * ks]);
      PF_UNROLL for (int c = 0; c < C; c++) {
        PF_V xv = PF_LOAD(x + k * xs + c * PF_VL);
        PF_UNROLL for (int r = 0; r < R; r++) acc[r][c] += b[r] * xv;
      }
    }
  }
}

#ifndef PF_NEXT_ROWS_DEFINED
#define PF_NEXT_ROWS_DEFINED
/* Rows of the next panel when `left` remain: six, but the last 7 or 8 as 4 + 3 or 4 + 4, since thin panels are slow. */
static inline int pf_next_rows(long left) { return left <= 6 ? (int)left : left <= 8 ? 4 : 6; }
#endif
