/* Body of spline.c: one instruction set, one scalar type (see multiversion.h).
 *
 * A few vectors of lanes go through the stages (softmax, search, slopes, formulas, logarithm) together, so that the
 * long chain of one does not leave the processor waiting.
 */
#include "lane_vector.h"

#include "spline_search_body.h"
#include "spline_map_body.h"
#include "spline_gradient_body.h"

/* ---- Over features, tiles and lanes ---- */

#define PF_PACKED_SIZE ((3 * PF_SPLINE_MAX_BINS - 1) * (PF_VB / sizeof(T)))

/* Parameters of `count` features of a single row, feature by feature, to rows of a vector each, and back. */
PF_INLINE void PF_FN(pack)(const T *p, long rows, long count, T *packed) {
  for (long j = 0; j < rows; j++) PF_FN(store)(packed + j * PF_VL, PF_FN(splat)(p[j]));
  for (long f = 1; f < count; f++)
    for (long j = 0; j < rows; j++) packed[j * PF_VL + f] = p[f * rows + j];
}
PF_INLINE void PF_FN(unpack_add)(const T *packed, long rows, long count, T *p) {
  for (long f = 0; f < count; f++)
    for (long j = 0; j < rows; j++) p[f * rows + j] += packed[j * PF_VL + f];
}

PF_INLINE void PF_FN(spline_group)(const PF_FN(spline) *s, const T *p, long stride, const int group, PF_V *v,
                                   PF_V *logdet, const int inverse) {
  if (inverse) PF_FN(spline_inverse_group)(s, p, stride, s->bins, group, v, logdet);
  else PF_FN(spline_forward_group)(s, p, 0, stride, s->bins, group, v, logdet);
}

/* One row alone: features take the place of lanes. */
PF_INLINE void PF_FN(spline_row)(const PF_FN(spline) *s, const T *x, const T *params, T *y, T *logdet, long features,
                                 const int inverse) {
  const long rows = 3 * s->bins - 1;
  T packed[PF_PACKED_SIZE];
  for (long f = 0; f < features; f += PF_VL) {
    const long count = features - f < PF_VL ? features - f : PF_VL;
    if (count == 1) {
      PF_V det, v = PF_FN(splat)(x[f]);
      PF_FN(spline_one)(s, params + f * rows, &v, &det, inverse);
      y[f] = v[0];
      logdet[0] += det[0];
      continue;
    }
    PF_FN(pack)(params + f * rows, rows, count, packed);
    PF_V det, v = PF_FN(load_part)(x + f, count, PF_INFINITY);
    PF_FN(spline_group)(s, packed, PF_VL, 1, &v, &det, inverse);
    PF_FN(store_part)(y + f, v, count);
    for (long i = 0; i < count; i++) logdet[0] += det[i];
  }
}
PF_INLINE void PF_FN(spline_map)(const PF_FN(spline) *s, const T *x, const T *params, T *y, T *logdet, long features,
                                 long tiles, long lanes, const int inverse) {
  const long rows = 3 * s->bins - 1, size = features * lanes;
  for (long t = 0; t < tiles; t++, x += size, y += size, params += size * rows, logdet += lanes) {
    if (lanes == 1) {
      PF_FN(spline_row)(s, x, params, y, logdet, features, inverse);
      continue;
    }
    for (long f = 0; f < features; f++)
      for (long l = 0; l < lanes; l += PF_GROUP * PF_VL) {
        PF_V det[PF_GROUP], v[PF_GROUP];
        for (int g = 0; g < PF_GROUP; g++) v[g] = PF_FN(load)(x + f * lanes + l + g * PF_VL);
        PF_FN(spline_group)(s, params + f * rows * lanes + l, lanes, PF_GROUP, v, det, inverse);
        for (int g = 0; g < PF_GROUP; g++) {
          PF_FN(store)(y + f * lanes + l + g * PF_VL, v[g]);
          T *sum = logdet + l + g * PF_VL;
          PF_FN(store)(sum, PF_FN(load)(sum) + det[g]);
        }
      }
  }
}

