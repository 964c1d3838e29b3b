/* pf_optimizer.h, once for each instruction set and scalar. Memory is the bound: one pass, nothing read twice. */
#include "lane_vector.h"

typedef double PF_FN(doubles) __attribute__((ext_vector_type(PF_VB / sizeof(T))));

/* A run of numbers side by side at a time: all of them, or of each row what its extent reaches, in whole vectors. */
PF_INLINE int PF_FN(by_rows)(long columns, const int32_t *extent) { return extent && columns % PF_VL == 0; }
PF_INLINE long PF_FN(run_end)(long row, long columns, const int32_t *extent) {
  return row * columns + (extent[row] + PF_VL - 1) / PF_VL * PF_VL;
}

/* out[from ..< to] = the shards' sums; adds their squares. */
PF_INLINE void PF_FN(reduce_run)(T *const *shards, long shard_count, T *out, long from, long to, int clear,
                                 PF_FN(doubles) *squares, double *total) {
  long i = from;
  for (; i + PF_VL <= to; i += PF_VL) {
    PF_V sum = PF_LOAD(shards[0] + i);
    for (long s = 1; s < shard_count; s++) {
      sum += PF_LOAD(shards[s] + i);
      if (clear) PF_STORE(shards[s] + i, (PF_V){});
    }
    PF_STORE(out + i, sum);
    PF_FN(doubles) wide = __builtin_convertvector(sum, PF_FN(doubles));
    *squares += wide * wide;
  }
  for (; i < to; i++) {
    T sum = shards[0][i];
    for (long s = 1; s < shard_count; s++) {
      sum += shards[s][i];
      if (clear) shards[s][i] = 0;
    }
    out[i] = sum;
    *total += (double)sum * (double)sum;
  }
}

static double PF_FN(pf_reduce_gradients)(T *const *shards, long shard_count, T *out, long rows, long columns,
                                         const int32_t *extent, int clear) {
  if (shard_count <= 0) {
    for (long i = 0; i < rows * columns; i++) out[i] = 0;
    return 0;
  }
  PF_FN(doubles) squares = {};
  double total = 0;
  if (PF_FN(by_rows)(columns, extent)) {
    for (long r = 0; r < rows; r++)
      PF_FN(reduce_run)(shards, shard_count, out, r * columns, PF_FN(run_end)(r, columns, extent), clear, &squares,
                        &total);
  } else {
    PF_FN(reduce_run)(shards, shard_count, out, 0, rows * columns, clear, &squares, &total);
  }
  for (int lane = 0; lane < PF_VL; lane++) total += squares[lane];
  return total;
}

/* The factors of a step. */
typedef struct {
  T scale, step, inverse2, shrink, beta1, new1, beta2, new2, eps, toward;
} PF_FN(adamw);

PF_INLINE void PF_FN(adamw_run)(const PF_FN(adamw) *a, T *p, T *g, T *m, T *v, T *ema, long from, long to) {
  long i = from;
  for (; i + PF_VL <= to; i += PF_VL) {
    PF_V gi = PF_LOAD(g + i) * a->scale, pi = PF_LOAD(p + i);
    PF_V mi = a->beta1 * PF_LOAD(m + i) + a->new1 * gi;
    PF_V vi = a->beta2 * PF_LOAD(v + i) + a->new2 * (gi * gi);
    pi -= a->step * mi / (PF_FN(root)(vi * a->inverse2) + a->eps) + a->shrink * pi;
    PF_STORE(g + i, (PF_V){});
    PF_STORE(m + i, mi);
    PF_STORE(v + i, vi);
    PF_STORE(p + i, pi);
    if (ema) PF_STORE(ema + i, PF_LOAD(ema + i) + a->toward * (pi - PF_LOAD(ema + i)));
  }
  for (; i < to; i++) {
    T gi = g[i] * a->scale;
    g[i] = 0;
    m[i] = a->beta1 * m[i] + a->new1 * gi;
    v[i] = a->beta2 * v[i] + a->new2 * (gi * gi);
    p[i] -= a->step * m[i] / ((T)sqrt((double)(v[i] * a->inverse2)) + a->eps) + a->shrink * p[i];
    if (ema) ema[i] += a->toward * (p[i] - ema[i]);
  }
}

static void PF_FN(pf_adamw)(T *p, T *g, T *m, T *v, T *ema, long rows, long columns, const int32_t *extent,
                            T gradient_scale, T rate, T beta1, T beta2, T eps, T decay, T bias1, T bias2, T ema_decay) {
  const PF_FN(adamw) a = {.scale = gradient_scale, .step = rate / bias1, .inverse2 = 1 / bias2, .shrink = rate * decay,
                          .beta1 = beta1, .new1 = 1 - beta1, .beta2 = beta2, .new2 = 1 - beta2, .eps = eps,
                          .toward = 1 - ema_decay};
  if (PF_FN(by_rows)(columns, extent)) {
    for (long r = 0; r < rows; r++)
      PF_FN(adamw_run)(&a, p, g, m, v, ema, r * columns, PF_FN(run_end)(r, columns, extent));
  } else {
    PF_FN(adamw_run)(&a, p, g, m, v, ema, 0, rows * columns);
  }
}
