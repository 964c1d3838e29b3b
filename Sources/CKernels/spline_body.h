/* Body of spline.c: one instruction set, one scalar type (see multiversion.h).
 *
 * One vector of lanes at a time, no branches: the bin is found by comparing with every knot while the running sums are
 * formed, and everything belonging to it is selected on the way; the two slopes pass through softplus after selection.
 */
#include "vector_math.h"

/* The shape as the loops want it. */
typedef struct {
  T bound, smallest, spread, slope_shift, min_slope;
  long bins;
} PF_FN(spline);

PF_INLINE PF_FN(spline) PF_FN(make_spline)(const pf_spline_shape *shape) {
  const double span = 2 * shape->bound, share = 1 - shape->min_bin * (double)shape->bins;
  PF_FN(spline) s = {(T)shape->bound, (T)(span * shape->min_bin), (T)(span * share), (T)pf_slope_shift(shape->min_slope),
                     (T)shape->min_slope, shape->bins};
  return s;
}

/* What the formulas need of the bin that holds a value: eq. 4 and 5 of the paper, in its notation. */
typedef struct {
  PF_V index, x0, width, y0, height, u0, u1, d0, d1, slope;
} PF_FN(bin);

/* Unnormalised softmax of the rows; returns the sum. */
PF_INLINE PF_V PF_FN(softmax_rows)(const T *rows, long stride, long bins, PF_V *e) {
  PF_V top = PF_FN(load)(rows), sum = {0};
  for (long j = 1; j < bins; j++) top = PF_FN(larger)(PF_FN(load)(rows + j * stride), top);
  for (long j = 0; j < bins; j++) {
    e[j] = PF_FN(exp_softmax)(PF_FN(load)(rows + j * stride) - top);
    sum += e[j];
  }
  return sum;
}
PF_INLINE PF_V PF_FN(slope)(const PF_FN(spline) *s, PF_V u) {
  return PF_FN(softplus)(u + s->slope_shift) + s->min_slope;
}
PF_INLINE PF_V PF_FN(capped)(PF_V u) { return PF_FN(select)(u > (T)PF_SLOPE_CAP, PF_FN(splat)((T)PF_SLOPE_CAP), u); }

/* Finds v's bin among the widths (by_height 0) or the heights (1). ew, eh: bins vectors of scratch that keep the
 * exponentials; *aw, *ah: what turns them into widths and heights less the smallest bin. */
PF_INLINE PF_FN(bin) PF_FN(find_bin)(const PF_FN(spline) *s, const T *p, long stride, const long bins, PF_V v,
                                     const int by_height, PF_V *ew, PF_V *eh, PF_V *aw, PF_V *ah) {
  const T *slopes = p + 2 * bins * stride;
  PF_V sum_w = PF_FN(softmax_rows)(p, stride, bins, ew), sum_h = PF_FN(softmax_rows)(p + bins * stride, stride, bins, eh);
  PF_V inverse = s->spread / (sum_w * sum_h);
  *aw = inverse * sum_h;
  *ah = inverse * sum_w;
  /* "a" is the side that is searched, "b" follows. */
  const PF_V *ea = by_height ? eh : ew, *eb = by_height ? ew : eh;
  const PF_V scale_a = by_height ? *ah : *aw, scale_b = by_height ? *aw : *ah;
  PF_V running_a = ea[0], running_b = eb[0], start_a = PF_FN(splat)(-s->bound), start_b = {0}, size_a = ea[0], size_b = eb[0];
  PF_FN(bin) bin;
  bin.index = (PF_V){0};
  bin.u0 = (PF_V){0};
  bin.u1 = bins > 1 ? PF_FN(load)(slopes) : (PF_V){0};
  for (long j = 1; j < bins; j++) {
    PF_V knot = running_a * scale_a + ((T)j * s->smallest - s->bound);
    PF_I past = v >= knot;
    start_a = PF_FN(select)(past, knot, start_a);
    size_a = PF_FN(select)(past, ea[j], size_a);
    start_b = PF_FN(select)(past, running_b, start_b);
    size_b = PF_FN(select)(past, eb[j], size_b);
    bin.index = PF_FN(select)(past, PF_FN(splat)((T)j), bin.index);
    bin.u0 = PF_FN(select)(past, PF_FN(load)(slopes + (j - 1) * stride), bin.u0);
    bin.u1 = PF_FN(select)(past, j + 1 < bins ? PF_FN(load)(slopes + j * stride) : (PF_V){0}, bin.u1);
    running_a += ea[j];
    running_b += eb[j];
  }
  size_a = size_a * scale_a + s->smallest;
  size_b = size_b * scale_b + s->smallest;
  start_b = start_b * scale_b + (bin.index * s->smallest - s->bound);
  bin.x0 = by_height ? start_b : start_a;
  bin.y0 = by_height ? start_a : start_b;
  bin.width = by_height ? size_b : size_a;
  bin.height = by_height ? size_a : size_b;
  bin.u0 = PF_FN(capped)(bin.u0);
  bin.u1 = PF_FN(capped)(bin.u1);
  bin.d0 = PF_FN(slope)(s, bin.u0);
  bin.d1 = PF_FN(slope)(s, bin.u1);
  bin.slope = bin.height / bin.width;
  return bin;
}

