/* Body of row_network.c: one instruction set, one scalar type (see multiversion.h). */
#include "lane_vector.h"
#include "linear_activation_body.h"
#include "row_network.h"
#include <string.h>

/* pending[start...] += columns times values. */
PF_INLINE void PF_FN(add_columns)(const int width, const T *w, const T *values, T *pending, long rows) {
  PF_V v[PF_ROW_WIDTH];
  PF_UNROLL for (int c = 0; c < width; c++) v[c] = PF_SPLAT(values[c]);
  for (long r = 0; r < rows; r += PF_ROW_BLOCK, w += width * PF_ROW_BLOCK) {
    PF_UNROLL for (long l = 0; l < PF_ROW_BLOCK; l += PF_VL) {
      PF_V sum = PF_LOAD(pending + r + l);
      PF_UNROLL for (int c = 0; c < width; c++) sum += v[c] * PF_LOAD(w + c * PF_ROW_BLOCK + l);
      PF_STORE(pending + r + l, sum);
    }
  }
}

/* What the columns of degrees from ..< to contribute to a layer; values are those of its inputs. */
static void PF_FN(add_degrees)(const pf_row_layer *plan, const T *packed, long from, long to, const T *values,
                               T *scratch) {
  const int32_t end = plan->group_of_degree[to];
  T *pending = scratch + plan->pending;
  for (int32_t g = plan->group_of_degree[from]; g < end; g++) {
    const pf_row_group *group = &plan->groups[g];
    const T *w = packed + group->at, *v = values + group->column;
    T *p = pending + group->start;
    const long rows = plan->rows - group->start;
    switch (group->width) {
    case 1: PF_FN(add_columns)(1, w, v, p, rows); break;
    case 2: PF_FN(add_columns)(2, w, v, p, rows); break;
    case 3: PF_FN(add_columns)(3, w, v, p, rows); break;
    default: PF_FN(add_columns)(PF_ROW_WIDTH, w, v, p, rows); break;
    }
  }
}

/* Asks for the weights of a degree's columns, which come from the second or third cache, while a transformer of many steps
 * that wait for each other is at work. */
#undef PF_BYTES_AHEAD
#define PF_BYTES_AHEAD 8192
PF_INLINE void PF_FN(prefetch_degree)(const pf_row_layer *plan, const T *packed, long degree) {
  const int32_t end = plan->group_of_degree[degree + 1];
  for (int32_t g = plan->group_of_degree[degree]; g < end; g++) {
    const pf_row_group *group = &plan->groups[g];
    const long bytes = group->width * (plan->rows - group->start) * (long)sizeof(T);
    for (long i = 0; i < bytes && i < PF_BYTES_AHEAD; i += 64) __builtin_prefetch((const char *)(packed + group->at) + i);
  }
}

/* value = activation(pending) for the blocks that hold rows from ..< to. Units whose degree is yet to come are computed
 * from what there is, and again when it comes. */
PF_INLINE void PF_FN(finish)(const pf_row_layer *plan, int activation, long from, long to, T *scratch) {
  const T *pending = scratch + plan->pending;
  T *value = scratch + plan->value;
  from -= from % PF_VL;
  to = (to + PF_VL - 1) / PF_VL * PF_VL;
  if (activation == PF_RELU) {
    for (long r = from; r < to; r += PF_VL) {
      const PF_V v = PF_LOAD(pending + r);
      PF_STORE(value + r, PF_FN(select)(v < 0, (PF_V){}, v));
    }
    return;
  }
  memcpy(value + from, pending + from, (size_t)(to - from) * sizeof(T));
  if (activation != PF_IDENTITY) PF_FN(activate)(activation, value + from, to - from);
}

/* Inputs as the network sees them. */
PF_INLINE void PF_FN(row_see)(const pf_made *made, const T *x, T *seen, long n) {
  for (long i = 0; i < n; i++) seen[i] = x[i];
  if (!made->bounds_input) return;
  for (long i = 0; i < n; i++)
    if (!(x[i] >= -10 && x[i] <= 10)) seen[i] = PF_FN(soft_limit)(PF_SPLAT(x[i]))[0];
}

