/* CKernels: every loop over numbers. Umbrella header; each part states its own contract. */
#ifndef PF_CKERNELS_H
#define PF_CKERNELS_H
#include "pf_isa.h"
#include "pf_activation.h"
#include "pf_chain.h"
#include "pf_csv.h"
#include "pf_elementwise.h"
#include "pf_format.h"
#include "pf_hmm.h"
#include "pf_inflate.h"
#include "pf_kernel_density.h"
#include "pf_likelihood.h"
#include "pf_linear.h"
#include "pf_made.h"
#include "pf_mixture.h"
#include "pf_optimizer.h"
#include "pf_polynomial_spline.h"
#include "pf_pool.h"
#include "pf_random.h"
#include "pf_roots.h"
#include "pf_row_network.h"
#include "pf_univariate.h"
#endif