PF_INLINE PF_V PF_FN(unit)(PF_V x) {
  const PF_V one = PF_FN(splat)((T)1), zero = {0};
  x = PF_FN(select)(x < zero, zero, x);
  return PF_FN(select)(x > one, one, x);
}
PF_INLINE PF_I PF_FN(within)(PF_V x, T bound) { return (x >= -bound) & (x <= bound); }
/* d1 t^2 + 2 s t (1 - t) + d0 (1 - t)^2, of which dy/dx is s^2 / denominator^2 times. */
PF_INLINE PF_V PF_FN(derivative_numerator)(const PF_FN(bin) *b, PF_V t) {
  PF_V rest = (T)1 - t;
  return b->d1 * t * t + rest * ((T)2 * b->slope * t + b->d0 * rest);
}
/* log(ratio^2 numerator); the last term is 0 or NaN, because log_normal takes NaN for a number. */
PF_INLINE PF_V PF_FN(log_derivative)(PF_V ratio, PF_V numerator) {
  PF_V derivative = ratio * (ratio * numerator);
  return PF_FN(log_normal)(derivative) + (derivative - derivative);
}

PF_INLINE PF_V PF_FN(spline_forward_vector)(const PF_FN(spline) *s, const T *p, long stride, const long bins, PF_V x,
                                            PF_V *logdet) {
  PF_V ew[PF_SPLINE_MAX_BINS], eh[PF_SPLINE_MAX_BINS], aw, ah;
  PF_I inside = PF_FN(within)(x, s->bound);
  PF_V at = PF_FN(keep)(inside, x);
  PF_FN(bin) b = PF_FN(find_bin)(s, p, stride, bins, at, 0, ew, eh, &aw, &ah);
  PF_V t = PF_FN(unit)((at - b.x0) / b.width), t1 = t * ((T)1 - t);
  PF_V inverse = (T)1 / (b.slope + (b.d0 + b.d1 - (T)2 * b.slope) * t1);
  PF_V y = b.y0 + b.height * ((b.slope * t * t + b.d0 * t1) * inverse);
  *logdet = PF_FN(keep)(inside, PF_FN(log_derivative)(b.slope * inverse, PF_FN(derivative_numerator)(&b, t)));
  return PF_FN(select)(inside, y, x);
}

/* The root of eq. 6-8: a t^2 + b t - s r = 0 with r = (y - y0) / height, in the form that does not cancel: where b < 0,
 * a = s - b > 0 divides instead. */
