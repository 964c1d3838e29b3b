#include "pf_univariate.h"

#define PF_BODY "affine_body.h"
#include "multiversion.h"
#include "univariate_dispatch.h"

PF_DEFINE_TRANSFORMER(affine, double log_scale_bound, log_scale_bound, float, f32)
PF_DEFINE_TRANSFORMER(affine, double log_scale_bound, log_scale_bound, double, f64)
