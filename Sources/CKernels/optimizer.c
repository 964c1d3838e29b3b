#include "pf_optimizer.h"
#include <math.h>
#define PF_BODY "optimizer_body.h"
#include "multiversion.h"

#define PF_DISPATCH_OPTIMIZER(T, S)                                                                                    \
  PF_DISPATCH(double, pf_reduce_gradients, S,                                                                          \
              (T *const *shards, long shard_count, T *out, long rows, long columns, const int32_t *extent, int clear), \
              (shards, shard_count, out, rows, columns, extent, clear))                                                \
  PF_DISPATCH(void, pf_adamw, S,                                                                                       \
              (T *p, T *g, T *m, T *v, T *ema, long rows, long columns, const int32_t *extent, T gradient_scale,       \
               T rate, T beta1, T beta2, T eps, T decay, T bias1, T bias2, T ema_decay),                               \
              (p, g, m, v, ema, rows, columns, extent, gradient_scale, rate, beta1, beta2, eps, decay, bias1, bias2,   \
               ema_decay))

PF_DISPATCH_OPTIMIZER(float, f32)
PF_DISPATCH_OPTIMIZER(double, f64)
