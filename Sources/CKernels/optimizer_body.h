/* pf_optimizer.h, once for each instruction set and scalar. Memory is the bound: one pass, nothing read twice. */
#include "lane_vector.h"

typedef double PF_FN(doubles) __attribute__((ext_vector_type(PF_VB / sizeof(T))));

static double PF_FN(pf_reduce_gradients)(T *const *shards, long shard_count, T *out, long n, int clear) {
  if (shard_count <= 0) {
    for (long i = 0; i < n; i++) out[i] = 0;
    return 0;
  }
  PF_FN(doubles) squares = {};
  double total = 0;
  long i = 0;
  for (; i + PF_VL <= n; i += PF_VL) {
    PF_V sum = PF_LOAD(shards[0] + i);
    for (long s = 1; s < shard_count; s++) {
      sum += PF_LOAD(shards[s] + i);
      if (clear) PF_STORE(shards[s] + i, (PF_V){});
    }
    PF_STORE(out + i, sum);
    PF_FN(doubles) wide = __builtin_convertvector(sum, PF_FN(doubles));
    squares += wide * wide;
  }
  for (; i < n; i++) {
    T sum = shards[0][i];
    for (long s = 1; s < shard_count; s++) {
      sum += shards[s][i];
      if (clear) shards[s][i] = 0;
    }
    out[i] = sum;
    total += (double)sum * (double)sum;
  }
  for (int lane = 0; lane < PF_VL; lane++) total += squares[lane];
  return total;
}

static void PF_FN(pf_adamw)(T *p, const T *g, T *m, T *v, T *ema, long n, T gradient_scale, T rate, T beta1, T beta2,
                            T eps, T decay, T bias1, T bias2, T ema_decay) {
  const T step = rate / bias1, inverse2 = 1 / bias2, shrink = rate * decay, new1 = 1 - beta1, new2 = 1 - beta2;
  long i = 0;
  for (; i + PF_VL <= n; i += PF_VL) {
    PF_V gi = PF_LOAD(g + i) * gradient_scale, pi = PF_LOAD(p + i);
    PF_V mi = beta1 * PF_LOAD(m + i) + new1 * gi;
    PF_V vi = beta2 * PF_LOAD(v + i) + new2 * (gi * gi);
    pi -= step * mi / (PF_FN(root)(vi * inverse2) + eps) + shrink * pi;
    PF_STORE(m + i, mi);
    PF_STORE(v + i, vi);
    PF_STORE(p + i, pi);
    if (ema) PF_STORE(ema + i, PF_LOAD(ema + i) + (1 - ema_decay) * (pi - PF_LOAD(ema + i)));
  }
  for (; i < n; i++) {
    T gi = g[i] * gradient_scale;
    m[i] = beta1 * m[i] + new1 * gi;
    v[i] = beta2 * v[i] + new2 * (gi * gi);
    p[i] -= step * m[i] / ((T)sqrt((double)(v[i] * inverse2)) + eps) + shrink * p[i];
    if (ema) ema[i] += (1 - ema_decay) * (p[i] - ema[i]);
  }
}
