#include "pf_likelihood.h"

#define PF_BODY "likelihood_body.h"
#include "multiversion.h"

#define PF_DEFINE_LIKELIHOOD(T, S)                                                                                    \
  PF_DISPATCH(void, pf_likelihood, S,                                                                                 \
              (const pf_likelihood_column *columns, long count, const T *x, const T *params, T *total, T *slope,      \
               long tiles, long lanes),                                                                               \
              (columns, count, x, params, total, slope, tiles, lanes))                                                \
  PF_DISPATCH(void, pf_likelihood_backward, S,                                                                        \
              (const T *slope, const T *dtotal, T *dparams, long rows, long tiles, long lanes),                       \
              (slope, dtotal, dparams, rows, tiles, lanes))                                                           \
  PF_DISPATCH(void, pf_likelihood_inputs, S,                                                                          \
              (const pf_likelihood_column *columns, long count, const T *x, T *inputs, long flags, long tiles,        \
               long lanes),                                                                                           \
              (columns, count, x, inputs, flags, tiles, lanes))

PF_DEFINE_LIKELIHOOD(float, f32)
PF_DEFINE_LIKELIHOOD(double, f64)
