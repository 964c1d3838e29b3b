#include "pf_mixture.h"
#include <math.h>
#define PF_BODY "mixture_body.h"
#include "multiversion.h"

#define PF_DEFINE_MIXTURE(T, S)                                                                                       \
  PF_DISPATCH(void, pf_centre_scale, S,                                                                               \
              (const T *x, const T *centre, const T *factor, long factor_stride, T *y, long features, long tiles),    \
              (x, centre, factor, factor_stride, y, features, tiles))                                                 \
  void pf_add_table_##S(const T *table, const int32_t *code, T *y, long n) {                                          \
    for (long i = 0; i < n; i++) y[i] += table[code[i]];                                                              \
  }                                                                                                                   \
  void pf_add_to_table_##S(const T *x, const int32_t *code, T *table, long n) {                                       \
    for (long i = 0; i < n; i++) table[code[i]] += x[i];                                                              \
  }

PF_DEFINE_MIXTURE(float, f32)
PF_DEFINE_MIXTURE(double, f64)
