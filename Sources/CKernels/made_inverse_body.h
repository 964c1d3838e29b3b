/* pf_made_inverse, once for each instruction set and scalar. Part of a PF_BODY, after linear's panels.
 *
 * Where few units share a degree, the rows of several degrees in a row (a block) first take what the units before the
 * block contribute, in full panels; then, degree by degree, what the block's own units do.
 */
#include "pf_made.h"

#ifndef PF_MADE_BLOCKS
#define PF_MADE_BLOCKS
/* Units a degree from which one degree alone fills the panels, and units of a block otherwise. */
#define PF_MADE_ENOUGH_UNITS 5
#define PF_MADE_BLOCK_UNITS 16

/* The degree after the block that begins with degree `from`. */
static inline long pf_made_block_end(const pf_made *made, long from) {
  const long features = made->features;
  if (made->residual || made->hidden_count == 0) return from + 1;
  const int32_t *first = made->layer[0].first;
  if (first[features] >= PF_MADE_ENOUGH_UNITS * features) return from + 1;
  long to = from + 1;
  while (to < features && first[to + 1] - first[from] <= PF_MADE_BLOCK_UNITS && to - from < PF_MADE_BLOCK_UNITS) to++;
  return to;
}
#endif

/* One feature. */
static void PF_FN(transform_inverse)(const pf_made *made, const T *z, const T *parameters, T *x, T *logdet,
                                     long lanes) {
  switch (made->transformer) {
  case PF_AFFINE: PF_PUBLIC(pf_affine_inverse)(made->log_scale_bound, z, parameters, x, logdet, 1, 1, lanes); break;
  case PF_SPLINE: PF_PUBLIC(pf_spline_inverse)(&made->spline, z, parameters, x, logdet, 1, 1, lanes); break;
  case PF_OTHER: made->other(made->owner, 1, z, parameters, x, logdet, 1, lanes); break;
  default:
    for (long l = 0; l < lanes; l++) x[l] = z[l] - parameters[l];
  }
}

/* Everything the inverse of one tile needs. */
typedef struct {
  const pf_made *made;
  const T *parameters;
  T *seen, *hidden, *activated, *rows; /* scratch: inputs as the network sees them; units; parameters of a block */
  long lanes;
} PF_FN(made_state);

PF_INLINE const T *PF_FN(made_bias)(const PF_FN(made_state) *s, const pf_made_layer *layer) {
  return layer->bias < 0 ? 0 : s->parameters + layer->bias;
}

/* Rows from ..< to of a layer: y = activation(W[., low ..< high] x + bias + residual), high at most each row's extent.
 * y and residual begin at row `from`. */
static void PF_FN(made_rows)(const PF_FN(made_state) *s, const pf_made_layer *layer, long from, long to, long low,
                             long high, const T *x, const T *bias, const T *residual, T *y, int activation) {
  const T *w = s->parameters + layer->weight;
  const long ldw = layer->columns;
  if (s->lanes == 1) {
    PF_FN(row_forward)(w + from * ldw, ldw, bias ? bias + from : 0, x, residual, y, 0, to - from, ldw,
                       layer->extent + from, activation);
    return;
  }
  for (long o = from; o < to;) {
    const int rows = pf_next_rows(to - o);
    const long extent = layer->extent[o + rows - 1], end = extent < high ? extent : high, at = (o - from) * PF_LANES;
    PF_FN(panel) p = {.w = w + o * ldw + low, .rs = ldw, .x = x + low * PF_LANES, .n = end > low ? end - low : 0,
                      .bias = bias ? bias + o : 0, .residual = residual ? residual + at : 0, .y = y + at,
                      .activation = activation};
    PF_FN(panel_along_k)(rows, &p);
    o += rows;
  }
}

/* The units of hidden layer `index`, and those of its activated copy in a residual network. */
PF_INLINE long PF_FN(made_offset)(const pf_made *made, long index, long lanes) {
  long offset = 0;
  for (long l = 0; l < index; l++) offset += (made->layer[l].rows * lanes + 15) / 16 * 16;
  return offset;
}

/* Inputs as the network sees them. */
static void PF_FN(made_see)(const pf_made *made, const T *x, T *seen, long n) {
  for (long i = 0; i < n; i += PF_VL) {
    const long count = n - i;
    PF_V v = count >= PF_VL ? PF_LOAD(x + i) : PF_FN(load_part)(x + i, count, 0);
    if (made->bounds_input) v = PF_FN(soft_limit)(v);
    if (count >= PF_VL) PF_STORE(seen + i, v);
    else PF_FN(store_part)(seen + i, v, count);
  }
}

/* The units of one degree of a residual network: entry and block ends are linear, what the next layer reads of them is
 * activated. */
