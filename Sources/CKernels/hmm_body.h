/* Body of hmm.c: one instruction set, doubles only (see multiversion.h). */
#if PF_DOUBLE
#include "lane_vector.h"

static void PF_FN(pf_hmm_densities)(const T *log_density, T *b, T *offset, long rows, long states, long ld) {
  for (long t = 0; t < rows; t++, log_density += ld, b += ld) {
    T largest = -PF_INFINITY;
    int is_nan = 0;
    for (long k = 0; k < states; k++) {
      is_nan |= log_density[k] != log_density[k];
      if (log_density[k] > largest) largest = log_density[k];
    }
    if (is_nan) largest = PF_NAN;
    offset[t] = largest;
    const int usable = largest - largest == 0;
    for (long k = 0; k < ld; k += PF_VL) {
      PF_V e = usable ? PF_FN(exp)(PF_FN(load)(log_density + k) - largest) : PF_FN(splat)((T)1);
      PF_FN(store)(b + k, e);
    }
    for (long k = states; k < ld; k++) b[k] = 0;
  }
}

/* sum over i of weight[i] * matrix[i][k .. k + C vectors), in two interleaved chains. */
PF_INLINE void PF_FN(hmm_mix)(const int C, const T *weight, const T *matrix, long states, long ld, PF_V sum[4]) {
  PF_V odd[4];
  for (int c = 0; c < C; c++) sum[c] = odd[c] = (PF_V){0};
  long i = 0;
  for (; i + 1 < states; i += 2, matrix += 2 * ld) {
    PF_V first = PF_FN(splat)(weight[i]), second = PF_FN(splat)(weight[i + 1]);
    for (int c = 0; c < C; c++) {
      sum[c] += first * PF_FN(load)(matrix + c * PF_VL);
      odd[c] += second * PF_FN(load)(matrix + ld + c * PF_VL);
    }
  }
  if (i < states)
    for (int c = 0; c < C; c++) sum[c] += PF_FN(splat)(weight[i]) * PF_FN(load)(matrix + c * PF_VL);
  for (int c = 0; c < C; c++) sum[c] += odd[c];
}
/* out = (weight times matrix) * factor for all ld columns (factor nullable); returns the sum of the results. */
PF_INLINE T PF_FN(hmm_step)(const T *weight, const T *matrix, const T *factor, T *out, long states, long ld) {
  PF_V total = {0}, sum[4];
  long k = 0;
#define PF_HMM_COLUMNS(C)                                                                                             \
  PF_FN(hmm_mix)(C, weight, matrix + k, states, ld, sum);                                                             \
  for (int c = 0; c < C; c++) {                                                                                       \
    if (factor) sum[c] *= PF_FN(load)(factor + k + c * PF_VL);                                                        \
    PF_FN(store)(out + k + c * PF_VL, sum[c]);                                                                        \
    total += sum[c];                                                                                                  \
  }
  for (; k + 4 * PF_VL <= ld; k += 4 * PF_VL) { PF_HMM_COLUMNS(4) }
  for (; k + 2 * PF_VL <= ld; k += 2 * PF_VL) { PF_HMM_COLUMNS(2) }
  for (; k < ld; k += PF_VL) { PF_HMM_COLUMNS(1) }
#undef PF_HMM_COLUMNS
  return PF_FN(horizontal_sum)(total);
}

static int PF_FN(pf_hmm_forward)(const T *initial, const T *transition, const T *b, T *alpha, T *scale, long rows,
                                 long states, long ld) {
  int lossy = 0;
  for (long t = 0; t < rows; t++, b += ld, alpha += ld) {
    T sum = 0;
    if (t == 0)
      for (long k = 0; k < ld; k++) {
        alpha[k] = k < states ? initial[k] * b[k] : 0;
        sum += alpha[k];
      }
    else
      sum = PF_FN(hmm_step)(alpha - ld, transition, b, alpha, states, ld);
    scale[t] = sum;
    if (!(sum >= (T)1e-200)) return 2;
    PF_V rate = PF_FN(splat)((T)1 / sum);
    for (long k = 0; k < ld; k += PF_VL) PF_FN(store)(alpha + k, PF_FN(load)(alpha + k) * rate);
    for (long k = 0; k < states; k++) lossy |= alpha[k] < (T)1e-280;
  }
  return lossy;
}

