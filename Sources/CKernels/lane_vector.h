/* Short names for the vectors of vector_math.h. Part of a PF_BODY. */
#include "vector_math.h"

#ifndef PF_LANE_VECTOR_NAMES
#define PF_LANE_VECTOR_NAMES
#define PF_LOAD(p) PF_FN(load)(p)
#define PF_STORE(p, v) PF_FN(store)(p, v)
#define PF_SPLAT(s) PF_FN(splat)(s)
#define PF_UNROLL _Pragma("clang loop unroll(full)")
#endif

PF_INLINE T PF_FN(horizontal_sum)(PF_V v) {
  T sum = 0;
  PF_UNROLL for (int i = 0; i < PF_VL; i++) sum += v[i];
  return sum;
}
