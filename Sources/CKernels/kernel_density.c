#include "pf_kernel_density.h"
#include <math.h>
#define PF_BODY "kernel_density_body.h"
#include "multiversion.h"

PF_DISPATCH(void, pf_kernel_sums, f64,
            (const pf_kernel_shape *shape, const double *query, const int32_t *query_codes, const double *centres,
             const int32_t *codes, const double *log_weight, long first, long count, const int32_t *skip, double *top,
             double *sum),
            (shape, query, query_codes, centres, codes, log_weight, first, count, skip, top, sum))
