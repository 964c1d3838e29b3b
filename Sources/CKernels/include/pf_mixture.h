/* What mixtures of distributions need beside the linear kernels: centring with a factor a lane, and tables of categories.
 *
 * x and y are tiles of `features x lanes` (lanes is PF_LANES), 64-byte alignment is not needed. y may alias x.
 */
#ifndef PF_MIXTURE_H
#define PF_MIXTURE_H
#include "pf_isa.h"
#include <stdint.h>

#define PF_DECLARE_MIXTURE(T, S)                                                                                      \
  /* y[t][f][l] = (x[t][f][l] - centre[f]) * factor[t * factor_stride + l]; factor nullable. */                       \
  void pf_centre_scale_##S(const T *x, const T *centre, const T *factor, long factor_stride, T *y, long features,     \
                           long tiles);                                                                               \
  /* y[l] += table[code[l]] for `n` lanes; every code must lie in the table. */                                       \
  void pf_add_table_##S(const T *table, const int32_t *code, T *y, long n);                                           \
  /* table[code[l]] += x[l], in the order of the lanes. */                                                            \
  void pf_add_to_table_##S(const T *x, const int32_t *code, T *table, long n);

PF_DECLARE_MIXTURE(float, f32)
PF_DECLARE_MIXTURE(double, f64)
#endif
