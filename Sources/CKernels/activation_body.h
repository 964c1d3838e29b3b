/* See pf_activation.h. Included by multiversion.h once per instruction set and scalar. Plain loops: the compiler
 * vectorises them; exp is needed by softplus and SiLU only. */
static void PF_FN(pf_activation_backward)(int activation, const T *saved, const T *dy, T *dz, long n) {
  switch (activation) {
  case PF_RELU:
    for (long i = 0; i < n; i++) dz[i] = saved[i] > 0 ? dy[i] : 0;
    return;
  case PF_TANH:
    for (long i = 0; i < n; i++) dz[i] = dy[i] * (1 - saved[i] * saved[i]);
    return;
  case PF_ELU:
    for (long i = 0; i < n; i++) dz[i] = dy[i] * (saved[i] > 0 ? 1 : 1 + saved[i]);
    return;
  case PF_SIGMOID:
    for (long i = 0; i < n; i++) dz[i] = dy[i] * (saved[i] * (1 - saved[i]));
    return;
  case PF_SOFTPLUS:
    for (long i = 0; i < n; i++) dz[i] = dy[i] * -PF_EXPM1(-saved[i]);
    return;
  case PF_SILU:
    for (long i = 0; i < n; i++) {
      T s = 1 / (1 + PF_EXP(-saved[i]));
      dz[i] = dy[i] * (s * (1 + saved[i] * (1 - s)));
    }
    return;
  default:
    if (dz != dy)
      for (long i = 0; i < n; i++) dz[i] = dy[i];
  }
}
