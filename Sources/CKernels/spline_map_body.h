/* Part of spline_body.h: the map and its inverse within a bin (Durkan et al. 2019, eq. 4 to 8), outside the
 * identity. */

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

/* The map's second half, its bins found; at is v, or 0 outside. v becomes the map's value, logdet its log-det. */
PF_INLINE void PF_FN(spline_forward_found)(const PF_FN(spline) *s, const PF_FN(bin) *bin, const int group, PF_V *at,
                                           PF_V *v, PF_V *logdet) {
  PF_V ratio[PF_GROUP], numerator[PF_GROUP];
  for (int g = 0; g < group; g++) {
    const PF_FN(bin) b = bin[g];
    PF_V t = PF_FN(unit)((at[g] - b.x0) * b.over_width), t1 = t * ((T)1 - t);
    PF_V inverse = (T)1 / (b.slope + (b.d0 + b.d1 - (T)2 * b.slope) * t1);
    PF_V y = b.y0 + b.height * ((b.slope * t * t + b.d0 * t1) * inverse);
    ratio[g] = b.slope * inverse;
    numerator[g] = PF_FN(derivative_numerator)(&b, t);
    at[g] = PF_FN(select)(PF_FN(within)(v[g], s->bound), y, v[g]);
  }
  for (int g = 0; g < group; g++) {
    logdet[g] = PF_FN(keep)(PF_FN(within)(v[g], s->bound), PF_FN(log_derivative)(ratio[g], numerator[g]));
    v[g] = at[g];
  }
}

/* v becomes the map's value; logdet its log-det. The exponentials of widths and heights go to the rows of `keep`, unless
 * it is null. */
PF_INLINE void PF_FN(spline_forward_group)(const PF_FN(spline) *s, const T *p, T *keep, long stride, long bins,
                                           const int group, PF_V *v, PF_V *logdet) {
  PF_V e[PF_SPLINE_SCRATCH], at[PF_GROUP];
  PF_FN(bin) bin[PF_GROUP];
  for (int g = 0; g < group; g++) at[g] = PF_FN(keep)(PF_FN(within)(v[g], s->bound), v[g]);
  PF_FN(find_bins)(s, p, stride, bins, at, 0, 0, group, e, bin);
  for (int g = 0; keep && g < group; g++)
    for (long j = 0; j < 2 * bins; j++) PF_FN(store)(keep + j * stride + g * PF_VL, e[2 * g * bins + j]);
  PF_FN(spline_forward_found)(s, bin, group, at, v, logdet);
}

/* The root of eq. 6-8: a t^2 + b t - s r = 0 with r = (y - y0) / height, in the form that does not cancel: where b < 0,
 * a = s - b > 0 divides instead. */
PF_INLINE PF_V PF_FN(spline_root)(const PF_FN(bin) *bin, PF_V r) {
  const PF_V zero = {0};
  PF_V curve = bin->d0 + bin->d1 - (T)2 * bin->slope;
  PF_V a = (bin->slope - bin->d0) + r * curve, b = bin->d0 - r * curve, c = bin->slope * r;
  PF_V discriminant = b * b + (T)4 * a * c;
  discriminant = PF_FN(select)(discriminant < zero, zero, discriminant);
  PF_V sum = PF_FN(absolute)(b) + PF_FN(root)(discriminant);
  PF_I falling = b < zero;
  return PF_FN(unit)(PF_FN(select)(falling, sum, (T)2 * c) / PF_FN(select)(falling, (T)2 * a, sum));
}

/* The inverse's second half, as spline_forward_found. */
PF_INLINE void PF_FN(spline_inverse_found)(const PF_FN(spline) *s, const PF_FN(bin) *bin, const int group, PF_V *at,
                                           PF_V *v, PF_V *logdet) {
  PF_V ratio[PF_GROUP], numerator[PF_GROUP];
  for (int g = 0; g < group; g++) {
    const PF_FN(bin) b = bin[g];
    PF_V t = PF_FN(spline_root)(&b, PF_FN(unit)((at[g] - b.y0) / b.height));
    PF_V x = b.x0 + t * b.width;
    ratio[g] = b.slope / (b.slope + (b.d0 + b.d1 - (T)2 * b.slope) * t * ((T)1 - t));
    numerator[g] = PF_FN(derivative_numerator)(&b, t);
    at[g] = PF_FN(select)(PF_FN(within)(v[g], s->bound), x, v[g]);
  }
  for (int g = 0; g < group; g++) {
    logdet[g] = PF_FN(keep)(PF_FN(within)(v[g], s->bound), -PF_FN(log_derivative)(ratio[g], numerator[g]));
    v[g] = at[g];
  }
}
PF_INLINE void PF_FN(spline_inverse_group)(const PF_FN(spline) *s, const T *p, long stride, long bins, const int group,
                                           PF_V *v, PF_V *logdet) {
  PF_V e[PF_SPLINE_SCRATCH], at[PF_GROUP];
  PF_FN(bin) bin[PF_GROUP];
  for (int g = 0; g < group; g++) at[g] = PF_FN(keep)(PF_FN(within)(v[g], s->bound), v[g]);
  PF_FN(find_bins)(s, p, stride, bins, at, 1, 0, group, e, bin);
  PF_FN(spline_inverse_found)(s, bin, group, at, v, logdet);
}

/* A single value, all lanes of v alike; p its parameters side by side. */
PF_INLINE void PF_FN(spline_one)(const PF_FN(spline) *s, const T *p, PF_V *v, PF_V *logdet, const int inverse) {
  PF_FN(bin) bin;
  PF_V at = PF_FN(keep)(PF_FN(within)(*v, s->bound), *v);
  PF_FN(find_one_bin)(s, p, at[0], inverse, &bin);
  if (inverse) PF_FN(spline_inverse_found)(s, &bin, 1, &at, v, logdet);
  else PF_FN(spline_forward_found)(s, &bin, 1, &at, v, logdet);
}