PF_INLINE PF_V PF_FN(spline_inverse_vector)(const PF_FN(spline) *s, const T *p, long stride, const long bins, PF_V y,
                                            PF_V *logdet) {
  PF_V ew[PF_SPLINE_MAX_BINS], eh[PF_SPLINE_MAX_BINS], aw, ah;
  const PF_V zero = {0};
  PF_I inside = PF_FN(within)(y, s->bound);
  PF_V at = PF_FN(keep)(inside, y);
  PF_FN(bin) bin = PF_FN(find_bin)(s, p, stride, bins, at, 1, ew, eh, &aw, &ah);
  PF_V r = PF_FN(unit)((at - bin.y0) / bin.height), curve = bin.d0 + bin.d1 - (T)2 * bin.slope;
  PF_V a = (bin.slope - bin.d0) + r * curve, b = bin.d0 - r * curve, c = bin.slope * r;
  PF_V discriminant = b * b + (T)4 * a * c;
  discriminant = PF_FN(select)(discriminant < zero, zero, discriminant);
  PF_V sum = PF_FN(absolute)(b) + PF_FN(root)(discriminant);
  PF_I falling = b < zero;
  PF_V t = PF_FN(unit)(PF_FN(select)(falling, sum, (T)2 * c) / PF_FN(select)(falling, (T)2 * a, sum));
  PF_V x = bin.x0 + t * bin.width, inverse = (T)1 / (bin.slope + curve * t * ((T)1 - t));
  *logdet = PF_FN(keep)(inside, -PF_FN(log_derivative)(bin.slope * inverse, PF_FN(derivative_numerator)(&bin, t)));
  return PF_FN(select)(inside, x, y);
}

/* Adds softmax's vector-Jacobian product to the rows: the sizes before the bin have gradient `before`, its own `own`. */
PF_INLINE void PF_FN(softmax_rows_backward)(T *d, long stride, long bins, const PF_V *e, PF_V scale, T smallest, PF_V index,
                                            PF_V start, PF_V size, T bound, PF_V before, PF_V own) {
  /* Sum of (size - smallest) * gradient over the bins, from the running sum that is the bin's start. */
  PF_V mean = before * (start + bound - index * smallest) + own * (size - smallest);
  PF_V total = {0};
  for (long j = 0; j < bins; j++) total += e[j];
  mean = mean / (total * scale);
  for (long j = 0; j < bins; j++) {
    PF_V k = PF_FN(splat)((T)j);
    PF_V g = PF_FN(select)(k < index, before, PF_FN(keep)(k == index, own));
    PF_FN(store)(d + j * stride, PF_FN(load)(d + j * stride) + scale * e[j] * (g - mean));
  }
}

/* Backward of the forward map at x, or (inverse 1) of the inverse at its result x; inside tells where the map's argument
 * was within the bound. value_gradient and log_gradient are the
 * gradients of the map's value and log-det; returns the gradient of the map's argument and adds to dp. The inverse's is
 * the implicit function's: with f the forward map and L its log-det, dx = (dy - f_p dp) / f_x and -L(x, p) as log-det. */
PF_INLINE PF_V PF_FN(spline_backward_vector)(const PF_FN(spline) *s, const T *p, T *dp, long stride, const long bins, PF_V x,
                                             PF_I inside, PF_V value_gradient, PF_V log_gradient, const int inverse) {
  PF_V ew[PF_SPLINE_MAX_BINS], eh[PF_SPLINE_MAX_BINS], aw, ah;
  PF_V at = PF_FN(keep)(inside, x), gv = PF_FN(keep)(inside, value_gradient), gl = PF_FN(keep)(inside, log_gradient);
  PF_FN(bin) b = PF_FN(find_bin)(s, p, stride, bins, at, 0, ew, eh, &aw, &ah);
  PF_V over_width = (T)1 / b.width, t = PF_FN(unit)((at - b.x0) * over_width), rest = (T)1 - t, t1 = t * rest;
  PF_V turn = rest - t, curve = b.d0 + b.d1 - (T)2 * b.slope;
  PF_V over_d = (T)1 / (b.slope + curve * t1), value = (b.slope * t * t + b.d0 * t1) * over_d;
  PF_V q = PF_FN(derivative_numerator)(&b, t), over_q = (T)1 / q, ratio = b.slope * over_d;
  PF_V derivative = ratio * (ratio * q);
  PF_V log_slope_t = (T)2 * ((b.d1 * t - b.d0 * rest + b.slope * turn) * over_q - curve * turn * over_d);
  if (inverse) {
    gl = -gl;
    gv = -(gv + gl * log_slope_t * over_width) / derivative;
  }
  /* Partial derivatives of value and log-det by t, s, d0, d1 with the rest held. */
  PF_V g_t = gv * (b.width * derivative) + gl * log_slope_t, gh = gv * b.height * over_d;
  PF_V g_s = gh * (t * t - value * ((T)1 - (T)2 * t1)) +
             gl * (T)2 * ((T)1 / b.slope + t1 * over_q - ((T)1 - (T)2 * t1) * over_d);
  PF_V g_d0 = gh * t1 * ((T)1 - value) + gl * (rest * rest * over_q - (T)2 * t1 * over_d);
  PF_V g_d1 = gl * (t * t * over_q - (T)2 * t1 * over_d) - gh * t1 * value;
  PF_V g_start = -g_t * over_width, g_width = (g_start * t) - g_s * b.slope * over_width;
  PF_V g_height = gv * value + g_s * over_width;
  PF_FN(softmax_rows_backward)(dp, stride, bins, ew, aw, s->smallest, b.index, b.x0, b.width, s->bound, g_start, g_width);
  PF_FN(softmax_rows_backward)(dp + bins * stride, stride, bins, eh, ah, s->smallest, b.index, b.y0, b.height, s->bound, gv,
                               g_height);
  PF_V g_u0 = PF_FN(keep)(b.u0 < (T)PF_SLOPE_CAP, g_d0 * PF_FN(sigmoid)(b.u0 + s->slope_shift));
  PF_V g_u1 = PF_FN(keep)(b.u1 < (T)PF_SLOPE_CAP, g_d1 * PF_FN(sigmoid)(b.u1 + s->slope_shift));
  T *slopes = dp + 2 * bins * stride;
  for (long j = 0; j + 1 < bins; j++) {
    PF_V g = PF_FN(select)(b.index == (T)j, g_u1, PF_FN(keep)(b.index == (T)(j + 1), g_u0));
    PF_FN(store)(slopes + j * stride, PF_FN(load)(slopes + j * stride) + g);
  }
  return inverse ? PF_FN(select)(inside, -gv, value_gradient)
                 : PF_FN(select)(inside, g_t * over_width, value_gradient);
}

