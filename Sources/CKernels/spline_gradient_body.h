/* Part of spline_body.h: vector-Jacobian products of the map and of its inverse. */

/* Adds to a gradient, or puts it in the place of what was kept. */
PF_INLINE void PF_FN(give)(T *d, PF_V g, const int kept) { PF_FN(store)(d, kept ? g : PF_FN(load)(d) + g); }

/* Gives the rows softmax's vector-Jacobian product: the sizes before bin `index` have gradient `before`, its own `own`. */
PF_INLINE void PF_FN(softmax_rows_backward)(const PF_FN(spline) *s, T *d, long stride, long bins, const PF_V *e,
                                            PF_V scale, PF_I index, PF_V before_sum, PF_V size, PF_V before, PF_V own,
                                            const int kept) {
  /* The mean gradient under the softmax: sums of sizes, less the smallest, over all there is to share. */
  const PF_V mean = (before * before_sum + own * (size - s->smallest)) * ((T)1 / s->spread);
  const PF_V low = before - mean, at = own - mean;
  PF_I past = index;
  for (long j = 0; j < bins; j++, past -= 1) {
    PF_V g = PF_FN(select)(past > 0, low, PF_FN(select)(past == 0, at, -mean));
    PF_FN(give)(d + j * stride, scale * e[j] * g, kept);
  }
}

/* Backward of the forward map at x, or (inverse 1) of the inverse at its result x; v is the map's argument. g and
 * g_log are the gradients of the map's value and log-det; g becomes the gradient of the argument, dp is added to.
 * The inverse's is the implicit function's: with f the forward map and L its log-det, dx = (dy - f_p dp) / f_x and
 * -L(x, p) as log-det. kept: the rows of p hold exponentials, and dp, which may be p, is written, not added to. */
PF_INLINE void PF_FN(spline_backward_group)(const PF_FN(spline) *s, const T *p, T *dp, long stride, long bins,
                                            const int group, const PF_V *v, const PF_V *x, PF_V *g, const PF_V *g_log,
                                            const int inverse, const int kept) {
  PF_V e[PF_SPLINE_SCRATCH], at[PF_GROUP];
  PF_FN(bin) bin[PF_GROUP];
  for (int i = 0; i < group; i++) at[i] = PF_FN(keep)(PF_FN(within)(v[i], s->bound), x[i]);
  PF_FN(find_bins)(s, p, stride, bins, at, 0, kept, group, e, bin);
  for (int i = 0; i < group; i++) {
    const PF_I inside = PF_FN(within)(v[i], s->bound);
    const PF_FN(bin) b = bin[i];
    PF_V gv = PF_FN(keep)(inside, g[i]), gl = PF_FN(keep)(inside, g_log[i]);
    PF_V over_width = b.over_width, t = PF_FN(unit)((at[i] - b.x0) * over_width), rest = (T)1 - t, t1 = t * rest;
    PF_V turn = rest - t, curve = b.d0 + b.d1 - (T)2 * b.slope;
    PF_V over_d = (T)1 / (b.slope + curve * t1), value = (b.slope * t * t + b.d0 * t1) * over_d;
    PF_V q = PF_FN(derivative_numerator)(&b, t), over_q = (T)1 / q, ratio = b.slope * over_d;
    PF_V derivative = ratio * (ratio * q);
    PF_V log_slope_t = (T)2 * ((b.d1 * t - b.d0 * rest + b.slope * turn) * over_q - curve * turn * over_d);
    if (inverse) {
      gl = -gl;
      gv = -(gv + gl * log_slope_t * over_width) / derivative;
    }
    /* Gradients of t, s, d0, d1, each with the others held, then of the bin's corner and size. */
    PF_V g_t = gv * (b.width * derivative) + gl * log_slope_t, gh = gv * b.height * over_d;
    PF_V g_s = gh * (t * t - value * ((T)1 - (T)2 * t1)) +
               gl * (T)2 * ((T)1 / b.slope + t1 * over_q - ((T)1 - (T)2 * t1) * over_d);
    PF_V g_d0 = gh * t1 * ((T)1 - value) + gl * (rest * rest * over_q - (T)2 * t1 * over_d);
    PF_V g_d1 = gl * (t * t * over_q - (T)2 * t1 * over_d) - gh * t1 * value;
    PF_V g_x0 = -g_t * over_width, g_width = g_x0 * t - g_s * b.slope * over_width;
    PF_V g_height = gv * value + g_s * over_width;
    g[i] = PF_FN(select)(inside, inverse ? -gv : g_t * over_width, g[i]);

    T *d = dp + i * PF_VL;
    const PF_V *ew = e + 2 * i * bins, *eh = ew + bins;
    PF_FN(softmax_rows_backward)(s, d, stride, bins, ew, b.scale_w, b.index, b.x0 - b.offset, b.width, g_x0, g_width,
                                 kept);
    d += bins * stride;
    PF_FN(softmax_rows_backward)(s, d, stride, bins, eh, b.scale_h, b.index, b.y0 - b.offset, b.height, gv, g_height,
                                 kept);
    PF_V g_u0 = PF_FN(keep)(b.u0 < (T)PF_SLOPE_CAP, g_d0 * PF_FN(sigmoid)(b.u0 + s->slope_shift));
    PF_V g_u1 = PF_FN(keep)(b.u1 < (T)PF_SLOPE_CAP, g_d1 * PF_FN(sigmoid)(b.u1 + s->slope_shift));
    d += bins * stride;
    PF_I past = b.index;
    for (long j = 0; j + 1 < bins; j++, past -= 1) {
      PF_V g_u = PF_FN(select)(past == 0, g_u1, PF_FN(keep)(past == 1, g_u0));
      PF_FN(give)(d + j * stride, g_u, kept);
    }
  }
}
