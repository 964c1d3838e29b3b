/* Body of kernel_density.c: one instruction set (see multiversion.h); double only. */
#include "lane_vector.h"
#if PF_DOUBLE

/* Centres taken together: their exponents wait in registers for the largest to be known. */
#define PF_KERNEL_BLOCK 8

static void PF_FN(pf_kernel_sums)(const pf_kernel_shape *shape, const T *query, const int32_t *query_codes,
                                  const T *centres, const int32_t *codes, const T *log_weight, long first, long count,
                                  const int32_t *skip, T *top, T *sum) {
  const long features = shape->features, categories = shape->categories;
  for (long l = 0; l < PF_LANES; l += PF_VL) {
    PF_V highest = PF_LOAD(top + l), total = PF_LOAD(sum + l);
    PF_I left_out;
    for (int i = 0; i < PF_VL; i++) left_out[i] = skip ? skip[l + i] : -1;
    for (long j = 0; j < count; j += PF_KERNEL_BLOCK) {
      const long block = count - j < PF_KERNEL_BLOCK ? count - j : PF_KERNEL_BLOCK;
      PF_V e[PF_KERNEL_BLOCK], high = highest;
      for (long b = 0; b < block; b++) {
        const T *c = centres + (j + b) * features;
        PF_V exponent = PF_SPLAT(log_weight[j + b]), squares = {}, images = PF_SPLAT(1);
        for (long d = 0; d < features; d++) {
          if (!shape->use[d]) continue;
          const PF_V q = PF_LOAD(query + d * PF_LANES + l);
          const T inverse = shape->inverse[d], low = shape->low[d], wall = shape->high[d];
          const PF_V u = (q - c[d]) * inverse;
          squares += u * u;
          PF_V mirrored = PF_SPLAT(1);
          if (low > -PF_INFINITY) {
            const PF_V m = (q + (c[d] - 2 * low)) * inverse;
            mirrored += PF_FN(exp)((T)0.5 * (u * u - m * m));
          }
          if (wall < PF_INFINITY) {
            const PF_V m = (q + (c[d] - 2 * wall)) * inverse;
            mirrored += PF_FN(exp)((T)0.5 * (u * u - m * m));
          }
          images = images * mirrored;
        }
        exponent -= (T)0.5 * squares;
        for (long k = 0; k < categories; k++) {
          const int32_t code = codes[(j + b) * categories + k];
          const int32_t *own = query_codes + k * PF_LANES + l;
          for (int i = 0; i < PF_VL; i++)
            exponent[i] += own[i] == code ? shape->log_same[k] : own[i] == shape->levels[k] ? 0 : shape->log_other[k];
        }
        /* The images are between 1 and 3 a dimension: their logarithm is taken once a centre, and only where there are any. */
        PF_I any = images > (T)1;
        if (__builtin_reduce_or(any)) exponent += PF_FN(log)(images);
        if (skip) exponent = PF_FN(select)(left_out == (PF_INT)(first + j + b), PF_SPLAT(-PF_INFINITY), exponent);
        e[b] = exponent;
        high = PF_FN(select)(exponent > high, exponent, high);
      }
      /* -inf - -inf is no number: nothing has been added yet. */
      const PF_I started = high > -PF_INFINITY;
      const PF_V base = PF_FN(select)(started, high, (PF_V){});
      total = total * PF_FN(exp)(highest - base);
      for (long b = 0; b < block; b++) total += PF_FN(exp)(e[b] - base);
      highest = high;
    }
    PF_STORE(top + l, highest);
    PF_STORE(sum + l, total);
  }
}
#endif
