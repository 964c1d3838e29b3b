/* Body of likelihood.c: one instruction set, one scalar type (see multiversion.h). */
#include "vector_math.h"

/* Where a column's vectors lie: `stride` apart from row to row, `count` lanes of this one. */
typedef struct {
  const T *params;
  T *slope;
  long stride, count;
} PF_FN(cell);

PF_INLINE PF_V PF_FN(cell_read)(const T *p, long count) {
  return __builtin_expect(count == PF_VL, 1) ? PF_FN(load)(p) : PF_FN(load_part)(p, count, (T)0);
}
PF_INLINE void PF_FN(cell_write)(T *p, PF_V v, long count) {
  if (__builtin_expect(count == PF_VL, 1)) PF_FN(store)(p, v);
  else PF_FN(store_part)(p, v, count);
}
PF_INLINE PF_V PF_FN(cell_row)(const PF_FN(cell) *at, long row) {
  return PF_FN(cell_read)(at->params + row * at->stride, at->count);
}
PF_INLINE void PF_FN(cell_slope)(const PF_FN(cell) *at, long row, PF_I present, PF_V value) {
  PF_FN(cell_write)(at->slope + row * at->stride, PF_FN(keep)(present, value), at->count);
}

PF_INLINE PF_V PF_FN(gaussian_cell)(const pf_likelihood_column *c, const PF_FN(cell) *at, PF_V x, PF_I present) {
  PF_V mean = PF_FN(cell_row)(at, 0), s = PF_FN(cell_row)(at, 1);
  PF_V scale = PF_FN(softplus)(s) + (T)c->floor, r = (x - mean) / scale;
  if (at->slope) {
    PF_FN(cell_slope)(at, 0, present, r / scale);
    PF_FN(cell_slope)(at, 1, present, (r * r - (T)1) / scale * PF_FN(sigmoid)(s));
  }
  return (T)-0.5 * r * r - PF_FN(log)(scale) - (T)0.91893853320467274178;
}

PF_INLINE PF_V PF_FN(bernoulli_cell)(const PF_FN(cell) *at, PF_V x, PF_I present) {
  PF_V sign = (T)2 * x - (T)1, odds = sign * PF_FN(cell_row)(at, 0);
  if (at->slope) PF_FN(cell_slope)(at, 0, present, sign * PF_FN(sigmoid)(-odds));
  return PF_FN(log_sigmoid)(odds);
}

PF_INLINE PF_V PF_FN(categorical_cell)(const pf_likelihood_column *c, const PF_FN(cell) *at, PF_V x, PF_I present) {
  PF_V most = PF_FN(cell_row)(at, 0), picked = PF_FN(splat)(-PF_INFINITY), sum = {0};
  for (long k = 1; k < c->rows; k++) most = PF_FN(larger)(most, PF_FN(cell_row)(at, k));
  for (long k = 0; k < c->rows; k++) {
    PF_V logit = PF_FN(cell_row)(at, k) - most;
    sum += PF_FN(exp)(logit);
    picked = PF_FN(select)(x == (T)k, logit, picked);
  }
  if (at->slope)
    for (long k = 0; k < c->rows; k++) {
      PF_V mass = PF_FN(exp)(PF_FN(cell_row)(at, k) - most) / sum;
      PF_FN(cell_slope)(at, k, present, PF_FN(select)(x == (T)k, (T)1 - mass, -mass));
    }
  return picked - PF_FN(log)(sum);
}

/* With a and c the ends of the cell in units of the scale, d = a - c, and f the logistic function: f(a) - f(c) = f(a)
 * f(-c) (1 - e^-d). At the lower end f(-c) and the last factor go, at the upper end f(a) and the last factor. */