static int PF_FN(pf_hmm_backward)(const T *transposed, const T *b, const T *alpha, const T *scale, T *gamma, T *pairs,
                                  T *scratch, long rows, long states, long ld) {
  T *beta = scratch, *next = scratch + ld;
  for (long k = 0; k < ld; k++) beta[k] = k < states;
  int lossy = 0;
  for (long t = rows - 1; t >= 0; t--) {
    if (t < rows - 1) {
      PF_V rate = PF_FN(splat)((T)1 / scale[t + 1]);
      for (long k = 0; k < ld; k += PF_VL)
        PF_FN(store)(next + k, PF_FN(load)(b + (t + 1) * ld + k) * PF_FN(load)(beta + k) * rate);
      PF_FN(hmm_step)(next, transposed, 0, beta, states, ld);
      if (pairs)
        for (long i = 0; i < states; i++) {
          PF_V weight = PF_FN(splat)(alpha[t * ld + i]);
          for (long k = 0; k < ld; k += PF_VL)
            PF_FN(store)(pairs + i * ld + k, PF_FN(load)(pairs + i * ld + k) + weight * PF_FN(load)(next + k));
        }
    }
    PF_V total = {0};
    PF_I high = {0};
    for (long k = 0; k < ld; k += PF_VL) {
      PF_V way_back = PF_FN(load)(beta + k), g = PF_FN(load)(alpha + t * ld + k) * way_back;
      high |= ~(way_back <= (T)1e200);
      total += g;
      PF_FN(store)(gamma + t * ld + k, g);
    }
    for (int i = 0; i < PF_VL; i++) lossy |= high[i] != 0;
    if (lossy) return 1;
    /* One already, but for rounding. */
    PF_V rate = PF_FN(splat)((T)1 / PF_FN(horizontal_sum)(total));
    for (long k = 0; k < ld; k += PF_VL)
      PF_FN(store)(gamma + t * ld + k, PF_FN(load)(gamma + t * ld + k) * rate);
  }
  return 0;
}

static T PF_FN(pf_hmm_viterbi)(const T *log_initial, const T *log_transition, const T *log_density, int32_t *path,
                               int32_t *back, T *scratch, long rows, long states, long ld) {
  T *now = scratch, *next = scratch + ld;
  if (rows == 0) return 0;
  for (long k = 0; k < ld; k++) now[k] = k < states ? log_initial[k] + log_density[k] : -PF_INFINITY;
  for (long t = 1; t < rows; t++) {
    for (long k = 0; k < ld; k += PF_VL) {
      PF_V best = PF_FN(splat)(now[0]) + PF_FN(load)(log_transition + k);
      PF_I from = {0};
      for (long i = 1; i < states; i++) {
        PF_V candidate = PF_FN(splat)(now[i]) + PF_FN(load)(log_transition + i * ld + k);
        PF_I better = candidate > best;
        best = PF_FN(select)(better, candidate, best);
        from = (from & ~better) | (better & i);
      }
      PF_FN(store)(next + k, best + PF_FN(load)(log_density + t * ld + k));
      for (int i = 0; i < PF_VL; i++) back[t * ld + k + i] = (int32_t)from[i];
    }
    T *swap = now;
    now = next;
    next = swap;
  }
  int32_t best = 0;
  for (long k = 1; k < states; k++)
    if (now[k] > now[best]) best = (int32_t)k;
  const T value = now[best];
  for (long t = rows - 1; t >= 0; t--) {
    path[t] = best;
    if (t > 0) best = back[t * ld + best];
  }
  return value;
}
#endif
