#include "pf_random.h"
#include "pf_isa.h"

/* Multipliers and key increments of Philox4x32 (Salmon et al. 2011, section 4). */
#define PF_PHILOX_M0 0xD2511F53u
#define PF_PHILOX_M1 0xCD9E8D57u
#define PF_PHILOX_W0 0x9E3779B9u
#define PF_PHILOX_W1 0xBB67AE85u
#define PF_LOW_WORD 0xffffffffull

void pf_philox4x32_10(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3], k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = (uint64_t)c0 * PF_PHILOX_M0, p1 = (uint64_t)c2 * PF_PHILOX_M1;
    c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)p1;
    c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)p0;
    k0 += PF_PHILOX_W0;
    k1 += PF_PHILOX_W1;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

#define PF_BODY "random_body.h"
#include "multiversion.h"

#define PF_DISPATCH_RANDOM(T, S)                                                                                       \
  PF_DISPATCH(void, pf_uniform, S,                                                                                     \
              (uint64_t seed, uint32_t purpose, uint64_t first_row, T *out, long features, long tiles, long lanes),    \
              (seed, purpose, first_row, out, features, tiles, lanes))                                                 \
  PF_DISPATCH(void, pf_normal, S,                                                                                      \
              (uint64_t seed, uint32_t purpose, uint64_t first_row, T *out, long features, long tiles, long lanes),    \
              (seed, purpose, first_row, out, features, tiles, lanes))                                                 \
  PF_DISPATCH(void, pf_dropout_mask, S, (T rate, T kept, T *mask, long n), (rate, kept, mask, n))

PF_DISPATCH_RANDOM(float, f32)
PF_DISPATCH_RANDOM(double, f64)
