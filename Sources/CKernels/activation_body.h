/* Body of activation.c: one instruction set, one scalar type (see multiversion.h and pf_activation.h). */
#include "vector_math.h"

/* dz = dy * slope(saved), the slope an expression of the vector `s`. */
#define PF_SLOPE_CASE(OP, SLOPE)                                                                                      \
  case OP: {                                                                                                          \
    long i = 0;                                                                                                       \
    for (; i + PF_VL <= n; i += PF_VL) {                                                                              \
      const PF_V s = PF_FN(load)(saved + i);                                                                          \
      PF_FN(store)(dz + i, PF_FN(load)(dy + i) * (SLOPE));                                                            \
    }                                                                                                                 \
    if (i < n) {                                                                                                      \
      const PF_V s = PF_FN(load_part)(saved + i, n - i, 0);                                                           \
      PF_FN(store_part)(dz + i, PF_FN(load_part)(dy + i, n - i, 0) * (SLOPE), n - i);                                 \
    }                                                                                                                 \
    return;                                                                                                           \
  }

/* sigmoid(z) (1 + z (1 - sigmoid(z))) */
PF_INLINE PF_V PF_FN(silu_slope)(PF_V z) {
  const PF_V sigmoid = PF_FN(sigmoid)(z);
  return sigmoid * ((T)1 + z * ((T)1 - sigmoid));
}

static void PF_FN(pf_activation_backward)(int activation, const T *saved, const T *dy, T *dz, long n) {
  switch (activation) {
    PF_SLOPE_CASE(PF_RELU, PF_FN(keep)(s > (T)0, PF_FN(splat)(1)))
    PF_SLOPE_CASE(PF_TANH, (T)1 - s * s)
    PF_SLOPE_CASE(PF_ELU, PF_FN(select)(s > (T)0, PF_FN(splat)(1), (T)1 + s))
    PF_SLOPE_CASE(PF_SOFTPLUS, -PF_FN(expm1)(-s))
    PF_SLOPE_CASE(PF_SIGMOID, s * ((T)1 - s))
    PF_SLOPE_CASE(PF_SILU, PF_FN(silu_slope)(s))
  default:
    if (dz != dy)
      for (long i = 0; i < n; i++) dz[i] = dy[i];
  }
}
