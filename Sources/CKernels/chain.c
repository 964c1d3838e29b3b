#include "pf_chain.h"
#define PF_BODY "chain_body.h"
#include "multiversion.h"

#define PF_DISPATCH_CHAIN(T, S)                                                                                        \
  PF_DISPATCH(void, pf_chain_encode, S,                                                                                \
              (const pf_chain_shape *shape, const T *code, const T *low, const T *high, const T *state,                \
               const T *embedding, const T *knots, const T *positions, T *given, T *later),                            \
              (shape, code, low, high, state, embedding, knots, positions, given, later))                              \
  PF_DISPATCH(void, pf_chain_encode_backward, S,                                                                       \
              (const pf_chain_shape *shape, const T *code, const T *state, const T *d_given, const T *d_later,         \
               T *d_embedding),                                                                                        \
              (shape, code, state, d_given, d_later, d_embedding))                                                     \
  PF_DISPATCH(void, pf_chain_head, S,                                                                                  \
              (const pf_chain_shape *shape, const T *head, const T *code, const T *low, const T *high, const T *width, \
               const T *state, T *log_probability, T *gradient),                                                       \
              (shape, head, code, low, high, width, state, log_probability, gradient))                                 \
  PF_DISPATCH(void, pf_chain_head_backward, S,                                                                         \
              (const T *gradient, const T *dy, T *d_head, long rows, int overwrite),                                   \
              (gradient, dy, d_head, rows, overwrite))                                                                 \
  PF_DISPATCH(void, pf_chain_hint, S, (const pf_chain_hint_shape *shape, const T *cells, T *mixture),                  \
              (shape, cells, mixture))                                                                                 \
  PF_DISPATCH(void, pf_chain_hint_backward, S, (const pf_chain_hint_shape *shape, const T *cells, T *gradient),        \
              (shape, cells, gradient))                                                                                \
  PF_DISPATCH(void, pf_chain_draw, S,                                                                                  \
              (const pf_chain_shape *shape, const T *head, const T *uniform, const T *normal, T *code, T *low,         \
               T *high, T *width, T *scratch),                                                                         \
              (shape, head, uniform, normal, code, low, high, width, scratch))

PF_DISPATCH_CHAIN(float, f32)
PF_DISPATCH_CHAIN(double, f64)
