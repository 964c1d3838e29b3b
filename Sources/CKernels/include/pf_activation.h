/* Backward of the activations that pf_linear_forward fuses.
 *
 * dz = dy * activation'(z), over `n` elements; dz may alias dy. `saved` is the activation's OUTPUT for identity, ReLU, tanh,
 * ELU, softplus and sigmoid, whose slope follows from it, and the pre-activation z for SiLU.
 */
#ifndef PF_ACTIVATION_H
#define PF_ACTIVATION_H

void pf_activation_backward_f32(int activation, const float *saved, const float *dy, float *dz, long n);
void pf_activation_backward_f64(int activation, const double *saved, const double *dy, double *dz, long n);
#endif
