/* The vector type of one instruction set and its loads and stores. Part of a PF_BODY: included once for each pass. */
#undef PF_V
#undef PF_VL
#undef PF_LOAD
#undef PF_STORE
#undef PF_SPLAT
#undef PF_UNROLL
#define PF_V PF_FN(pf_lane_vector)
#define PF_VL ((long)(PF_VB / sizeof(T)))
typedef T PF_V __attribute__((ext_vector_type(PF_VB / sizeof(T)), aligned(sizeof(T)), may_alias));
#define PF_LOAD(p) (*(const PF_V *)(p))
#define PF_STORE(p, v) (*(PF_V *)(p) = (v))
#define PF_SPLAT(s) ((PF_V)(s))
#define PF_UNROLL _Pragma("clang loop unroll(full)")

PF_INLINE T PF_FN(horizontal_sum)(PF_V v) {
  T sum = 0;
  PF_UNROLL for (int i = 0; i < PF_VL; i++) sum += v[i];
  return sum;
}