static void PF_FN(made_residual_units)(const PF_FN(made_state) *s, long degree) {
  const pf_made *made = s->made;
  for (long l = 0; l < made->hidden_count; l++) {
    const pf_made_layer *layer = &made->layer[l];
    const long from = layer->first[degree], to = layer->first[degree + 1], at = from * s->lanes;
    if (from == to) continue;
    const T *bias = PF_FN(made_bias)(s, layer);
    T *activated = s->activated + PF_FN(made_offset)(made, l, s->lanes) + at;
    const T *before = l == 0 ? s->seen : s->activated + PF_FN(made_offset)(made, l - 1, s->lanes);
    if (l % 2 == 1) {
      PF_FN(made_rows)(s, layer, from, to, 0, layer->columns, before, bias, 0, activated, layer->activation);
      continue;
    }
    T *unit = s->hidden + PF_FN(made_offset)(made, l, s->lanes) + at;
    const T *residual = l == 0 ? 0 : s->hidden + PF_FN(made_offset)(made, l - 2, s->lanes) + at;
    PF_FN(made_rows)(s, layer, from, to, 0, layer->columns, before, bias, residual, unit, PF_IDENTITY);
    memcpy(activated, unit, (size_t)((to - from) * s->lanes) * sizeof(T));
    if (made->activation != PF_IDENTITY) PF_FN(activate)(made->activation, activated, (to - from) * s->lanes);
  }
}

/* One block of degrees of a plain network. known: columns of a layer that were complete before the block. */
static void PF_FN(made_block)(const PF_FN(made_state) *s, long from, long to, const T *z, T *x, T *logdet) {
  const pf_made *made = s->made;
  const long lanes = s->lanes, hidden = made->hidden_count, blocked = to - from > 1;
  const long count = made->parameter_count;
  const long last_known = hidden ? made->layer[hidden - 1].first[from] : made->context + from;
  const int early_output = blocked && count < PF_MADE_ENOUGH_UNITS;
  const T *last = hidden == 0 ? s->seen
                  : (made->residual ? s->activated : s->hidden) + PF_FN(made_offset)(made, hidden - 1, lanes);
  const pf_made_layer *output = &made->layer[hidden];
  if (blocked) {
    const T *before = s->seen;
    long known = made->context + from, offset = 0;
    for (long l = 0; l < hidden; l++) {
      const pf_made_layer *layer = &made->layer[l];
      T *units = s->hidden + offset;
      PF_FN(made_rows)(s, layer, layer->first[from], layer->first[to], 0, known, before, PF_FN(made_bias)(s, layer), 0,
                       units + layer->first[from] * lanes, PF_IDENTITY);
      known = layer->first[from];
      before = units;
      offset += (layer->rows * lanes + 15) / 16 * 16;
    }
    if (early_output)
      PF_FN(made_rows)(s, output, from * count, to * count, 0, last_known, last, PF_FN(made_bias)(s, output), 0, s->rows,
                       PF_IDENTITY);
  }
  for (long degree = from; degree < to; degree++) {
    if (made->residual) PF_FN(made_residual_units)(s, degree);
    const T *before = s->seen;
    long known = blocked ? made->context + from : 0, offset = 0;
    for (long l = 0; l < hidden && !made->residual; l++) {
      const pf_made_layer *layer = &made->layer[l];
      const long first = layer->first[degree], end = layer->first[degree + 1];
      T *units = s->hidden + offset, *y = units + first * lanes;
      if (first < end)
        PF_FN(made_rows)(s, layer, first, end, known, layer->columns, before, blocked ? 0 : PF_FN(made_bias)(s, layer),
                         blocked ? y : 0, y, layer->activation);
      known = blocked ? layer->first[from] : 0;
      before = units;
      offset += (layer->rows * lanes + 15) / 16 * 16;
    }
    T *rows = s->rows + (early_output ? (degree - from) * count * lanes : 0);
    PF_FN(made_rows)(s, output, degree * count, (degree + 1) * count, early_output ? last_known : 0, output->columns,
                     last, early_output ? 0 : PF_FN(made_bias)(s, output), early_output ? rows : 0, rows, PF_IDENTITY);
    PF_FN(transform_inverse)(made, z + degree * lanes, rows, x + degree * lanes, logdet, lanes);
    PF_FN(made_see)(made, x + degree * lanes, s->seen + (made->context + degree) * lanes, lanes);
  }
}

static void PF_FN(pf_made_inverse)(const pf_made *made, const T *parameters, const T *context, const T *z, T *x,
                                   T *logdet, T *scratch, long tiles, long lanes) {
  const long features = made->features, units = PF_FN(made_offset)(made, made->hidden_count, lanes);
  PF_FN(made_state) s = {.made = made, .parameters = parameters, .lanes = lanes, .hidden = scratch,
                         .activated = scratch + units};
  s.seen = s.activated + (made->residual ? units : 0);
  s.rows = s.seen + ((made->context + features) * lanes + 15) / 16 * 16;
  for (long t = 0; t < tiles; t++, z += features * lanes, x += features * lanes, logdet += lanes) {
    if (made->context > 0) PF_FN(made_see)(made, context + t * made->context * lanes, s.seen, made->context * lanes);
    for (long from = 0; from < features;) {
      const long to = lanes == 1 ? from + 1 : pf_made_block_end(made, from);
      PF_FN(made_block)(&s, from, to, z, x, logdet);
      from = to;
    }
  }
}
