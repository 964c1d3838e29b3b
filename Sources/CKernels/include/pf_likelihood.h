/* Likelihoods of the columns of a row, given a network's output: what a decoder of a latent-variable model is scored by.
 *
 * x: `columns x lanes` a tile: a cell each, coded as its column's kind says. params: a tile's rows are the columns' own
 * parameters one after the other. A cell at or below PF_MISSING is missing: it adds nothing and has no slope.
 *
 *   PF_GAUSSIAN     2 rows: mean, s; scale = floor + softplus(s). A density.
 *   PF_BERNOULLI    1 row: the log-odds of 1. x is 0 or 1.
 *   PF_CATEGORICAL  `rows` rows: logits. x is a category's number from 0; one outside has log-mass -inf.
 *   PF_LOGISTIC     2 rows: mean, s; scale = floor + softplus(s). x lies on a lattice of step 2 half; its mass is what the
 *                   logistic distribution gives x - half ... x + half; cells at or below `lower` (at or above `upper`) get
 *                   all that lies to their left (right). A mass.
 *
 * log_unit is subtracted from the log-density of every present cell of the column (a change of units).
 * lanes is 64 or 1. No alignment is needed.
 */
#ifndef PF_LIKELIHOOD_H
#define PF_LIKELIHOOD_H

enum pf_likelihood_kind { PF_GAUSSIAN = 0, PF_BERNOULLI, PF_CATEGORICAL, PF_LOGISTIC };
typedef struct {
  long kind, rows;
  double floor, lower, upper, half, log_unit;
} pf_likelihood_column;

#define PF_MISSING (-1e30)

#define PF_DECLARE_LIKELIHOOD(T, S)                                                                                   \
  /* total (1 x lanes a tile) += log-likelihood, nats. slope (shape of params, nullable) = its derivative. */         \
  void pf_likelihood_##S(const pf_likelihood_column *columns, long count, const T *x, const T *params, T *total,      \
                         T *slope, long tiles, long lanes);                                                           \
  /* dparams += slope * dtotal: `rows` rows a tile. */                                                                \
  void pf_likelihood_backward_##S(const T *slope, const T *dtotal, T *dparams, long rows, long tiles, long lanes);    \
  /* The cells as a network's input: a real or lattice cell as it is, 0 or 1 as -1 or 1, a category as one-hot rows, \
     missing as zeros; with `flags`, one more row a column at the end, 1 where the cell is present. */                \
  void pf_likelihood_inputs_##S(const pf_likelihood_column *columns, long count, const T *x, T *inputs, long flags,   \
                                long tiles, long lanes);

PF_DECLARE_LIKELIHOOD(float, f32)
PF_DECLARE_LIKELIHOOD(double, f64)
#endif