/* ---- Over features, tiles and lanes ---- */

/* Parameters of `count` features of a single row, feature by feature, to rows of a vector each, and back. */
PF_INLINE void PF_FN(pack)(const T *p, long rows, long count, T *packed) {
  for (long j = 0; j < rows; j++)
    for (long f = 0; f < PF_VL; f++) packed[j * PF_VL + f] = f < count ? p[f * rows + j] : (T)0;
}
PF_INLINE void PF_FN(unpack_add)(const T *packed, long rows, long count, T *p) {
  for (long f = 0; f < count; f++)
    for (long j = 0; j < rows; j++) p[f * rows + j] += packed[j * PF_VL + f];
}

PF_INLINE PF_V PF_FN(spline_vector)(const PF_FN(spline) *s, const T *p, long stride, const long bins, PF_V v, PF_V *logdet,
                                    const int inverse) {
  return inverse ? PF_FN(spline_inverse_vector)(s, p, stride, bins, v, logdet)
                 : PF_FN(spline_forward_vector)(s, p, stride, bins, v, logdet);
}
PF_INLINE void PF_FN(spline_map)(const PF_FN(spline) *s, const T *x, const T *params, T *y, T *logdet, long features,
                                 long tiles, long lanes, const long bins, const int inverse) {
  const long rows = 3 * bins - 1;
  for (long t = 0; t < tiles; t++, x += features * lanes, y += features * lanes, logdet += lanes) {
    if (lanes == 1) {
      T packed[(3 * PF_SPLINE_MAX_BINS - 1) * (PF_VB / sizeof(T))];
      for (long f = 0; f < features; f += PF_VL, params += PF_VL * rows) {
        const long count = features - f < PF_VL ? features - f : PF_VL;
        PF_FN(pack)(params, rows, count, packed);
        PF_V det, v = PF_FN(load_part)(x + f, count, PF_INFINITY);
        PF_FN(store_part)(y + f, PF_FN(spline_vector)(s, packed, PF_VL, bins, v, &det, inverse), count);
        logdet[0] += (T)PF_FN(lane_sum)(det);
      }
      params -= ((features + PF_VL - 1) / PF_VL * PF_VL - features) * rows;
      continue;
    }
    for (long f = 0; f < features; f++, params += rows * lanes)
      for (long l = 0; l < lanes; l += PF_VL) {
        PF_V det, v = PF_FN(load)(x + f * lanes + l);
        PF_FN(store)(y + f * lanes + l, PF_FN(spline_vector)(s, params + l, lanes, bins, v, &det, inverse));
        PF_FN(store)(logdet + l, PF_FN(load)(logdet + l) + det);
      }
  }
}
PF_INLINE void PF_FN(spline_map_backward)(const PF_FN(spline) *s, const T *argument, const T *x, const T *params,
                                          const T *dy, const T *dlogdet, T *dx, T *dparams, long features, long tiles, long lanes, const long bins,
                                          const int inverse) {
  const long rows = 3 * bins - 1;
  const long size = features * lanes;
  for (long t = 0; t < tiles; t++, argument += size, x += size, dy += size, dx += size, dlogdet += lanes) {
    if (lanes == 1) {
      T packed[(3 * PF_SPLINE_MAX_BINS - 1) * (PF_VB / sizeof(T))], sums[(3 * PF_SPLINE_MAX_BINS - 1) * (PF_VB / sizeof(T))];
      for (long f = 0; f < features; f += PF_VL) {
        const long count = features - f < PF_VL ? features - f : PF_VL;
        PF_FN(pack)(params + f * rows, rows, count, packed);
        for (long j = 0; j < rows * PF_VL; j++) sums[j] = 0;
        PF_I inside = PF_FN(within)(PF_FN(load_part)(argument + f, count, PF_INFINITY), s->bound);
        PF_V v = PF_FN(load_part)(x + f, count, (T)0), g = PF_FN(load_part)(dy + f, count, (T)0);
        PF_V det = PF_FN(splat)(dlogdet[0]);
        PF_V back = PF_FN(spline_backward_vector)(s, packed, sums, PF_VL, bins, v, inside, g, det, inverse);
        PF_FN(store_part)(dx + f, PF_FN(load_part)(dx + f, count, (T)0) + back, count);
        PF_FN(unpack_add)(sums, rows, count, dparams + f * rows);
      }
      params += features * rows;
      dparams += features * rows;
      continue;
    }
    for (long f = 0; f < features; f++, params += rows * lanes, dparams += rows * lanes)
      for (long l = 0; l < lanes; l += PF_VL) {
        const long at = f * lanes + l;
        PF_I inside = PF_FN(within)(PF_FN(load)(argument + at), s->bound);
        PF_V back = PF_FN(spline_backward_vector)(s, params + l, dparams + l, lanes, bins, PF_FN(load)(x + at), inside,
                                                  PF_FN(load)(dy + at), PF_FN(load)(dlogdet + l), inverse);
        PF_FN(store)(dx + at, PF_FN(load)(dx + at) + back);
      }
  }
}

