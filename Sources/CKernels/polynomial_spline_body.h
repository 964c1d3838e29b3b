/* Body of polynomial_spline.c: one instruction set, one scalar type (see multiversion.h).
 *
 * A vector of lanes at a time. No branches: the bin is found by comparing with every knot while the running sums are formed.
 */
#include "vector_math.h"

/* The shape as the loops want it. Sizes are smallest + spread * softmax. */
typedef struct {
  T bound, smallest, spread, min_slope;
  long bins;
  int degree;
} PF_FN(poly);

PF_INLINE PF_FN(poly) PF_FN(make_poly)(const pf_polynomial_shape *shape) {
  const double span = 2 * shape->bound, smallest = span * shape->min_bin;
  return (PF_FN(poly)){.bound = (T)shape->bound, .smallest = (T)smallest,
                       .spread = (T)(span - smallest * (double)shape->bins), .min_slope = (T)shape->min_slope,
                       .bins = shape->bins, .degree = shape->degree};
}

#undef PF_POLY_SIZE
#define PF_POLY_SIZE (PF_POLYNOMIAL_MAX_BINS + 1)

/* exp(row - largest) of `count` rows; returns their sum. */
PF_INLINE PF_V PF_FN(poly_exponentials)(const T *rows, long stride, long count, PF_V *e) {
  PF_V top = PF_FN(load)(rows), sum = {0};
  for (long j = 1; j < count; j++) top = PF_FN(larger)(PF_FN(load)(rows + j * stride), top);
  for (long j = 0; j < count; j++) {
    e[j] = PF_FN(exp)(PF_FN(load)(rows + j * stride) - top);
    sum += e[j];
  }
  return sum;
}
/* Inside the knots; not for NaN. */
PF_INLINE PF_I PF_FN(poly_inside)(PF_V v, T bound) { return (v >= -bound) & (v <= bound); }

/* What the bin that holds a value is: its number, corner, size and the slopes at its ends. */
typedef struct {
  PF_I index;
  PF_V x0, y0, width, d0, d1;
} PF_FN(poly_bin);

/* All bins: widths w, slopes d at the knots (degree 2), or heights h in the place of w and equal widths (degree 1). */
typedef struct {
  PF_V size[PF_POLY_SIZE], slope[PF_POLY_SIZE], e_size[PF_POLY_SIZE], e_slope[PF_POLY_SIZE];
  PF_V over_sum, scale, area;
} PF_FN(poly_table);

PF_INLINE void PF_FN(poly_fill)(const PF_FN(poly) *s, const T *p, long stride, PF_FN(poly_table) *t) {
  const long bins = s->bins;
  t->over_sum = (T)1 / PF_FN(poly_exponentials)(p, stride, bins, t->e_size);
  for (long j = 0; j < bins; j++) t->size[j] = s->smallest + s->spread * (t->e_size[j] * t->over_sum);
  if (s->degree == 1) return;
  PF_FN(poly_exponentials)(p + bins * stride, stride, bins + 1, t->e_slope);
  PF_V area = {0};
  for (long j = 0; j < bins; j++) area += (T)0.5 * (t->e_slope[j] + t->e_slope[j + 1]) * t->size[j];
  t->area = area;
  t->scale = (((T)1 - s->min_slope) * 2 * s->bound) / area;
  for (long j = 0; j <= bins; j++) t->slope[j] = s->min_slope + t->scale * t->e_slope[j];
}

/* The bin of v among the x knots, or (by_y) the y knots. */
PF_INLINE PF_FN(poly_bin) PF_FN(poly_find)(const PF_FN(poly) *s, const PF_FN(poly_table) *t, PF_V v, const int by_y) {
  const T width = 2 * s->bound / (T)s->bins;
  PF_FN(poly_bin) b;
  PF_V x = PF_FN(splat)(-s->bound), y = x;
  b.index = (PF_I){0};
  b.x0 = x;
  b.y0 = y;
  b.width = s->degree == 1 ? PF_FN(splat)(width) : t->size[0];
  b.d0 = s->degree == 1 ? t->size[0] / width : t->slope[0];
  b.d1 = s->degree == 1 ? b.d0 : t->slope[1];
  for (long j = 1; j < s->bins; j++) {
    PF_V w, d0, d1;
    if (s->degree == 1) {
      x += width;
      y += t->size[j - 1];
      w = PF_FN(splat)(width);
      d0 = d1 = t->size[j] / width;
    } else {
      x += t->size[j - 1];
      y += (T)0.5 * (t->slope[j - 1] + t->slope[j]) * t->size[j - 1];
      w = t->size[j];
      d0 = t->slope[j];
      d1 = t->slope[j + 1];
    }
    const PF_I past = v >= (by_y ? y : x);
    b.index -= past;
    b.x0 = PF_FN(select)(past, x, b.x0);
    b.y0 = PF_FN(select)(past, y, b.y0);
    b.width = PF_FN(select)(past, w, b.width);
    b.d0 = PF_FN(select)(past, d0, b.d0);
    b.d1 = PF_FN(select)(past, d1, b.d1);
  }
  return b;
}
PF_INLINE PF_V PF_FN(poly_unit)(PF_V t) {
  const PF_V one = PF_FN(splat)((T)1), zero = {0};
  t = PF_FN(select)(t < zero, zero, t);
  return PF_FN(select)(t > one, one, t);
}