/* The forward map of whole tiles, the exponentials kept in the place of the parameters. */
PF_INLINE void PF_FN(spline_map_keeping)(const PF_FN(spline) *s, const T *x, T *params, T *y, T *logdet, long features,
                                         long tiles) {
  const long rows = 3 * s->bins - 1;
  for (long t = 0; t < tiles; t++, logdet += PF_LANES)
    for (long f = 0; f < features; f++, x += PF_LANES, y += PF_LANES, params += rows * PF_LANES)
      for (long l = 0; l < PF_LANES; l += PF_GROUP * PF_VL) {
        PF_V det[PF_GROUP], v[PF_GROUP];
        for (int g = 0; g < PF_GROUP; g++) v[g] = PF_FN(load)(x + l + g * PF_VL);
        PF_FN(spline_forward_group)(s, params + l, params + l, PF_LANES, s->bins, PF_GROUP, v, det);
        for (int g = 0; g < PF_GROUP; g++) {
          T *sum = logdet + l + g * PF_VL;
          PF_FN(store)(y + l + g * PF_VL, v[g]);
          PF_FN(store)(sum, PF_FN(load)(sum) + det[g]);
        }
      }
}

PF_INLINE void PF_FN(spline_row_backward)(const PF_FN(spline) *s, const T *argument, const T *x, const T *params,
                                          const T *dy, const T *dlogdet, T *dx, T *dparams, long features,
                                          const int inverse) {
  const long rows = 3 * s->bins - 1;
  T packed[PF_PACKED_SIZE], sums[PF_PACKED_SIZE];
  for (long f = 0; f < features; f += PF_VL) {
    const long count = features - f < PF_VL ? features - f : PF_VL;
    PF_FN(pack)(params + f * rows, rows, count, packed);
    for (long j = 0; j < rows * PF_VL; j++) sums[j] = 0;
    PF_V v = PF_FN(load_part)(argument + f, count, PF_INFINITY), result = PF_FN(load_part)(x + f, count, (T)0);
    PF_V g = PF_FN(load_part)(dy + f, count, (T)0), g_log = PF_FN(splat)(dlogdet[0]);
    PF_FN(spline_backward_group)(s, packed, sums, PF_VL, s->bins, 1, &v, &result, &g, &g_log, inverse, 0);
    PF_FN(store_part)(dx + f, PF_FN(load_part)(dx + f, count, (T)0) + g, count);
    PF_FN(unpack_add)(sums, rows, count, dparams + f * rows);
  }
}
PF_INLINE void PF_FN(spline_map_backward)(const PF_FN(spline) *s, const T *argument, const T *x, const T *params,
                                          const T *dy, const T *dlogdet, T *dx, T *dparams, long features, long tiles,
                                          long lanes, const int inverse, const int kept) {
  const long rows = 3 * s->bins - 1, size = features * lanes;
  for (long t = 0; t < tiles; t++, argument += size, x += size, dy += size, dx += size, params += size * rows,
            dparams += size * rows, dlogdet += lanes) {
    if (lanes == 1) {
      PF_FN(spline_row_backward)(s, argument, x, params, dy, dlogdet, dx, dparams, features, inverse);
      continue;
    }
    for (long f = 0; f < features; f++)
      for (long l = 0; l < lanes; l += PF_GROUP * PF_VL) {
        const long at = f * lanes + l, parameter = f * rows * lanes + l;
        PF_V v[PF_GROUP], result[PF_GROUP], gradient[PF_GROUP], log_gradient[PF_GROUP];
        for (int g = 0; g < PF_GROUP; g++) {
          v[g] = PF_FN(load)(argument + at + g * PF_VL);
          result[g] = PF_FN(load)(x + at + g * PF_VL);
          gradient[g] = PF_FN(load)(dy + at + g * PF_VL);
          log_gradient[g] = PF_FN(load)(dlogdet + l + g * PF_VL);
        }
        PF_FN(spline_backward_group)(s, params + parameter, dparams + parameter, lanes, s->bins, PF_GROUP, v, result,
                                     gradient, log_gradient, inverse, kept);
        for (int g = 0; g < PF_GROUP; g++) {
          T *d = dx + at + g * PF_VL;
          PF_FN(store)(d, PF_FN(load)(d) + gradient[g]);
        }
      }
  }
}

