/* The activations of pf_linear.h, in place on what a panel has just written. Part of a PF_BODY. */
#undef PF_ACTIVATION_CASE
#define PF_ACTIVATION_CASE(NAME, EXPRESSION)                                                                           \
  case NAME:                                                                                                           \
    for (long i = 0; i < n; i += PF_VL) {                                                                              \
      const long count = n - i;                                                                                        \
      PF_V v = count >= PF_VL ? PF_LOAD(y + i) : PF_FN(load_part)(y + i, count, 0);                                    \
      v = EXPRESSION;                                                                                                  \
      if (count >= PF_VL) PF_STORE(y + i, v);                                                                          \
      else PF_FN(store_part)(y + i, v, count);                                                                         \
    }                                                                                                                  \
    return;

static void PF_FN(activate)(int activation, T *y, long n) {
  switch (activation) {
    PF_ACTIVATION_CASE(PF_RELU, PF_FN(select)(v < 0, (PF_V){}, v))
    PF_ACTIVATION_CASE(PF_TANH, PF_FN(tanh)(v))
    PF_ACTIVATION_CASE(PF_SILU, PF_FN(silu)(v))
    PF_ACTIVATION_CASE(PF_ELU, PF_FN(select)(v < 0, PF_FN(expm1)(v), v))
    PF_ACTIVATION_CASE(PF_SOFTPLUS, PF_FN(softplus)(v))
    PF_ACTIVATION_CASE(PF_SIGMOID, PF_FN(sigmoid)(v))
  }
}