/* v becomes the map's value; returns its log-det. */
PF_INLINE PF_V PF_FN(poly_map_vector)(const PF_FN(poly) *s, const T *p, long stride, PF_V *v, const int inverse) {
  PF_FN(poly_table) table;
  PF_FN(poly_fill)(s, p, stride, &table);
  const PF_I inside = PF_FN(poly_inside)(*v, s->bound);
  const PF_V at = PF_FN(keep)(inside, *v), zero = {0};
  const PF_FN(poly_bin) b = PF_FN(poly_find)(s, &table, at, inverse);
  const PF_V bend = b.d1 - b.d0;
  PF_V t, value;
  if (inverse) {
    /* bend/2 t^2 + d0 t = r, in the form that does not cancel. */
    const PF_V r = (at - b.y0) / b.width;
    PF_V discriminant = b.d0 * b.d0 + (T)2 * bend * r;
    discriminant = PF_FN(select)(discriminant < zero, zero, discriminant);
    t = PF_FN(poly_unit)((T)2 * r / (b.d0 + PF_FN(root)(discriminant)));
    value = b.x0 + t * b.width;
  } else {
    t = PF_FN(poly_unit)((at - b.x0) / b.width);
    value = b.y0 + b.width * (t * (b.d0 + (T)0.5 * bend * t));
  }
  const PF_V slope = PF_FN(log)(b.d0 + bend * t);
  *v = PF_FN(select)(inside, value, *v);
  return PF_FN(keep)(inside, inverse ? -slope : slope);
}

/* size[j] = smallest + spread softmax[j]: gradients of the sizes to those of the rows, added to d. */
PF_INLINE void PF_FN(poly_softmax_backward)(const PF_FN(poly) *s, const PF_FN(poly_table) *t, const PF_V *g, T *d,
                                            long stride) {
  PF_V mean = {0};
  for (long j = 0; j < s->bins; j++) mean += t->e_size[j] * t->over_sum * g[j];
  for (long j = 0; j < s->bins; j++) {
    const PF_V own = s->spread * (t->e_size[j] * t->over_sum) * (g[j] - mean);
    PF_FN(store)(d + j * stride, PF_FN(load)(d + j * stride) + own);
  }
}

/* v is the map's argument, x the data side; g and gl the gradients of value and log-det. Adds to dp, returns the argument's
 * gradient. The inverse's is the implicit function's, as in spline_gradient_body.h. */
