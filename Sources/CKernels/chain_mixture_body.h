/* The logarithm of a Gaussian's density at a point, or of its mass on an interval, and derivatives by mean and deviation.
 * Part of chain_body.h. No digits are lost in the far tails (Mills's ratio, the exponential kept apart) nor for narrow
 * intervals (a series about the middle, where the difference of two distribution functions would cancel).
 */
#ifndef PF_CHAIN_MIXTURE_NAMES
#define PF_CHAIN_MIXTURE_NAMES
#define PF_INVERSE_ROOT_TWO_PI ((T)0.39894228040143267794)
#define PF_LOG_ROOT_TWO_PI ((T)0.91893853320467274178)
/* Width times |middle| (at least 1) in deviations, below which the series serves. */
#define PF_NARROW PF_PICK(0.5, 0.02)
#endif

typedef struct {
  PF_V value;     /* log density, or log mass */
  PF_V by_mean;   /* its derivatives */
  PF_V by_scale;
} PF_FN(gaussian_cell);

/* Upper tail of the standard normal over exp(-t^2 / 2), any t >= 0. */
PF_INLINE PF_V PF_FN(scaled_tail)(PF_V t) {
  const PF_V limit = PF_SPLAT(PF_NORMAL_CDF_ZERO - (T)0.5);
  const PF_V inside = PF_FN(mills_half)(PF_FN(smaller)(t, limit)), inverse = (T)1 / t, square = inverse * inverse;
  const PF_V series = (T)1 - square * ((T)1 - square * ((T)3 - (T)15 * square));
  return PF_FN(select)(t > limit, PF_INVERSE_ROOT_TWO_PI * inverse * series, inside);
}

/* Intervals that are not narrow. ends: both ends and their distance, in deviations (far out the rounded ends may be one). */
static __attribute__((noinline)) void PF_FN(wide_cell)(const PF_V *ends, const PF_V *inverse_scale,
                                                       PF_FN(gaussian_cell) *out) {
  const PF_V far = PF_SPLAT(1e6), inverse = *inverse_scale;
  PF_V a = PF_FN(larger)(PF_FN(smaller)(ends[0], far), -far), b = PF_FN(larger)(PF_FN(smaller)(ends[1], far), -far);
  const PF_I right = a + b > (T)0;
  const PF_V left_end = PF_FN(select)(right, -b, a), right_end = PF_FN(select)(right, -a, b);
  a = left_end;
  b = right_end;
  const PF_V ta = -a, tb = PF_FN(absolute)(b);
  const PF_I straddles = b > (T)0;
  const PF_V span = PF_FN(select)(ends[2] < far, ends[2], ta - tb);
  /* exp(-ta^2/2) and exp(-tb^2/2), both over exp(-tb^2/2) unless the mean lies inside. */
  const PF_V half_a = (T)0.5 * ta * ta, half_b = (T)0.5 * tb * tb;
  const PF_V ea = PF_FN(exp_times)(PF_FN(select)(straddles, -half_a, (T)-0.5 * span * (ta + tb)), PF_SPLAT(1));
  const PF_V eb = PF_FN(select)(straddles, PF_FN(exp_times)(-half_b, PF_SPLAT(1)), PF_SPLAT(1));
  const PF_V tail_a = ea * PF_FN(scaled_tail)(ta), tail_b = eb * PF_FN(scaled_tail)(tb);
  const PF_V mass = PF_FN(select)(straddles, (T)1 - tail_a - tail_b, tail_b - tail_a);
  const PF_V over = PF_INVERSE_ROOT_TWO_PI / mass, pa = ea * over, pb = eb * over;
  out->value = PF_FN(log)(mass) - PF_FN(select)(straddles, (PF_V){}, half_b);
  out->by_mean = PF_FN(select)(right, pb - pa, pa - pb) * inverse;
  out->by_scale = (a * pa - b * pb) * inverse;
}

/* A Gaussian's term of a cell. width 0: a point. log_width: log(width), 0 for a point. */
PF_INLINE PF_FN(gaussian_cell) PF_FN(gaussian_cell_of)(PF_V low, PF_V high, PF_V width, PF_V log_width, PF_V mean,
                                                       PF_V scale) {
  const PF_V inverse = (T)1 / scale, w = width * inverse;
  const PF_V u = ((T)0.5 * low + (T)0.5 * high - mean) * inverse, u2 = u * u, w2 = w * w;
  /* mass = density(u) w (1 + c), c = w^2 (u^2 - 1) / 24 + w^4 (u^4 - 6 u^2 + 3) / 1920 + ... */
  const PF_V quartic = w2 * (T)(1.0 / 1920);
  const PF_V c = w2 * ((u2 - (T)1) * (T)(1.0 / 24) + quartic * ((u2 - (T)6) * u2 + (T)3));
  const PF_V over = (T)1 / ((T)1 + c);
  const PF_V c_by_u = w2 * u * ((T)(1.0 / 12) + quartic * ((T)4 * u2 - (T)12));
  const PF_V c_by_w_times_w = w2 * ((u2 - (T)1) * (T)(1.0 / 12) + quartic * (T)4 * ((u2 - (T)6) * u2 + (T)3));
  const PF_V by_u = c_by_u * over - u;
  PF_FN(gaussian_cell) cell;
  cell.value = log_width - PF_FN(log)(scale) - PF_LOG_ROOT_TWO_PI - (T)0.5 * u2 +
               c * ((T)1 - c * ((T)0.5 - c * (T)(1.0 / 3)));
  cell.by_mean = -by_u * inverse;
  cell.by_scale = -((T)1 + u * by_u + c_by_w_times_w * over) * inverse;
  const PF_I narrow = w * PF_FN(larger)(PF_FN(absolute)(u), PF_SPLAT(1)) < PF_NARROW;
  const PF_I wide = ~narrow & (width > (T)0);
  PF_INT any = 0;
  PF_UNROLL for (int i = 0; i < PF_VL; i++) any |= wide[i];
  if (any) {
    const PF_V ends[3] = {(low - mean) * inverse, (high - mean) * inverse, w};
    PF_FN(gaussian_cell) other;
    PF_FN(wide_cell)(ends, &inverse, &other);
    cell.value = PF_FN(select)(wide, other.value, cell.value);
    cell.by_mean = PF_FN(select)(wide, other.by_mean, cell.by_mean);
    cell.by_scale = PF_FN(select)(wide, other.by_scale, cell.by_scale);
  }
  return cell;
}
