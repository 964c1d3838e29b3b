/* Short names for the vectors of vector_math.h, and what moves numbers across lanes. Part of a PF_BODY. */
#include "vector_math.h"

#ifndef PF_LANE_VECTOR_NAMES
#define PF_LANE_VECTOR_NAMES
#define PF_LOAD(p) PF_FN(load)(p)
#define PF_STORE(p, v) PF_FN(store)(p, v)
#define PF_SPLAT(s) PF_FN(splat)(s)
#define PF_UNROLL _Pragma("clang loop unroll(full)")

/* M(S, 0), M(S, 1), ...: as many as a vector has lanes. */
#define PF_INDICES_2(M, S) M(S, 0), M(S, 1)
#define PF_INDICES_4(M, S) PF_INDICES_2(M, S), M(S, 2), M(S, 3)
#define PF_INDICES_8(M, S) PF_INDICES_4(M, S), M(S, 4), M(S, 5), M(S, 6), M(S, 7)
#define PF_INDICES_16(M, S)                                                                                            \
  PF_INDICES_8(M, S), M(S, 8), M(S, 9), M(S, 10), M(S, 11), M(S, 12), M(S, 13), M(S, 14), M(S, 15)
/* a and b side by side are runs of L lanes; the sums of each run's two halves. */
#define PF_HALF_OF_RUN(L, J) ((J) / ((L) / 2) * (L) + (J) % ((L) / 2))
#define PF_OTHER_HALF_OF_RUN(L, J) (PF_HALF_OF_RUN(L, J) + (L) / 2)
#define PF_FOLD(a, b, L)                                                                                               \
  (__builtin_shufflevector(a, b, PF_INDICES(PF_HALF_OF_RUN, L)) +                                                      \
   __builtin_shufflevector(a, b, PF_INDICES(PF_OTHER_HALF_OF_RUN, L)))
#endif

/* PF_VL for the preprocessor. */
#undef PF_LANE_COUNT
#define PF_LANE_COUNT (PF_VB / (PF_DOUBLE ? 8 : 4))
#undef PF_INDICES
#if PF_LANE_COUNT == 16
#define PF_INDICES PF_INDICES_16
#elif PF_LANE_COUNT == 8
#define PF_INDICES PF_INDICES_8
#elif PF_LANE_COUNT == 4
#define PF_INDICES PF_INDICES_4
#else
#define PF_INDICES PF_INDICES_2
#endif

PF_INLINE T PF_FN(horizontal_sum)(PF_V v) {
  v = PF_FOLD(v, v, PF_VL);
#if PF_LANE_COUNT > 8
  v = PF_FOLD(v, v, 8);
#endif
#if PF_LANE_COUNT > 4
  v = PF_FOLD(v, v, 4);
#endif
#if PF_LANE_COUNT > 2
  v = PF_FOLD(v, v, 2);
#endif
  return v[0];
}

/* The sums of the lanes of four vectors, side by side: five additions of vectors where one at a time would take 16. */
PF_INLINE void PF_FN(four_sums)(const PF_V v[4], T sums[4]) {
  PF_V low = PF_FOLD(v[0], v[1], PF_VL), high = PF_FOLD(v[2], v[3], PF_VL);
#if PF_LANE_COUNT == 2
  PF_STORE(sums, low);
  PF_STORE(sums + 2, high);
#else
  PF_V all = PF_FOLD(low, high, PF_VL / 2);
#if PF_LANE_COUNT > 8
  all = PF_FOLD(all, all, 4);
#endif
#if PF_LANE_COUNT > 4
  all = PF_FOLD(all, all, 2);
#endif
  PF_UNROLL for (int i = 0; i < 4; i++) sums[i] = all[i];
#endif
}

/* 0, 1, 2, ... */
PF_INLINE PF_I PF_FN(lane_numbers)(void) {
  PF_I lane;
  PF_UNROLL for (int i = 0; i < PF_VL; i++) lane[i] = i;
  return lane;
}