PF_INLINE PF_V PF_FN(poly_backward_vector)(const PF_FN(poly) *s, const T *p, T *dp, long stride, PF_V v, PF_V x, PF_V g,
                                           PF_V gl, const int inverse) {
  PF_FN(poly_table) table;
  PF_FN(poly_fill)(s, p, stride, &table);
  const PF_I inside = PF_FN(poly_inside)(v, s->bound);
  const PF_V at = PF_FN(keep)(inside, x), outer = g;
  const PF_FN(poly_bin) b = PF_FN(poly_find)(s, &table, at, 0);
  const PF_V bend = b.d1 - b.d0, t = PF_FN(poly_unit)((at - b.x0) / b.width), slope = b.d0 + bend * t;
  const PF_V over_slope = (T)1 / slope, log_slope_x = bend * over_slope / b.width;
  PF_V gv = PF_FN(keep)(inside, g);
  gl = PF_FN(keep)(inside, gl);
  if (inverse) {
    gl = -gl;
    gv = -(gv + gl * log_slope_x) * over_slope;
  }
  const PF_V gx = gv * slope + gl * log_slope_x;
  PF_V g_size[PF_POLY_SIZE];
  if (s->degree == 1) {
    const T width = 2 * s->bound / (T)s->bins;
    PF_I past = b.index;
    for (long j = 0; j < s->bins; j++, past -= 1)
      g_size[j] = PF_FN(select)(past > 0, gv, PF_FN(keep)(past == 0, gv * t + gl * over_slope / width));
    PF_FN(poly_softmax_backward)(s, &table, g_size, dp, stride);
    return PF_FN(select)(inside, inverse ? -gv : gx, outer);
  }
  /* Direct gradients of the slopes at the knots and of the widths. */
  PF_V g_slope[PF_POLY_SIZE], total = {0};
  const PF_V half = (T)0.5 * gv;
  PF_I past = b.index;
  for (long j = 0; j <= s->bins; j++, past -= 1) {
    /* past: bins between this knot and the value's bin; 0: its left knot, -1: its right one. */
    PF_V own = j < s->bins ? PF_FN(keep)(past > 0, half * table.size[j]) : (PF_V){0};
    if (j > 0) own += PF_FN(keep)(past >= 0, half * table.size[j - 1]);
    own += PF_FN(keep)(past == 0, gv * b.width * (t - (T)0.5 * t * t) + gl * ((T)1 - t) * over_slope);
    own += PF_FN(keep)(past == -1, half * b.width * t * t + gl * t * over_slope);
    g_slope[j] = own;
    total += own * table.e_slope[j];
  }
  const PF_V g_area = -total * table.scale / table.area;
  past = b.index;
  for (long j = 0; j < s->bins; j++, past -= 1) {
    const PF_V before = half * (table.slope[j] + table.slope[j + 1]) - gx;
    const PF_V at_bin = -(half * bend * t * t) - gl * log_slope_x * t;
    g_size[j] = PF_FN(select)(past > 0, before, PF_FN(keep)(past == 0, at_bin)) +
                g_area * (T)0.5 * (table.e_slope[j] + table.e_slope[j + 1]);
  }
  PF_FN(poly_softmax_backward)(s, &table, g_size, dp, stride);
  T *d = dp + s->bins * stride;
  for (long j = 0; j <= s->bins; j++) {
    PF_V beside = j < s->bins ? table.size[j] : (PF_V){0};
    if (j > 0) beside += table.size[j - 1];
    const PF_V own = table.e_slope[j] * (table.scale * g_slope[j] + g_area * (T)0.5 * beside);
    PF_FN(store)(d + j * stride, PF_FN(load)(d + j * stride) + own);
  }
  return PF_FN(select)(inside, inverse ? -gv : gx, outer);
}

/* ---- Over features, tiles and lanes ---- */

#undef PF_POLY_PACKED
#define PF_POLY_PACKED ((2 * PF_POLYNOMIAL_MAX_BINS + 1) * (PF_VB / sizeof(T)))

/* Parameters of `count` features of a single row to rows of a vector each, features in the place of lanes, and back. */
PF_INLINE void PF_FN(poly_pack)(const T *p, long rows, long count, T *packed) {
  for (long j = 0; j < rows; j++)
    for (long f = 0; f < PF_VL; f++) packed[j * PF_VL + f] = p[(f < count ? f : 0) * rows + j];
}

PF_INLINE void PF_FN(poly_map)(const pf_polynomial_shape *shape, const T *x, const T *params, T *y, T *logdet,
                               long features, long tiles, long lanes, const int inverse) {
  const PF_FN(poly) s = PF_FN(make_poly)(shape);
  const long rows = pf_polynomial_rows(shape), size = features * lanes;
  for (long t = 0; t < tiles; t++, x += size, y += size, params += size * rows, logdet += lanes) {
    if (lanes == 1) {
      T packed[PF_POLY_PACKED];
      for (long f = 0; f < features; f += PF_VL) {
        const long count = features - f < PF_VL ? features - f : PF_VL;
        PF_FN(poly_pack)(params + f * rows, rows, count, packed);
        PF_V v = PF_FN(load_part)(x + f, count, PF_INFINITY);
        const PF_V det = PF_FN(poly_map_vector)(&s, packed, PF_VL, &v, inverse);
        PF_FN(store_part)(y + f, v, count);
        for (long i = 0; i < count; i++) logdet[0] += det[i];
      }
      continue;
    }
    for (long f = 0; f < features; f++)
      for (long l = 0; l < lanes; l += PF_VL) {
        PF_V v = PF_FN(load)(x + f * lanes + l);
        const PF_V det = PF_FN(poly_map_vector)(&s, params + f * rows * lanes + l, lanes, &v, inverse);
        PF_FN(store)(y + f * lanes + l, v);
        PF_FN(store)(logdet + l, PF_FN(load)(logdet + l) + det);
      }
  }
}

