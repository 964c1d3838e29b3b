/* Body of affine.c: one instruction set, one scalar type (see multiversion.h). */
#include "vector_math.h"

/* log scale = a / (1 + |a| / bound), as a * rate so that nothing overflows; d(log scale)/da = rate^2. */
PF_INLINE PF_V PF_FN(rate)(PF_V a, T bound) { return bound / (bound + PF_FN(absolute)(a)); }

PF_INLINE PF_V PF_FN(affine_vector)(PF_V v, PF_V shift, PF_V a, T bound, PF_V *logdet, const int inverse) {
  PF_V log_scale = a * PF_FN(rate)(a, bound);
  *logdet = inverse ? -log_scale : log_scale;
  return inverse ? (v - shift) * PF_FN(exp)(-log_scale) : v * PF_FN(exp)(log_scale) + shift;
}
/* x is the data side and g the gradient of the map's value in either direction; returns the argument's gradient. */
PF_INLINE PF_V PF_FN(affine_backward_vector)(PF_V x, PF_V a, T bound, PF_V g, PF_V g_log, PF_V *d_shift, PF_V *d_a,
                                             const int inverse) {
  PF_V rate = PF_FN(rate)(a, bound), log_scale = a * rate;
  PF_V scaled = g * PF_FN(exp)(inverse ? -log_scale : log_scale);
  *d_shift = inverse ? -scaled : g;
  *d_a = (inverse ? -(g * x + g_log) : scaled * x + g_log) * rate * rate;
  return scaled;
}

/* A single row's parameters are pairs: `which` 0 takes the shifts, 1 the others. */
PF_INLINE PF_V PF_FN(load_pairs)(const T *p, long count, int which) {
  T lane[PF_VB / sizeof(T)];
  for (long i = 0; i < PF_VL; i++) lane[i] = i < count ? p[2 * i + which] : (T)0;
  return PF_FN(load)(lane);
}

PF_INLINE void PF_FN(affine_map)(T bound, const T *x, const T *params, T *y, T *logdet, long features, long tiles,
                                 long lanes, const int inverse) {
  for (long t = 0; t < tiles; t++, x += features * lanes, y += features * lanes, params += 2 * features * lanes,
            logdet += lanes) {
    PF_V det;
    if (lanes == 1) {
      for (long f = 0; f < features; f += PF_VL) {
        const long count = features - f < PF_VL ? features - f : PF_VL;
        PF_V shift = PF_FN(load_pairs)(params + 2 * f, count, 0), a = PF_FN(load_pairs)(params + 2 * f, count, 1);
        PF_V v = PF_FN(affine_vector)(PF_FN(load_part)(x + f, count, (T)0), shift, a, bound, &det, inverse);
        PF_FN(store_part)(y + f, v, count);
        logdet[0] += (T)PF_FN(lane_sum)(det);
      }
      continue;
    }
    for (long f = 0; f < features; f++)
      for (long l = 0; l < lanes; l += PF_VL) {
        const T *p = params + 2 * f * lanes + l;
        PF_V v = PF_FN(load)(x + f * lanes + l);
        v = PF_FN(affine_vector)(v, PF_FN(load)(p), PF_FN(load)(p + lanes), bound, &det, inverse);
        PF_FN(store)(y + f * lanes + l, v);
        PF_FN(store)(logdet + l, PF_FN(load)(logdet + l) + det);
      }
  }
}
PF_INLINE void PF_FN(affine_map_backward)(T bound, const T *x, const T *params, const T *g, const T *g_log, T *d,
                                          T *dparams, long features, long tiles, long lanes, const int inverse) {
  const long size = features * lanes;
  for (long t = 0; t < tiles; t++, x += size, g += size, d += size, params += 2 * size, dparams += 2 * size,
       g_log += lanes) {
    PF_V d_shift, d_a;
    if (lanes == 1) {
      for (long f = 0; f < features; f += PF_VL) {
        const long count = features - f < PF_VL ? features - f : PF_VL;
        PF_V a = PF_FN(load_pairs)(params + 2 * f, count, 1), gv = PF_FN(load_part)(g + f, count, (T)0);
        PF_V back = PF_FN(affine_backward_vector)(PF_FN(load_part)(x + f, count, (T)0), a, bound, gv,
                                                  PF_FN(splat)(g_log[0]), &d_shift, &d_a, inverse);
        PF_FN(store_part)(d + f, PF_FN(load_part)(d + f, count, (T)0) + back, count);
        for (long i = 0; i < count; i++) {
          dparams[2 * (f + i)] += d_shift[i];
          dparams[2 * (f + i) + 1] += d_a[i];
        }
      }
      continue;
    }
    for (long f = 0; f < features; f++)
      for (long l = 0; l < lanes; l += PF_VL) {
        const long at = f * lanes + l;
        T *dp = dparams + 2 * f * lanes + l;
        PF_V a = PF_FN(load)(params + (2 * f + 1) * lanes + l);
        PF_V back = PF_FN(affine_backward_vector)(PF_FN(load)(x + at), a, bound, PF_FN(load)(g + at),
                                                  PF_FN(load)(g_log + l), &d_shift, &d_a, inverse);
        PF_FN(store)(d + at, PF_FN(load)(d + at) + back);
        PF_FN(store)(dp, PF_FN(load)(dp) + d_shift);
        PF_FN(store)(dp + lanes, PF_FN(load)(dp + lanes) + d_a);
      }
  }
}

static void PF_FN(pf_affine_forward)(double bound, const T *x, const T *params, T *y, T *logdet, long features,
                                     long tiles, long lanes) {
  PF_FN(affine_map)((T)bound, x, params, y, logdet, features, tiles, lanes, 0);
}
static void PF_FN(pf_affine_inverse)(double bound, const T *y, const T *params, T *x, T *logdet, long features,
                                     long tiles, long lanes) {
  PF_FN(affine_map)((T)bound, y, params, x, logdet, features, tiles, lanes, 1);
}
static void PF_FN(pf_affine_backward)(double bound, const T *x, const T *y, const T *params, const T *dy,
                                      const T *dlogdet, T *dx, T *dparams, long features, long tiles, long lanes) {
  (void)y;
  PF_FN(affine_map_backward)((T)bound, x, params, dy, dlogdet, dx, dparams, features, tiles, lanes, 0);
}
static void PF_FN(pf_affine_inverse_backward)(double bound, const T *y, const T *x, const T *params, const T *dx,
                                              const T *dlogdet, T *dy, T *dparams, long features, long tiles,
                                              long lanes) {
  (void)y;
  PF_FN(affine_map_backward)((T)bound, x, params, dx, dlogdet, dy, dparams, features, tiles, lanes, 1);
}
