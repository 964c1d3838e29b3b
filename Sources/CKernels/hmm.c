#include "pf_hmm.h"
#include <math.h>

#define PF_BODY "hmm_body.h"
#include "multiversion.h"

PF_DISPATCH(void, pf_hmm_densities, f64,
            (const double *log_density, double *b, double *offset, long rows, long states, long ld),
            (log_density, b, offset, rows, states, ld))
PF_DISPATCH(int, pf_hmm_forward, f64,
            (const double *initial, const double *transition, const double *b, double *alpha, double *scale, long rows,
             long states, long ld),
            (initial, transition, b, alpha, scale, rows, states, ld))
PF_DISPATCH(int, pf_hmm_backward, f64,
            (const double *transposed, const double *b, const double *alpha, const double *scale, double *gamma,
             double *pairs, double *scratch, long rows, long states, long ld),
            (transposed, b, alpha, scale, gamma, pairs, scratch, rows, states, ld))
PF_DISPATCH(double, pf_hmm_viterbi, f64,
            (const double *log_initial, const double *log_transition, const double *log_density, int32_t *path,
             int32_t *back, double *scratch, long rows, long states, long ld),
            (log_initial, log_transition, log_density, path, back, scratch, rows, states, ld))

/* log sum exp of x; without a finite largest that largest itself (NaN among x gives NaN). */
static double log_sum(const double *x, long n) {
  double largest = -INFINITY, sum = 0;
  for (long i = 0; i < n; i++) {
    if (isnan(x[i])) return NAN;
    if (x[i] > largest) largest = x[i];
  }
  if (isinf(largest)) return largest;
  for (long i = 0; i < n; i++) sum += exp(x[i] - largest);
  return largest + log(sum);
}

/* Whether a row of log-densities says anything; else the states' probabilities go on as they were. */
static int is_usable(const double *log_density, long states) {
  double largest = -INFINITY;
  for (long k = 0; k < states; k++) {
    if (isnan(log_density[k])) return 0;
    if (log_density[k] > largest) largest = log_density[k];
  }
  return isfinite(largest);
}

void pf_hmm_log_forward_f64(const double *log_initial, const double *log_transition, const double *log_density,
                            double *log_alpha, double *row_log, double *scratch, long rows, long states, long ld) {
  for (long t = 0; t < rows; t++, log_density += ld, log_alpha += ld) {
    for (long k = 0; k < states; k++) {
      if (t == 0) {
        log_alpha[k] = log_initial[k];
        continue;
      }
      for (long i = 0; i < states; i++) scratch[i] = log_alpha[i - ld] + log_transition[i * ld + k];
      log_alpha[k] = log_sum(scratch, states);
    }
    for (long k = 0; k < states; k++) scratch[k] = log_alpha[k] + log_density[k];
    double total = log_sum(scratch, states);
    row_log[t] = total;
    if (isfinite(total))
      for (long k = 0; k < states; k++) log_alpha[k] = scratch[k] - total;
    for (long k = states; k < ld; k++) log_alpha[k] = -INFINITY;
  }
}

void pf_hmm_log_backward_f64(const double *log_transition, const double *log_density, const double *log_alpha,
                             const double *row_log, double *gamma, double *transitions, double *scratch, long rows,
                             long states, long ld) {
  double *beta = scratch, *next = scratch + ld;
  for (long k = 0; k < states; k++) beta[k] = 0;
  for (long t = rows - 1; t >= 0; t--) {
    if (t < rows - 1) {
      const double *density = log_density + (t + 1) * ld;
      const int counts = isfinite(row_log[t + 1]) && is_usable(density, states);
      for (long k = 0; k < states; k++) next[k] = beta[k] + (counts ? density[k] - row_log[t + 1] : 0);
      for (long i = 0; i < states; i++) {
        double largest = -INFINITY, sum = 0;
        for (long k = 0; k < states; k++) largest = fmax(largest, log_transition[i * ld + k] + next[k]);
        for (long k = 0; k < states && isfinite(largest); k++)
          sum += exp(log_transition[i * ld + k] + next[k] - largest);
        beta[i] = isfinite(largest) ? largest + log(sum) : -INFINITY;
        if (!transitions) continue;
        for (long k = 0; k < states; k++)
          transitions[i * ld + k] += exp(log_alpha[t * ld + i] + log_transition[i * ld + k] + next[k]);
      }
    }
    double sum = 0;
    for (long k = 0; k < states; k++) {
      gamma[t * ld + k] = exp(log_alpha[t * ld + k] + beta[k]);
      sum += gamma[t * ld + k];
    }
    for (long k = 0; k < ld; k++) gamma[t * ld + k] = k < states ? gamma[t * ld + k] / sum : 0;
  }
}