PF_INLINE void PF_FN(poly_map_backward)(const pf_polynomial_shape *shape, const T *argument, const T *x, const T *params,
                                        const T *dy, const T *dlogdet, T *dx, T *dparams, long features, long tiles,
                                        long lanes, const int inverse) {
  const PF_FN(poly) s = PF_FN(make_poly)(shape);
  const long rows = pf_polynomial_rows(shape), size = features * lanes;
  for (long t = 0; t < tiles; t++, argument += size, x += size, dy += size, dx += size, params += size * rows,
            dparams += size * rows, dlogdet += lanes) {
    if (lanes == 1) {
      T packed[PF_POLY_PACKED], sums[PF_POLY_PACKED];
      for (long f = 0; f < features; f += PF_VL) {
        const long count = features - f < PF_VL ? features - f : PF_VL;
        PF_FN(poly_pack)(params + f * rows, rows, count, packed);
        for (long j = 0; j < rows * PF_VL; j++) sums[j] = 0;
        const PF_V v = PF_FN(load_part)(argument + f, count, PF_INFINITY), r = PF_FN(load_part)(x + f, count, (T)0);
        const PF_V g = PF_FN(load_part)(dy + f, count, (T)0), gl = PF_FN(splat)(dlogdet[0]);
        const PF_V out = PF_FN(poly_backward_vector)(&s, packed, sums, PF_VL, v, r, g, gl, inverse);
        PF_FN(store_part)(dx + f, PF_FN(load_part)(dx + f, count, (T)0) + out, count);
        for (long i = 0; i < count; i++)
          for (long j = 0; j < rows; j++) dparams[(f + i) * rows + j] += sums[j * PF_VL + i];
      }
      continue;
    }
    for (long f = 0; f < features; f++)
      for (long l = 0; l < lanes; l += PF_VL) {
        const long at = f * lanes + l, parameter = f * rows * lanes + l;
        const PF_V out = PF_FN(poly_backward_vector)(&s, params + parameter, dparams + parameter, lanes,
                                                     PF_FN(load)(argument + at), PF_FN(load)(x + at),
                                                     PF_FN(load)(dy + at), PF_FN(load)(dlogdet + l), inverse);
        PF_FN(store)(dx + at, PF_FN(load)(dx + at) + out);
      }
  }
}

static void PF_FN(poly_poison)(T *p, long n) {
  for (long i = 0; i < n; i++) p[i] = PF_NAN;
}

static void PF_FN(pf_polynomial_forward)(const pf_polynomial_shape *shape, const T *x, const T *params, T *y, T *logdet,
                                         long features, long tiles, long lanes) {
  if (pf_polynomial_shape_is_valid(shape)) {
    PF_FN(poly_map)(shape, x, params, y, logdet, features, tiles, lanes, 0);
  } else {
    PF_FN(poly_poison)(y, features * tiles * lanes);
    PF_FN(poly_poison)(logdet, tiles * lanes);
  }
}
static void PF_FN(pf_polynomial_inverse)(const pf_polynomial_shape *shape, const T *y, const T *params, T *x, T *logdet,
                                         long features, long tiles, long lanes) {
  if (pf_polynomial_shape_is_valid(shape)) {
    PF_FN(poly_map)(shape, y, params, x, logdet, features, tiles, lanes, 1);
  } else {
    PF_FN(poly_poison)(x, features * tiles * lanes);
    PF_FN(poly_poison)(logdet, tiles * lanes);
  }
}
static void PF_FN(pf_polynomial_backward)(const pf_polynomial_shape *shape, const T *x, const T *y, const T *params,
                                          const T *dy, const T *dlogdet, T *dx, T *dparams, long features, long tiles,
                                          long lanes) {
  (void)y;
  if (pf_polynomial_shape_is_valid(shape))
    PF_FN(poly_map_backward)(shape, x, x, params, dy, dlogdet, dx, dparams, features, tiles, lanes, 0);
  else PF_FN(poly_poison)(dx, features * tiles * lanes);
}
static void PF_FN(pf_polynomial_inverse_backward)(const pf_polynomial_shape *shape, const T *y, const T *x,
                                                  const T *params, const T *dx, const T *dlogdet, T *dy, T *dparams,
                                                  long features, long tiles, long lanes) {
  if (pf_polynomial_shape_is_valid(shape))
    PF_FN(poly_map_backward)(shape, y, x, params, dx, dlogdet, dy, dparams, features, tiles, lanes, 1);
  else PF_FN(poly_poison)(dy, features * tiles * lanes);
}
