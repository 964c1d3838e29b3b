#include "pf_isa.h"
#include <stdlib.h>
#include <string.h>

/* Written once with the same value by whoever comes first, so a race is harmless. */
int pf_isa_now = -1;

int pf_isa_best(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("fma"))
    return PF_ISA_AVX512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return PF_ISA_AVX2;
#endif
  return PF_ISA_BASELINE;
}

int pf_isa_resolve(void) {
  int isa = pf_isa_best();
  const char *wish = getenv("PUSHFORWARD_ISA");
  if (wish) {
    int lowered = isa;
    if (!strcmp(wish, "baseline")) lowered = PF_ISA_BASELINE;
    else if (!strcmp(wish, "avx2")) lowered = PF_ISA_AVX2;
    if (lowered < isa) isa = lowered;
  }
  pf_isa_now = isa;
  return isa;
}

int pf_isa_current(void) { return pf_isa_now >= 0 ? pf_isa_now : pf_isa_resolve(); }

int pf_isa_select(int isa) {
  if (isa < 0 || isa > pf_isa_best()) return -1;
  pf_isa_now = isa;
  return 0;
}
