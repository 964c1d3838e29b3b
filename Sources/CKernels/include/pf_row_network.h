/* A masked autoregressive layer for one row of data at a time, its weights packed once in the order they are read.
 *
 * Weights lie column by column: whatever has just become known is multiplied into all that waits for it, in vectors
 * along the rows, with no sums across lanes. So the same weights serve both directions, each is read once, and what a
 * feature of the inverse waits for is short.
 */
#ifndef PF_ROW_NETWORK_H
#define PF_ROW_NETWORK_H
#include "pf_made.h"

typedef struct pf_row_network pf_row_network;

/* A plan for `made`, whose memory must outlive it; NULL for residual networks, or when memory is short. */
pf_row_network *pf_row_network_create(const pf_made *made);
void pf_row_network_destroy(pf_row_network *network);

/* Elements of the packed weights, and of scratch; both 64-byte aligned. */
long pf_row_network_size(const pf_row_network *network);
long pf_row_network_scratch(const pf_row_network *network);

#define PF_DECLARE_ROW_NETWORK(T, S)                                                                                   \
  void pf_row_network_pack_##S(const pf_row_network *network, const T *parameters, T *packed);                         \
  /* One row: context (nullable if there is none) and x have the layer's numbers; logdet[0] is added to. */            \
  void pf_row_network_forward_##S(const pf_row_network *network, const T *packed, const T *context, const T *x, T *z,  \
                                  T *logdet, T *scratch);                                                              \
  void pf_row_network_inverse_##S(const pf_row_network *network, const T *packed, const T *context, const T *z, T *x,  \
                                  T *logdet, T *scratch);
PF_DECLARE_ROW_NETWORK(float, f32)
PF_DECLARE_ROW_NETWORK(double, f64)
#endif
