#include "peak.h"

/* Twelve chains: more than latency times throughput of any processor of today, and they fit in 16 registers. */
#define CHAINS 12
#define ROUNDS(LANES, TARGET, NAME)                                                                                    \
  TARGET static double NAME(long count) {                                                                              \
    typedef float vector __attribute__((vector_size(4 * LANES)));                                                      \
    vector sum[CHAINS], a = {0}, b = {0};                                                                              \
    a += 0.999f;                                                                                                       \
    b += 1e-3f;                                                                                                        \
    for (int c = 0; c < CHAINS; c++) sum[c] = b * (float)c;                                                            \
    for (long i = 0; i < count; i++) {                                                                                 \
      _Pragma("clang loop unroll(full)") for (int c = 0; c < CHAINS; c++) sum[c] = sum[c] * a + b;                     \
    }                                                                                                                  \
    vector total = {0};                                                                                                \
    for (int c = 0; c < CHAINS; c++) total += sum[c];                                                                  \
    volatile float used = total[0];                                                                                    \
    (void)used;                                                                                                        \
    return 2.0 * LANES * CHAINS * (double)count;                                                                       \
  }

#if defined(__x86_64__)
ROUNDS(16, __attribute__((target("avx512f"))), rounds_avx512)
ROUNDS(8, __attribute__((target("avx2,fma"))), rounds_avx2)
#endif
ROUNDS(4, , rounds_baseline)

double peak_float_operations(long count) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return rounds_avx512(count);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return rounds_avx2(count);
#endif
  return rounds_baseline(count);
}