static void PF_FN(pf_spline_forward)(const pf_spline_shape *shape, const T *x, const T *params, T *y, T *logdet,
                                     long features, long tiles, long lanes) {
  const PF_FN(spline) s = PF_FN(make_spline)(shape);
  PF_FN(spline_map)(&s, x, params, y, logdet, features, tiles, lanes, s.bins, 0);
}
static void PF_FN(pf_spline_inverse)(const pf_spline_shape *shape, const T *y, const T *params, T *x, T *logdet,
                                     long features, long tiles, long lanes) {
  const PF_FN(spline) s = PF_FN(make_spline)(shape);
  PF_FN(spline_map)(&s, y, params, x, logdet, features, tiles, lanes, s.bins, 1);
}
static void PF_FN(pf_spline_backward)(const pf_spline_shape *shape, const T *x, const T *y, const T *params, const T *dy,
                                      const T *dlogdet, T *dx, T *dparams, long features, long tiles, long lanes) {
  const PF_FN(spline) s = PF_FN(make_spline)(shape);
  (void)y;
  PF_FN(spline_map_backward)(&s, x, x, params, dy, dlogdet, dx, dparams, features, tiles, lanes, s.bins, 0);
}
static void PF_FN(pf_spline_inverse_backward)(const pf_spline_shape *shape, const T *y, const T *x, const T *params,
                                              const T *dx, const T *dlogdet, T *dy, T *dparams, long features, long tiles,
                                              long lanes) {
  const PF_FN(spline) s = PF_FN(make_spline)(shape);
  PF_FN(spline_map_backward)(&s, y, x, params, dx, dlogdet, dy, dparams, features, tiles, lanes, s.bins, 1);
}
