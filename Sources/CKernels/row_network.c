#include "pf_row_network.h"
#include "row_network.h"
#include <stdlib.h>
#include <string.h>

static long padded(long n) { return (n + PF_ROW_BLOCK - 1) / PF_ROW_BLOCK * PF_ROW_BLOCK; }

/* The first row that sees a column. */
static long first_row(const pf_made_layer *layer, long column) {
  long row = 0;
  while (row < layer->rows && layer->extent[row] <= column) row++;
  return row;
}

/* Columns of degree `degree`, those of layer `index`. */
static void columns_of(const pf_made *made, long index, long degree, long *from, long *to) {
  if (index > 0) {
    *from = made->layer[index - 1].first[degree];
    *to = degree < made->features ? made->layer[index - 1].first[degree + 1] : *from;
  } else {
    *from = degree == 0 ? 0 : made->context + degree - 1;
    *to = made->context + degree;
  }
}

/* Cuts a layer's columns into groups; with groups == NULL only counts them. */
static long cut(const pf_made *made, long index, pf_row_layer *plan, pf_row_group *groups, long at) {
  const pf_made_layer *layer = &made->layer[index];
  long count = 0;
  for (long degree = 0; degree <= made->features; degree++) {
    long from, to;
    columns_of(made, index, degree, &from, &to);
    if (groups) plan->group_of_degree[degree] = (int32_t)count;
    const long start = from < to ? first_row(layer, from) / PF_ROW_BLOCK * PF_ROW_BLOCK : layer->rows;
    if (from == to || first_row(layer, from) == layer->rows) continue;
    while (from < to) {
      const long width = to - from < PF_ROW_WIDTH ? to - from : PF_ROW_WIDTH;
      if (groups) {
        groups[count] = (pf_row_group){(int32_t)from, (int32_t)width, (int32_t)start, at};
        at += width * (plan->rows - start);
      }
      count++;
      from += width;
    }
  }
  if (groups) plan->group_of_degree[made->features + 1] = (int32_t)count;
  plan->end = at;
  return count;
}

pf_row_network *pf_row_network_create(const pf_made *made) {
  if (made->residual) return NULL;
  const long layers = made->hidden_count + 1;
  pf_row_network *network = calloc(1, sizeof *network);
  if (!network) return NULL;
  network->made = made;
  network->plan = calloc((size_t)layers, sizeof *network->plan);
  if (!network->plan) goto fail;
  network->scratch = padded(made->context + made->features);
  for (long l = 0; l < layers; l++) {
    pf_row_layer *plan = &network->plan[l];
    plan->rows = padded(made->layer[l].rows);
    plan->bias = network->size;
    plan->pending = network->scratch;
    plan->value = plan->pending + plan->rows;
    network->scratch += 2 * plan->rows;
    plan->group_of_degree = calloc((size_t)made->features + 2, sizeof *plan->group_of_degree);
    const long count = cut(made, l, plan, NULL, 0);
    plan->groups = calloc((size_t)count + 1, sizeof *plan->groups);
    if (!plan->group_of_degree || !plan->groups) goto fail;
    cut(made, l, plan, plan->groups, network->size + plan->rows);
    network->size = plan->end;
  }
  return network;
fail:
  pf_row_network_destroy(network);
  return NULL;
}

void pf_row_network_destroy(pf_row_network *network) {
  if (!network) return;
  for (long l = 0; network->plan && l <= network->made->hidden_count; l++) {
    free(network->plan[l].group_of_degree);
    free(network->plan[l].groups);
  }
  free(network->plan);
  free(network);
}

long pf_row_network_size(const pf_row_network *network) { return network->size; }
long pf_row_network_scratch(const pf_row_network *network) { return network->scratch; }

#define PF_DEFINE_PACK(T, S)                                                                                           \
  void pf_row_network_pack_##S(const pf_row_network *network, const T *parameters, T *packed) {                        \
    memset(packed, 0, (size_t)network->size * sizeof *packed);                                                         \
    for (long l = 0; l <= network->made->hidden_count; l++) {                                                          \
      const pf_made_layer *layer = &network->made->layer[l];                                                           \
      const pf_row_layer *plan = &network->plan[l];                                                                    \
      if (layer->bias >= 0)                                                                                            \
        memcpy(packed + plan->bias, parameters + layer->bias, (size_t)layer->rows * sizeof *packed);                   \
      for (long g = 0; g < plan->group_of_degree[network->made->features + 1]; g++) {                                  \
        const pf_row_group *group = &plan->groups[g];                                                                  \
        for (long row = group->start; row < layer->rows; row++)                                                        \
          for (long c = 0; c < group->width; c++)                                                                      \
            packed[group->at + pf_row_element(group, row, c)] =                                                        \
                parameters[layer->weight + row * layer->columns + group->column + c];                                  \
      }                                                                                                                \
    }                                                                                                                  \
  }
PF_DEFINE_PACK(float, f32)
PF_DEFINE_PACK(double, f64)

#define PF_BODY "row_network_body.h"
#include "multiversion.h"

#define PF_DISPATCH_ROW_NETWORK(T, S)                                                                                  \
  PF_DISPATCH(void, pf_row_network_forward, S,                                                                         \
              (const pf_row_network *network, const T *packed, const T *context, const T *x, T *z, T *logdet,          \
               T *scratch),                                                                                            \
              (network, packed, context, x, z, logdet, scratch))                                                       \
  PF_DISPATCH(void, pf_row_network_inverse, S,                                                                         \
              (const pf_row_network *network, const T *packed, const T *context, const T *z, T *x, T *logdet,          \
               T *scratch),                                                                                            \
              (network, packed, context, z, x, logdet, scratch))
PF_DISPATCH_ROW_NETWORK(float, f32)
PF_DISPATCH_ROW_NETWORK(double, f64)
