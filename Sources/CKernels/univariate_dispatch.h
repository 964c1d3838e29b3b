/* The four public functions of a univariate transformer (see pf_univariate.h), each choosing its instruction set. */
#define PF_DEFINE_TRANSFORMER(NAME, SHAPE, shape, T, S)                                                               \
  PF_DISPATCH(void, pf_##NAME##_forward, S,                                                                           \
              (SHAPE, const T *x, const T *params, T *y, T *logdet, long features, long tiles, long lanes),           \
              (shape, x, params, y, logdet, features, tiles, lanes))                                                  \
  PF_DISPATCH(void, pf_##NAME##_inverse, S,                                                                           \
              (SHAPE, const T *y, const T *params, T *x, T *logdet, long features, long tiles, long lanes),           \
              (shape, y, params, x, logdet, features, tiles, lanes))                                                  \
  PF_DISPATCH(void, pf_##NAME##_backward, S,                                                                          \
              (SHAPE, const T *x, const T *y, const T *params, const T *dy, const T *dlogdet, T *dx, T *dparams,      \
               long features, long tiles, long lanes),                                                                \
              (shape, x, y, params, dy, dlogdet, dx, dparams, features, tiles, lanes))                                \
  PF_DISPATCH(void, pf_##NAME##_inverse_backward, S,                                                                  \
              (SHAPE, const T *y, const T *x, const T *params, const T *dx, const T *dlogdet, T *dy, T *dparams,      \
               long features, long tiles, long lanes),                                                                \
              (shape, y, x, params, dx, dlogdet, dy, dparams, features, tiles, lanes))
