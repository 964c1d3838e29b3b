#include "pf_activation.h"
#include "pf_linear.h"
#define PF_BODY "activation_body.h"
#include "multiversion.h"

PF_DISPATCH(void, pf_activation_backward, f32,
            (int activation, const float *saved, const float *dy, float *dz, long n), (activation, saved, dy, dz, n))
PF_DISPATCH(void, pf_activation_backward, f64,
            (int activation, const double *saved, const double *dy, double *dz, long n), (activation, saved, dy, dz, n))
