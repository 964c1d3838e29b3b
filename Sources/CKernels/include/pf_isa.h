/* Which instruction set the kernels run on. Chosen once, at run time, from what the processor has. */
#ifndef PF_ISA_H
#define PF_ISA_H

/* Lanes of a tile: rows of data side by side, innermost in memory. */
#define PF_LANES 64

enum pf_isa { PF_ISA_BASELINE = 0, PF_ISA_AVX2 = 1, PF_ISA_AVX512 = 2 };

/* The instruction set in use. arm64 and others have the baseline only (NEON comes from it).
 * The environment variable PUSHFORWARD_ISA (baseline, avx2, avx512) lowers the choice, never raises it. */
int pf_isa_current(void);

/* The best instruction set of this processor. */
int pf_isa_best(void);

/* For tests: uses `isa` from now on. Returns 0, or -1 when this processor has not got it. Not thread safe. */
int pf_isa_select(int isa);

#endif
