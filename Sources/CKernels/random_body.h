/* pf_random.h, once for each instruction set and scalar: Philox over the lanes of a vector, then draws from its words.
 *
 * A word is read as a sign (its top bit) and a magnitude v of 31 bits (float) or 52 (double, of two words):
 * p = (v + 1/2) 2^-32 or 2^-53 lies in (0, 1/2]. The uniform is p or 1 - p, the normal the quantile at p or minus it, so
 * both tails of the normal reach as far as p does (6.3 and 8.1 standard deviations), which 1 - p in floating point
 * would not allow. Only single operations and products by powers of two: the same uniform bits on every machine.
 */
#include "lane_vector.h"

#undef PF_W
#undef PF_PARTS
#undef PF_DRAWS
#undef PF_LARGEST_UNIFORM
/* 32-bit words, each in a lane of 64 bits: that is where their products live. */
#define PF_W PF_FN(wide_words)
typedef uint64_t PF_W __attribute__((ext_vector_type(PF_VB / 8)));
#if PF_DOUBLE
#define PF_PARTS 1
#define PF_DRAWS 2
#define PF_LARGEST_UNIFORM (1 - 0x1p-53)
#else
#define PF_PARTS 2
#define PF_DRAWS 4
#define PF_LARGEST_UNIFORM (1 - 0x1p-24f)
#endif

/* The high halves of the results are not clean; products read only the low ones. */
PF_INLINE void PF_FN(philox)(PF_W c[4], uint64_t seed) {
  uint64_t k0 = seed & PF_LOW_WORD, k1 = seed >> 32;
  PF_UNROLL for (int round = 0; round < 10; round++) {
    PF_W p0 = (c[0] & PF_LOW_WORD) * PF_PHILOX_M0, p1 = (c[2] & PF_LOW_WORD) * PF_PHILOX_M1;
    c[0] = (p1 >> 32) ^ c[1] ^ k0;
    c[1] = p1;
    c[2] = (p0 >> 32) ^ c[3] ^ k1;
    c[3] = p0;
    k0 = (k0 + PF_PHILOX_W0) & PF_LOW_WORD;
    k1 = (k1 + PF_PHILOX_W1) & PF_LOW_WORD;
  }
}

/* Draw d of the blocks in c, one block a lane (float: those of c[1] in the upper half of the lanes): p, and all ones in
 * `upper` where the upper half of the distribution is meant. */
PF_INLINE PF_V PF_FN(number)(PF_W c[PF_PARTS][4], int d, PF_I *upper) {
#if PF_DOUBLE
  PF_W w = c[0][2 * d] << 32 | (c[0][2 * d + 1] & PF_LOW_WORD);
  PF_W whole = (w >> 11 & 0xfffffffffffffull) | 0x4330000000000000ull;
  *upper = (PF_I)w >> (PF_INT)63;
  return (((PF_V)whole - (T)0x1p52) + (T)0.5) * (T)0x1p-53;
#else
  PF_I w;
  PF_UNROLL for (int i = 0; i < PF_VB / 8; i++) {
    w[i] = (int32_t)c[0][d][i];
    w[i + PF_VB / 8] = (int32_t)c[1][d][i];
  }
  *upper = w >> (PF_INT)31;
  return (__builtin_convertvector(w & (PF_INT)0x7fffffff, PF_V) + (T)0.5) * (T)0x1p-32;
#endif
}

/* PF_VL blocks; block i is of row first + i * row_step and of index + i * index_step. */
PF_INLINE void PF_FN(blocks)(uint64_t seed, uint32_t purpose, uint64_t first, uint64_t row_step, uint64_t index,
                             uint64_t index_step, PF_W c[PF_PARTS][4]) {
  PF_UNROLL for (int part = 0; part < PF_PARTS; part++) {
    PF_W at;
    PF_UNROLL for (int i = 0; i < PF_VB / 8; i++) at[i] = (uint64_t)(part * (PF_VB / 8) + i);
    PF_W row = at * row_step + first;
    c[part][0] = row;
    c[part][1] = row >> 32;
    c[part][2] = at * index_step + index;
    c[part][3] = (PF_W)(uint64_t)purpose;
    PF_FN(philox)(c[part], seed);
  }
}

/* 1 - p would round to 1 for the smallest p; the uniform stops at the number before 1. */
PF_INLINE PF_V PF_FN(transformed)(const int normal, PF_V p, PF_I upper) {
  if (normal) {
    PF_V z = PF_FN(normal_quantile)(p);
    return PF_FN(select)(upper, -z, z);
  }
  return PF_FN(select)(upper, PF_FN(smaller)((T)1 - p, PF_SPLAT(PF_LARGEST_UNIFORM)), p);
}

/* One row: vectors run along its blocks. */
PF_INLINE void PF_FN(random_row)(const int normal, uint64_t seed, uint32_t purpose, uint64_t row, T *out,
                                 long features) {
  for (long f = 0; f < features; f += PF_DRAWS * PF_VL) {
    PF_W c[PF_PARTS][4];
    PF_FN(blocks)(seed, purpose, row, 0, (uint64_t)(f / PF_DRAWS), 1, c);
    PF_UNROLL for (int d = 0; d < PF_DRAWS; d++) {
      PF_I upper;
      PF_V p = PF_FN(number)(c, d, &upper), v = PF_FN(transformed)(normal, p, upper);
      for (int i = 0; i < PF_VL && f + i * PF_DRAWS + d < features; i++) out[f + i * PF_DRAWS + d] = v[i];
    }
  }
}

/* A tile: vectors run along its rows. */
PF_INLINE void PF_FN(random_tile)(const int normal, uint64_t seed, uint32_t purpose, uint64_t row, T *out,
                                  long features) {
  for (long f = 0; f < features; f += PF_DRAWS) {
    for (long l = 0; l < PF_LANES; l += PF_VL) {
      PF_W c[PF_PARTS][4];
      PF_FN(blocks)(seed, purpose, row + (uint64_t)l, 1, (uint64_t)(f / PF_DRAWS), 0, c);
      PF_UNROLL for (int d = 0; d < PF_DRAWS; d++) {
        if (f + d >= features) break;
        PF_I upper;
        PF_V p = PF_FN(number)(c, d, &upper);
        PF_STORE(out + (f + d) * PF_LANES + l, PF_FN(transformed)(normal, p, upper));
      }
    }
  }
}

static void PF_FN(pf_uniform)(uint64_t seed, uint32_t purpose, uint64_t first_row, T *out, long features, long tiles,
                              long lanes) {
  for (long t = 0; t < tiles; t++, out += features * lanes, first_row += (uint64_t)lanes) {
    if (lanes == 1) PF_FN(random_row)(0, seed, purpose, first_row, out, features);
    else PF_FN(random_tile)(0, seed, purpose, first_row, out, features);
  }
}

static void PF_FN(pf_normal)(uint64_t seed, uint32_t purpose, uint64_t first_row, T *out, long features, long tiles,
                             long lanes) {
  for (long t = 0; t < tiles; t++, out += features * lanes, first_row += (uint64_t)lanes) {
    if (lanes == 1) PF_FN(random_row)(1, seed, purpose, first_row, out, features);
    else PF_FN(random_tile)(1, seed, purpose, first_row, out, features);
  }
}

static void PF_FN(pf_dropout_mask)(T rate, T kept, T *mask, long n) {
  for (long i = 0; i < n; i++) mask[i] = mask[i] < rate ? 0 : kept;
}