static void PF_FN(poison)(T *p, long n) {
  for (long i = 0; i < n; i++) p[i] = PF_NAN;
}

static void PF_FN(pf_spline_forward)(const pf_spline_shape *shape, const T *x, const T *params, T *y, T *logdet,
                                     long features, long tiles, long lanes) {
  PF_FN(spline) s;
  if (PF_FN(make_spline)(&s, shape)) {
    PF_FN(spline_map)(&s, x, params, y, logdet, features, tiles, lanes, 0);
  } else {
    PF_FN(poison)(y, features * tiles * lanes);
    PF_FN(poison)(logdet, tiles * lanes);
  }
}
static void PF_FN(pf_spline_inverse)(const pf_spline_shape *shape, const T *y, const T *params, T *x, T *logdet,
                                     long features, long tiles, long lanes) {
  PF_FN(spline) s;
  if (PF_FN(make_spline)(&s, shape)) {
    PF_FN(spline_map)(&s, y, params, x, logdet, features, tiles, lanes, 1);
  } else {
    PF_FN(poison)(x, features * tiles * lanes);
    PF_FN(poison)(logdet, tiles * lanes);
  }
}
static void PF_FN(pf_spline_backward)(const pf_spline_shape *shape, const T *x, const T *y, const T *params,
                                      const T *dy, const T *dlogdet, T *dx, T *dparams, long features, long tiles,
                                      long lanes) {
  PF_FN(spline) s;
  (void)y;
  if (PF_FN(make_spline)(&s, shape))
    PF_FN(spline_map_backward)(&s, x, x, params, dy, dlogdet, dx, dparams, features, tiles, lanes, 0, 0);
  else PF_FN(poison)(dx, features * tiles * lanes);
}
static void PF_FN(pf_spline_inverse_backward)(const pf_spline_shape *shape, const T *y, const T *x, const T *params,
                                              const T *dx, const T *dlogdet, T *dy, T *dparams, long features,
                                              long tiles, long lanes) {
  PF_FN(spline) s;
  if (PF_FN(make_spline)(&s, shape))
    PF_FN(spline_map_backward)(&s, y, x, params, dx, dlogdet, dy, dparams, features, tiles, lanes, 1, 0);
  else PF_FN(poison)(dy, features * tiles * lanes);
}

static void PF_FN(pf_spline_forward_keeping)(const pf_spline_shape *shape, const T *x, T *params, T *y, T *logdet,
                                             long features, long tiles) {
  PF_FN(spline) s;
  if (PF_FN(make_spline)(&s, shape)) {
    PF_FN(spline_map_keeping)(&s, x, params, y, logdet, features, tiles);
  } else {
    PF_FN(poison)(y, features * tiles * PF_LANES);
    PF_FN(poison)(logdet, tiles * PF_LANES);
  }
}
static void PF_FN(pf_spline_backward_kept)(const pf_spline_shape *shape, const T *x, T *params, const T *dy,
                                           const T *dlogdet, T *dx, long features, long tiles) {
  PF_FN(spline) s;
  if (PF_FN(make_spline)(&s, shape))
    PF_FN(spline_map_backward)(&s, x, x, params, dy, dlogdet, dx, params, features, tiles, PF_LANES, 0, 1);
  else PF_FN(poison)(dx, features * tiles * PF_LANES);
}
