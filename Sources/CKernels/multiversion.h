/* Compiles one body three times: AVX-512, AVX2+FMA and the baseline of the target (SSE2, or NEON on arm64).
 *
 * Use: #define PF_BODY "linear_body.h" and include this file once. The body is included once per (instruction set, scalar)
 * with these defined:
 *   T, S             scalar type and its suffix (float f32, double f64)
 *   PF_DOUBLE        1 where T is double, for preprocessor conditions
 *   PF_VB            bytes of the widest comfortable vector: 64, 32, 16
 *   PF_ISA_LEVEL     2 (AVX-512), 1 (AVX2+FMA), 0
 *   PF_HAS_FMA       1 where a * b + c may become one instruction
 *   PF_PUBLIC(name)  name with suffix of scalar: another file's public function
 *   PF_FN(name)      name with suffix of scalar and instruction set; every function in the body must be named by it
 * Then define the public function with PF_DISPATCH. Helpers that take or return vectors must be PF_INLINE.
 */
#include "pf_isa.h"

#define PF_INLINE static inline __attribute__((always_inline, unused))
#define PF_CAT4_(a, b, c, d) a##b##_##c##_##d
#define PF_CAT4(a, b, c, d) PF_CAT4_(a, b, c, d)
#define PF_FN(name) PF_CAT4(name, , S, PF_SUFFIX)
#define PF_CAT2_(a, b) a##_##b
#define PF_CAT2(a, b) PF_CAT2_(a, b)
/* The public function, which chooses the instruction set itself. */
#define PF_PUBLIC(name) PF_CAT2(name, S)

/* The instruction set in use (see pf_isa.c). */
extern int pf_isa_now;
int pf_isa_resolve(void);
static inline int pf_isa_get(void) { return __builtin_expect(pf_isa_now >= 0, 1) ? pf_isa_now : pf_isa_resolve(); }

#if defined(__x86_64__)
#define PF_X86 1
#define PF_DISPATCH(RET, NAME, SUF, PARAMS, ARGS)                                                                     \
  RET NAME##_##SUF PARAMS {                                                                                           \
    switch (pf_isa_get()) {                                                                                           \
    case PF_ISA_AVX512: return NAME##_##SUF##_avx512 ARGS;                                                            \
    case PF_ISA_AVX2: return NAME##_##SUF##_avx2 ARGS;                                                                \
    default: return NAME##_##SUF##_baseline ARGS;                                                                     \
    }                                                                                                                 \
  }
#else
#define PF_DISPATCH(RET, NAME, SUF, PARAMS, ARGS)                                                                     \
  RET NAME##_##SUF PARAMS { return NAME##_##SUF##_baseline ARGS; }
#endif

#ifdef PF_X86
#define PF_HAS_FMA 1
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,bmi,bmi2,lzcnt"))), apply_to = function)
#define PF_SUFFIX avx512
#define PF_VB 64
#define PF_ISA_LEVEL 2
#include "multiversion_scalars.h"
#undef PF_SUFFIX
#undef PF_VB
#undef PF_ISA_LEVEL
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2,lzcnt"))), apply_to = function)
#define PF_SUFFIX avx2
#define PF_VB 32
#define PF_ISA_LEVEL 1
#include "multiversion_scalars.h"
#undef PF_SUFFIX
#undef PF_VB
#undef PF_ISA_LEVEL
#pragma clang attribute pop
#undef PF_HAS_FMA
#endif

#if defined(__aarch64__)
#define PF_HAS_FMA 1
#else
#define PF_HAS_FMA 0
#endif
#define PF_SUFFIX baseline
#define PF_VB 16
#define PF_ISA_LEVEL 0
#include "multiversion_scalars.h"
#undef PF_SUFFIX
#undef PF_VB
#undef PF_ISA_LEVEL
#undef PF_HAS_FMA
