/* Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
 *
 * A draw is a pure function of (seed, purpose, row, index): row r, feature f of purpose q is word f % 4 of the block with
 * key = seed (low, high word) and counter = (row low, row high, f / 4, q). Independent of batch size and thread.
 * `lanes` is PF_LANES or 1, and changes no draw.
 */
#ifndef PF_RANDOM_H
#define PF_RANDOM_H
#include <stdint.h>

/* One block: counter (4 words), key (2 words) to 4 words. Known-answer vectors: Random123's kat_vectors. */
void pf_philox4x32_10(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

#define PF_DECLARE_RANDOM(T, S)                                                                                       \
  /* Uniform on (0, 1), both ends excluded. out: tiles of `features x lanes`; lane l of tile t is row first_row + t*lanes + l. \
     float takes one word a draw, double two: features 2k, 2k+1 share a block. The same bits on every instruction set. */ \
  void pf_uniform_##S(uint64_t seed, uint32_t purpose, uint64_t first_row, T *out, long features, long tiles, long lanes); \
  /* Standard normal by the inverse distribution function of the same uniforms, before the upper ones are rounded: both  \
     tails reach 6.3 (float) and 8.1 (double) standard deviations. Accuracy: that of PF_OP_NORMAL_QUANTILE. */          \
  void pf_normal_##S(uint64_t seed, uint32_t purpose, uint64_t first_row, T *out, long features, long tiles, long lanes);\
  /* In place: uniform numbers below rate become 0, the others kept. */                                                \
  void pf_dropout_mask_##S(T rate, T kept, T *mask, long n);

PF_DECLARE_RANDOM(float, f32)
PF_DECLARE_RANDOM(double, f64)
#endif
