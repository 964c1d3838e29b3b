/* Sums of Gaussian product kernels around many centres, 64 query rows side by side.
 *
 * For each lane l of a query tile, over `count` centres j:
 *   e_j = log_weight[j] + sum over d of log k_d(q[d][l], c[j][d]) + sum over categories of their log-kernels
 * with log k_d = -u^2 / 2, u = (q - c) * inverse[d], for a plain dimension (normalising constants are the caller's), and for a
 * dimension with walls (low[d] or high[d] finite) the log of the sum of that and of the images mirrored at each wall.
 * top[l] and sum[l] carry a running log-sum-exp: top = max e, sum = sum of exp(e - top); start at -inf and 0.
 *
 * `skip[l]` (nullable): the index of a centre that lane l leaves out, for leave-one-out; -1: none.
 * `use[d]`: 0 leaves a dimension out (its cells are missing). A query's code `levels[k]` says that its level is missing.
 */
#ifndef PF_KERNEL_DENSITY_H
#define PF_KERNEL_DENSITY_H
#include "pf_isa.h"
#include <stdint.h>

typedef struct {
  long features, categories;
  const double *inverse;         /* one over the bandwidth of each dimension */
  const double *low, *high;      /* walls, +-inf where there is none */
  const uint8_t *use;
  const int32_t *levels;         /* number of levels of each category column */
  const double *log_same, *log_other; /* log-kernels of each category column: same level, another one */
} pf_kernel_shape;

/* query: features x PF_LANES; query_codes: categories x PF_LANES; centres: count x features and count x categories,
 * row-major. first: number of the first centre, for skip. */
void pf_kernel_sums_f64(const pf_kernel_shape *shape, const double *query, const int32_t *query_codes,
                        const double *centres, const int32_t *codes, const double *log_weight, long first, long count,
                        const int32_t *skip, double *top, double *sum);
#endif
