/* Scalar equations solved elementwise, safeguarded: for inverses without a closed form. */
#ifndef PF_ROOTS_H
#define PF_ROOTS_H

#define PF_DECLARE_ROOTS(T, S)                                                                                        \
  /* a[i] with a + (s[i] - 1) tanh(a) = k[i], s >= 0 (the left side then increases): the planar layer's inverse.       \
     Newton steps inside a shrinking bracket, in double; at most 80 evaluations an element. NaN for NaN, k for an     \
     infinite k. a may alias. */                                                                                      \
  void pf_tanh_root_##S(const T *k, const T *s, T *a, long n);                                                         \
  /* dk += da / f'(a), ds -= da tanh(a) / f'(a), f' = tanh(a)^2 + s / cosh(a)^2 (either nullable). */                  \
  void pf_tanh_root_backward_##S(const T *a, const T *s, const T *da, T *dk, T *ds, long n);

PF_DECLARE_ROOTS(float, f32)
PF_DECLARE_ROOTS(double, f64)
#endif