/* All sums at their biases, and what the context adds. */
static void PF_FN(row_begin)(const pf_row_network *network, const T *packed, const T *context, T *scratch) {
  const pf_made *made = network->made;
  for (long l = 0; l <= made->hidden_count; l++) {
    const pf_row_layer *plan = &network->plan[l];
    memcpy(scratch + plan->pending, packed + plan->bias, (size_t)plan->rows * sizeof(T));
  }
  if (made->context > 0) {
    PF_FN(row_see)(made, context, scratch, made->context);
    PF_FN(add_degrees)(&network->plan[0], packed, 0, 1, scratch, scratch);
  }
}

static void PF_FN(pf_row_network_forward)(const pf_row_network *network, const T *packed, const T *context, const T *x,
                                          T *z, T *logdet, T *scratch) {
  const pf_made *made = network->made;
  const long features = made->features;
  PF_FN(row_begin)(network, packed, context, scratch);
  PF_FN(row_see)(made, x, scratch + made->context, features);
  PF_FN(add_degrees)(&network->plan[0], packed, 1, features + 1, scratch, scratch);
  for (long l = 0; l < made->hidden_count; l++) {
    PF_FN(finish)(&network->plan[l], made->layer[l].activation, 0, made->layer[l].rows, scratch);
    PF_FN(add_degrees)(&network->plan[l + 1], packed, 0, features + 1, scratch + network->plan[l].value, scratch);
  }
  const T *parameters = scratch + network->plan[made->hidden_count].pending;
  switch (made->transformer) {
  case PF_AFFINE: PF_PUBLIC(pf_affine_forward)(made->log_scale_bound, x, parameters, z, logdet, features, 1, 1); break;
  case PF_SPLINE: PF_PUBLIC(pf_spline_forward)(&made->spline, x, parameters, z, logdet, features, 1, 1); break;
  case PF_OTHER: made->other(made->owner, 0, x, parameters, z, logdet, features, 1); break;
  default:
    for (long f = 0; f < features; f++) z[f] = x[f] + parameters[f];
  }
}

static void PF_FN(pf_row_network_inverse)(const pf_row_network *network, const T *packed, const T *context, const T *z,
                                          T *x, T *logdet, T *scratch) {
  const pf_made *made = network->made;
  const long features = made->features, hidden = made->hidden_count;
  const pf_row_layer *plan = network->plan;
  const T *parameters = scratch + plan[hidden].pending;
  const int waits = made->transformer == PF_SPLINE || made->transformer == PF_OTHER;
  PF_FN(row_begin)(network, packed, context, scratch);
  for (long d = 0; d < features; d++, parameters += made->parameter_count) {
    for (long l = 0; l < hidden; l++) {
      const int32_t *first = made->layer[l].first;
      if (first[d] == first[d + 1]) continue;
      PF_FN(finish)(&plan[l], made->layer[l].activation, first[d], first[d + 1], scratch);
      PF_FN(add_degrees)(&plan[l + 1], packed, d, d + 1, scratch + plan[l].value, scratch);
    }
    for (long l = 0; waits && d + 1 < features && l <= hidden; l++) PF_FN(prefetch_degree)(&plan[l], packed, d + 1);
    switch (made->transformer) {
    case PF_AFFINE: PF_PUBLIC(pf_affine_inverse)(made->log_scale_bound, z + d, parameters, x + d, logdet, 1, 1, 1); break;
    case PF_SPLINE: PF_PUBLIC(pf_spline_inverse)(&made->spline, z + d, parameters, x + d, logdet, 1, 1, 1); break;
    case PF_OTHER: made->other(made->owner, 1, z + d, parameters, x + d, logdet, 1, 1); break;
    default: x[d] = z[d] - parameters[0];
    }
    if (d + 1 == features) break;
    PF_FN(row_see)(made, x + d, scratch + made->context + d, 1);
    PF_FN(add_degrees)(&plan[0], packed, d + 1, d + 2, scratch, scratch);
  }
}
