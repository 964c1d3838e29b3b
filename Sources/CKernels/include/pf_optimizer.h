/* Gradient reduction and the optimizer's update, fused over a flat parameter buffer.
 *
 * Both run over a `rows x columns` piece of it, rows one after the other. `extent[r]` (nullable) is the number of leading
 * columns of row r that may be other than zero: the gradients, moments and parameters beyond it are, and stay, zero, so the
 * kernels leave them alone as far as whole vectors go. */
#ifndef PF_OPTIMIZER_H
#define PF_OPTIMIZER_H
#include <stdint.h>

#define PF_DECLARE_OPTIMIZER(T, S)                                                                                    \
  /* out[i] = sum over s of shards[s][i], s ascending, whatever the caller's thread count; out may alias shards[0]. */ \
  /* Clears shards[1..] behind it when `clear`. Returns the sum of squares of out in double (non-finite if any is). */ \
  double pf_reduce_gradients_##S(T *const *shards, long shard_count, T *out, long rows, long columns,                 \
                                 const int32_t *extent, int clear);                                                   \
  /* AdamW (Loshchilov & Hutter 2019): g' = gradient_scale g; m, v updated; p -= rate (m/bias1 / (sqrt(v/bias2)+eps)   \
     + decay p). ema (nullable): ema += (1 - ema_decay)(p - ema). bias1 = 1 - beta1^t, bias2 = 1 - beta2^t. Clears g. */ \
  void pf_adamw_##S(T *p, T *g, T *m, T *v, T *ema, long rows, long columns, const int32_t *extent, T gradient_scale,  \
                    T rate, T beta1, T beta2, T eps, T decay, T bias1, T bias2, T ema_decay);

PF_DECLARE_OPTIMIZER(float, f32)
PF_DECLARE_OPTIMIZER(double, f64)
#endif
