/* Recursions of a hidden Markov model over one sequence, in double.
 *
 * Rows of states are `ld` numbers apart; ld is a multiple of PF_HMM_STRIDE and at least `states`. Columns from
 * `states` on are padding: zero (in probabilities) or anything (in log_density), and zero in every result. Matrices
 * of transitions are `states` rows of `ld`. No alignment is needed. Rows are times: row t is b_t, alpha_t, ...
 *
 * The scaled recursions (Rabiner 1989, eqs. 90 to 95) take densities divided by their row's largest. They say when
 * that may have lost something that counts; then the same in logarithms (pf_hmm_log_...) is exact, and slow. */
#ifndef PF_HMM_H
#define PF_HMM_H
#include <stdint.h>

#define PF_HMM_STRIDE 8

/* b = exp(log_density - offset), offset the row's largest. A row without a finite largest has b = 1 and keeps it as
 * offset (-inf: no state explains it; NaN). b may alias log_density. */
void pf_hmm_densities_f64(const double *log_density, double *b, double *offset, long rows, long states, long ld);

/* alpha_t = P(state at t | x up to t), scale_t = sum over states before normalising: log p(x_t | x before) = log
 * scale_t + offset_t. Returns 0; 1 if an alpha fell below 1e-280 (then run the way back to see whether it counts); 2
 * if a scale fell below 1e-200 (alpha and scale are worth nothing). */
int pf_hmm_forward_f64(const double *initial, const double *transition, const double *b, double *alpha, double *scale,
                       long rows, long states, long ld);

/* From the last row back. transposed[j][i] = P(j | i). gamma_t = P(state at t | all of x); gamma may alias alpha.
 * pairs[i][j] += sum over t of alpha_t(i) b_t+1(j) beta_t+1(j) / scale_t+1: times P(j | i) the expected transitions
 * (nullable). scratch: 2 * ld. Returns 1 if a beta exceeded 1e200 (gamma and pairs are worth nothing), else 0. */
int pf_hmm_backward_f64(const double *transposed, const double *b, const double *alpha, const double *scale, double *gamma,
                        double *pairs, double *scratch, long rows, long states, long ld);

/* The likeliest path (the lowest state of equals) and the logarithm of its density. back: rows * ld, scratch: 2 * ld.
 */
double pf_hmm_viterbi_f64(const double *log_initial, const double *log_transition, const double *log_density, int32_t *path,
                          int32_t *back, double *scratch, long rows, long states, long ld);

/* log_alpha_t = log P(state at t | x up to t), row_log = log p(x_t | x before). scratch: ld. */
void pf_hmm_log_forward_f64(const double *log_initial, const double *log_transition, const double *log_density,
                            double *log_alpha, double *row_log, double *scratch, long rows, long states, long ld);

/* gamma as above from log_alpha (may alias); transitions[i][j] += expected transitions (nullable). scratch: 2 * ld. */
void pf_hmm_log_backward_f64(const double *log_transition, const double *log_density, const double *log_alpha,
                             const double *row_log, double *gamma, double *transitions, double *scratch, long rows,
                             long states, long ld);
#endif
