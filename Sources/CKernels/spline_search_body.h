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

/* Unnormalised softmax of the rows; returns the sum. kept: the rows hold the exponentials already. */
PF_INLINE PF_V PF_FN(softmax_rows)(const T *rows, long stride, long bins, PF_V *e, const int kept) {
  PF_V top = PF_FN(load)(rows), sum = {0};
  if (kept) {
    for (long j = 0; j < bins; j++) sum += e[j] = PF_FN(load)(rows + j * stride);
    return sum;
  }
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

/* The bins of `group` vectors v; e is scratch that keeps 2 * bins exponentials a vector. kept: so do p's rows. */
PF_INLINE void PF_FN(find_bins)(const PF_FN(spline) *s, const T *p, long stride, long bins, const PF_V *v,
                                const int by_height, const int kept, const int group, PF_V *e, PF_FN(bin) *b) {
  for (int g = 0; g < group; g++) {
    PF_V *ew = e + 2 * g * bins, *eh = ew + bins;
    PF_V sum_w = PF_FN(softmax_rows)(p + g * PF_VL, stride, bins, ew, kept);
    PF_V sum_h = PF_FN(softmax_rows)(p + g * PF_VL + bins * stride, stride, bins, eh, kept);
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

/* The bin of a single value, all lanes alike: the bins of both sides lie along the lanes while their exponentials are taken,
 * and the search is a count. Far less to compute than a vector of which one lane counts. */
PF_INLINE void PF_FN(find_one_bin)(const PF_FN(spline) *s, const T *p, T v, const int by_height, PF_FN(bin) *b) {
  const long bins = s->bins;
  T e[2 * PF_SPLINE_MAX_BINS + PF_VB / sizeof(T)], before[2][PF_SPLINE_MAX_BINS], top[2] = {p[0], p[bins]};
  for (long j = 1; j < bins; j++) {
    top[0] = p[j] > top[0] ? p[j] : top[0];
    top[1] = p[bins + j] > top[1] ? p[bins + j] : top[1];
  }
  const PF_V top_w = PF_FN(splat)(top[0]), top_h = PF_FN(splat)(top[1]);
  for (long i = 0; i < 2 * bins; i += PF_VL) {
    const PF_V x = i + PF_VL <= 2 * bins ? PF_FN(load)(p + i) : PF_FN(load_part)(p + i, 2 * bins - i, (T)0);
    const PF_V top_x = PF_FN(select)(PF_FN(lane_numbers)() < (PF_INT)(bins - i), top_w, top_h);
    PF_FN(store)(e + i, PF_FN(exp_softmax)(x - top_x));
  }
  T sum_w = 0, sum_h = 0;
  for (long j = 0; j < bins; j++) {
    before[0][j] = sum_w;
    before[1][j] = sum_h;
    sum_w += e[j];
    sum_h += e[bins + j];
  }
  const T inverse = s->spread / (sum_w * sum_h), scale_w = inverse * sum_h, scale_h = inverse * sum_w;
  const T scale = by_height ? scale_h : scale_w;
  long index = 0;
  for (long j = 1; j < bins; j++) index += v >= before[by_height][j] * scale + s->offset[j];
  const T offset = index > 0 ? s->offset[index] : -s->bound;
  const T *u = p + 2 * bins;
  PF_V slopes = {0};
  slopes[0] = index > 0 ? u[index - 1] : 0;
  slopes[1] = index + 1 < bins ? u[index] : 0;
  slopes = PF_FN(slope)(s, PF_FN(capped)(slopes));
  b->x0 = PF_FN(splat)(before[0][index] * scale_w + offset);
  b->y0 = PF_FN(splat)(before[1][index] * scale_h + offset);
  b->width = PF_FN(splat)(e[index] * scale_w + s->smallest);
  b->height = PF_FN(splat)(e[bins + index] * scale_h + s->smallest);
  b->over_width = (T)1 / b->width;
  b->slope = b->height * b->over_width;
  b->d0 = PF_FN(splat)(slopes[0]);
  b->d1 = PF_FN(splat)(slopes[1]);
}
