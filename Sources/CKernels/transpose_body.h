/* Transposition: squares of PF_VL x PF_VL in registers, and the strips made of them. Part of a PF_BODY.
 *
 * log2(PF_VL) rounds; round s swaps the off-diagonal s x s blocks of every 2s x 2s square: of rows i and i + s
 * (bit s of i clear), column j of the lower keeps j when bit s is clear and takes column j - s of the upper when set.
 */
#include <string.h>

#ifndef PF_TRANSPOSE_MACROS
#define PF_TRANSPOSE_MACROS
#define PF_LOWER(S, J) (((J) & (S)) ? PF_VL + (J) - (S) : (J))
#define PF_UPPER(S, J) (((J) & (S)) ? PF_VL + (J) : (J) + (S))
#define PF_SWAP_ROUND(S)                                                                                               \
  PF_UNROLL for (int i = 0; i < PF_VL; i++) {                                                                          \
    if (i & (S)) continue;                                                                                             \
    PF_V a = v[i], b = v[i + (S)];                                                                                     \
    v[i] = __builtin_shufflevector(a, b, PF_INDICES(PF_LOWER, S));                                                     \
    v[i + (S)] = __builtin_shufflevector(a, b, PF_INDICES(PF_UPPER, S));                                               \
  }
#endif

PF_INLINE void PF_FN(transpose_square)(PF_V *v) {
  PF_SWAP_ROUND(1)
#if PF_LANE_COUNT > 2
  PF_SWAP_ROUND(2)
#endif
#if PF_LANE_COUNT > 4
  PF_SWAP_ROUND(4)
#endif
#if PF_LANE_COUNT > 8
  PF_SWAP_ROUND(8)
#endif
}

/* to (PF_LANES x width) = the first `columns` rows of x (each PF_LANES long), transposed; zeros past `columns`. */
static __attribute__((noinline)) void PF_FN(transpose_columns)(const T *x, long columns, T *to, long width) {
  for (long j = 0; j < width; j += PF_VL) {
    for (long l = 0; l < PF_LANES; l += PF_VL) {
      const T *from = x + j * PF_LANES + l;
      PF_V v[PF_VB / sizeof(T)];
      if (j + PF_VL <= columns) {
        PF_UNROLL for (int i = 0; i < PF_VL; i++) v[i] = PF_LOAD(from + i * PF_LANES);
      } else {
        PF_UNROLL for (int i = 0; i < PF_VL; i++) v[i] = j + i < columns ? PF_LOAD(from + i * PF_LANES) : (PF_V){};
      }
      PF_FN(transpose_square)(v);
      PF_UNROLL for (int i = 0; i < PF_VL; i++) PF_STORE(to + (l + i) * width + j, v[i]);
    }
  }
}

/* Square by square; the last overlap their neighbours rather than run past the end. Lanes past `rows` repeat. */
static void PF_FN(tile_from_rows)(const T *from, long ld, T *tile, long rows, long features) {
  if (features < PF_VL) {
    for (long f = 0; f < features; f++)
      for (long l = 0; l < PF_LANES; l++) tile[f * PF_LANES + l] = from[(l < rows ? l : rows - 1) * ld + f];
    return;
  }
  for (long l = 0; l < PF_LANES; l += PF_VL) {
    for (long block = 0; block < features; block += PF_VL) {
      long f = block + PF_VL <= features ? block : features - PF_VL;
      PF_V v[PF_VL];
      PF_UNROLL for (int i = 0; i < PF_VL; i++) v[i] = PF_LOAD(from + (l + i < rows ? l + i : rows - 1) * ld + f);
      PF_FN(transpose_square)(v);
      PF_UNROLL for (int i = 0; i < PF_VL; i++) PF_STORE(tile + (f + i) * PF_LANES + l, v[i]);
    }
  }
}

static void PF_FN(rows_from_tile)(const T *tile, T *to, long ld, long rows, long features) {
  if (features < PF_VL) {
    for (long l = 0; l < rows; l++)
      for (long f = 0; f < features; f++) to[l * ld + f] = tile[f * PF_LANES + l];
    return;
  }
  for (long l = 0; l < rows; l += PF_VL) {
    for (long block = 0; block < features; block += PF_VL) {
      long f = block + PF_VL <= features ? block : features - PF_VL;
      PF_V v[PF_VL];
      PF_UNROLL for (int i = 0; i < PF_VL; i++) v[i] = PF_LOAD(tile + (f + i) * PF_LANES + l);
      PF_FN(transpose_square)(v);
      PF_UNROLL for (int i = 0; i < PF_VL; i++)
        if (l + i < rows) PF_STORE(to + (l + i) * ld + f, v[i]);
    }
  }
}

static void PF_FN(pf_rows_to_tiles)(const T *rows, long ld, T *tiles_out, long row_count, long features, long lanes) {
  if (lanes == 1) {
    for (long r = 0; r < row_count; r++) memcpy(tiles_out + r * features, rows + r * ld, (size_t)features * sizeof(T));
    return;
  }
  for (long r = 0; r < row_count; r += PF_LANES)
    PF_FN(tile_from_rows)(rows + r * ld, ld, tiles_out + r * features,
                          row_count - r < PF_LANES ? row_count - r : PF_LANES, features);
}

static void PF_FN(pf_tiles_to_rows)(const T *tiles_in, T *rows, long ld, long row_count, long features, long lanes) {
  if (lanes == 1) {
    for (long r = 0; r < row_count; r++) memcpy(rows + r * ld, tiles_in + r * features, (size_t)features * sizeof(T));
    return;
  }
  for (long r = 0; r < row_count; r += PF_LANES)
    PF_FN(rows_from_tile)(tiles_in + r * features, rows + r * ld, ld,
                          row_count - r < PF_LANES ? row_count - r : PF_LANES, features);
}
