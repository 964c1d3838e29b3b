/* Part of spline_body.h: softmax, knots and the bin that holds a value, for a group of vectors.
 *
 * No branches: the bin is found by comparing with every knot while the running sums are formed, and everything
 * belonging to it is selected on the way; the two slopes pass through softplus after selection.
 */

/* The shape as the loops want it. offset[j] = j * smallest - bound: where knot j would be if nothing else were
 * shared. */
typedef struct {
  T bound, smallest, spread, slope_shift, min_slope, offset[PF_SPLINE_MAX_BINS];
  long bins;
} PF_FN(spline);

/* Returns 0 if there is no such spline. */
PF_INLINE int PF_FN(make_spline)(PF_FN(spline) *s, const pf_spline_shape *shape) {
  if (!pf_spline_shape_is_valid(shape)) return 0;
  const double span = 2 * shape->bound, smallest = span * shape->min_bin;
  s->bound = (T)shape->bound;
  s->smallest = (T)smallest;
  s->spread = (T)(span - smallest * (double)shape->bins);
  s->slope_shift = (T)pf_slope_shift(shape->min_slope);
  s->min_slope = (T)shape->min_slope;
  s->bins = shape->bins;
  for (long j = 0; j < shape->bins; j++) s->offset[j] = (T)((double)j * smallest - shape->bound);
  return 1;
}

/* Vectors that go through the stages together: independent chains that keep the execution units busy. */
#define PF_GROUP 4
/* Scratch of a group: the exponentials of both softmaxes. */
#define PF_SPLINE_SCRATCH (PF_GROUP * 2 * PF_SPLINE_MAX_BINS)

/* What the formulas need of the bin that holds a value: eq. 4 and 5 of the paper, in its notation. Width and height are
 * scale_w, scale_h times an exponential, plus the smallest; offset is -bound plus the smallest bins before it. */
typedef struct {
  PF_I index;
  PF_V offset, x0, width, over_width, y0, height, u0, u1, d0, d1, slope, scale_w, scale_h;
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
PF_INLINE PF_V PF_FN(capped)(PF_V u) { return PF_FN(select)(u > (T)PF_SLOPE_CAP, PF_FN(splat)((T)PF_SLOPE_CAP), u); }
PF_INLINE PF_V PF_FN(slope)(const PF_FN(spline) *s, PF_V u) {
  return PF_FN(softplus)(u + s->slope_shift) + s->min_slope;
}

/* Finds v's bin among the widths (by_height 0) or the heights (1): all but its slopes. */
PF_INLINE void PF_FN(search)(const PF_FN(spline) *s, const T *slopes, long stride, long bins, PF_V v,
                             const int by_height, const PF_V *ew, const PF_V *eh, PF_FN(bin) *bin) {
  /* "a" is the side that is searched, "b" follows; a knot is its running sum scaled, plus the smallest bins so far. */
  const PF_V *ea = by_height ? eh : ew, *eb = by_height ? ew : eh;
  const PF_V scale_a = by_height ? bin->scale_h : bin->scale_w, scale_b = by_height ? bin->scale_w : bin->scale_h;
  PF_V running_a = ea[0], running_b = eb[0];
  PF_V start_a = PF_FN(splat)(-s->bound), start_b = {0}, offset_b = start_a, size_a = ea[0], size_b = eb[0];
  PF_V u0 = {0}, u1 = {0};
  PF_I index = {0};
  if (bins > 1) {
    PF_V left = PF_FN(load)(slopes);
    u1 = left;
    for (long j = 1; j < bins; j++) {
      const PF_V right = j + 1 < bins ? PF_FN(load)(slopes + j * stride) : (PF_V){0};
      const PF_V offset = PF_FN(splat)(s->offset[j]), knot = running_a * scale_a + offset;
      PF_I past = v >= knot;
      start_a = PF_FN(select)(past, knot, start_a);
      size_a = PF_FN(select)(past, ea[j], size_a);
      start_b = PF_FN(select)(past, running_b, start_b);
      size_b = PF_FN(select)(past, eb[j], size_b);
      offset_b = PF_FN(select)(past, offset, offset_b);
      u0 = PF_FN(select)(past, left, u0);
      u1 = PF_FN(select)(past, right, u1);
      index -= past;
      left = right;
      running_a += ea[j];
      running_b += eb[j];
    }
  }
  size_a = size_a * scale_a + s->smallest;
  size_b = size_b * scale_b + s->smallest;
  start_b = start_b * scale_b + offset_b;
  bin->index = index;
  bin->offset = offset_b;
  bin->x0 = by_height ? start_b : start_a;
  bin->y0 = by_height ? start_a : start_b;
  bin->width = by_height ? size_b : size_a;
  bin->height = by_height ? size_a : size_b;
  bin->u0 = PF_FN(capped)(u0);
  bin->u1 = PF_FN(capped)(u1);
}

/* The bins of `group` vectors v; e is scratch that keeps 2 * bins exponentials a vector. */
PF_INLINE void PF_FN(find_bins)(const PF_FN(spline) *s, const T *p, long stride, long bins, const PF_V *v,
                                const int by_height, const int group, PF_V *e, PF_FN(bin) *b) {
  for (int g = 0; g < group; g++) {
    PF_V *ew = e + 2 * g * bins, *eh = ew + bins;
    PF_V sum_w = PF_FN(softmax_rows)(p + g * PF_VL, stride, bins, ew);
    PF_V sum_h = PF_FN(softmax_rows)(p + g * PF_VL + bins * stride, stride, bins, eh);
    PF_V inverse = s->spread / (sum_w * sum_h);
    b[g].scale_w = inverse * sum_h;
    b[g].scale_h = inverse * sum_w;
  }
  for (int g = 0; g < group; g++) {
    PF_V *ew = e + 2 * g * bins, *eh = ew + bins;
    PF_FN(search)(s, p + g * PF_VL + 2 * bins * stride, stride, bins, v[g], by_height, ew, eh, b + g);
  }
  for (int g = 0; g < group; g++) {
    b[g].d0 = PF_FN(slope)(s, b[g].u0);
    b[g].d1 = PF_FN(slope)(s, b[g].u1);
    b[g].over_width = (T)1 / b[g].width;
    b[g].slope = b[g].height * b[g].over_width;
  }
}