PF_INLINE PF_V PF_FN(logistic_cell)(const pf_likelihood_column *c, const PF_FN(cell) *at, PF_V x, PF_I present) {
  PF_V mean = PF_FN(cell_row)(at, 0), s = PF_FN(cell_row)(at, 1);
  PF_V scale = PF_FN(softplus)(s) + (T)c->floor, upper = (x - mean + (T)c->half) / scale;
  PF_V lower = (x - mean - (T)c->half) / scale, width = (T)(2 * c->half) / scale;
  PF_I left = x > (T)c->lower, right = x < (T)c->upper, both = left & right;
  if (at->slope) {
    PF_V to_upper = PF_FN(keep)(right, PF_FN(sigmoid)(-upper)), to_lower = PF_FN(keep)(left, -PF_FN(sigmoid)(lower));
    PF_V to_width = PF_FN(keep)(both, width / PF_FN(expm1)(width));
    PF_V to_scale = -(PF_FN(keep)(right, to_upper * upper) + PF_FN(keep)(left, to_lower * lower) + to_width) / scale;
    PF_FN(cell_slope)(at, 0, present, -(to_upper + to_lower) / scale);
    PF_FN(cell_slope)(at, 1, present, to_scale * PF_FN(sigmoid)(s));
  }
  return PF_FN(keep)(right, PF_FN(log_sigmoid)(upper)) + PF_FN(keep)(left, PF_FN(log_sigmoid)(-lower)) +
         PF_FN(keep)(both, PF_FN(log)(-PF_FN(expm1)(-width)));
}

static void PF_FN(pf_likelihood)(const pf_likelihood_column *columns, long count, const T *x, const T *params,
                                 T *total, T *slope, long tiles, long lanes) {
  for (long t = 0; t < tiles; t++, total += lanes)
    for (long c = 0; c < count; c++, x += lanes) {
      const pf_likelihood_column *column = columns + c;
      for (long l = 0; l < lanes; l += PF_VL) {
        const long part = lanes - l < PF_VL ? lanes - l : PF_VL;
        PF_FN(cell) at = {params + l, slope ? slope + l : 0, lanes, part};
        PF_V cell = PF_FN(cell_read)(x + l, part), value;
        PF_I present = ~(cell <= (T)PF_MISSING);
        switch (column->kind) {
          case PF_GAUSSIAN: value = PF_FN(gaussian_cell)(column, &at, cell, present); break;
          case PF_BERNOULLI: value = PF_FN(bernoulli_cell)(&at, cell, present); break;
          case PF_CATEGORICAL: value = PF_FN(categorical_cell)(column, &at, cell, present); break;
          default: value = PF_FN(logistic_cell)(column, &at, cell, present); break;
        }
        PF_V sum = PF_FN(cell_read)(total + l, part) + PF_FN(keep)(present, value - (T)column->log_unit);
        PF_FN(cell_write)(total + l, sum, part);
      }
      params += column->rows * lanes;
      if (slope) slope += column->rows * lanes;
    }
}

static void PF_FN(pf_likelihood_backward)(const T *slope, const T *dtotal, T *dparams, long rows, long tiles,
                                          long lanes) {
  for (long t = 0; t < tiles; t++, dtotal += lanes)
    for (long r = 0; r < rows; r++, slope += lanes, dparams += lanes)
      for (long l = 0; l < lanes; l += PF_VL) {
        const long part = lanes - l < PF_VL ? lanes - l : PF_VL;
        PF_V sum = PF_FN(cell_read)(dparams + l, part) +
                   PF_FN(cell_read)(slope + l, part) * PF_FN(cell_read)(dtotal + l, part);
        PF_FN(cell_write)(dparams + l, sum, part);
      }
}

static void PF_FN(pf_likelihood_inputs)(const pf_likelihood_column *columns, long count, const T *x, T *inputs,
                                        long flags, long tiles, long lanes) {
  for (long t = 0; t < tiles; t++, x += count * lanes) {
    for (long c = 0; c < count; c++) {
      const long kind = columns[c].kind, rows = kind == PF_CATEGORICAL ? columns[c].rows : 1;
      for (long r = 0; r < rows; r++, inputs += lanes)
        for (long l = 0; l < lanes; l++) {
          const T cell = x[c * lanes + l];
          const T seen = kind == PF_CATEGORICAL ? (T)(cell == (T)r) : kind == PF_BERNOULLI ? (T)2 * cell - (T)1 : cell;
          inputs[l] = cell <= (T)PF_MISSING ? (T)0 : seen;
        }
    }
    if (flags)
      for (long c = 0; c < count; c++, inputs += lanes)
        for (long l = 0; l < lanes; l++) inputs[l] = (T) !(x[c * lanes + l] <= (T)PF_MISSING);
  }
}
