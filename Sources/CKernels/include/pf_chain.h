/* The cells of a typed autoregressive chain: their encoding for a network, and the heads that give them a probability.
 *
 * A column has `atoms` classes of point mass and, if `continuous`, one more class (number `atoms`) with a density on the
 * scale z. A cell is, on each of PF_LANES lanes: a code (PF_CHAIN_MISSING, or a class) and an interval [low, high] on
 * z, with its width beside it (kept apart, since high - low would lose a narrow one's digits): width 0 is a point with a
 * density, a positive width a cell with the mass of the interval. `low` may be -infinity, `high` infinity. An atom with a
 * positive width has the interval's mass added to its own (a value that is both an atom and a cell of the continuous
 * class). low, high, width may be NULL where a column has no continuous class.
 *
 * state: PF_CHAIN_PLAIN (has a term, seen by the columns after it), PF_CHAIN_GIVEN (no term, seen by all),
 * PF_CHAIN_UNSEEN (has a term, not seen). A missing cell has no term and is not seen.
 *
 * All functions work on one tile of PF_LANES lanes, lanes innermost.
 */
#ifndef PF_CHAIN_H
#define PF_CHAIN_H
#include "pf_isa.h"
#include <stdint.h>

#define PF_CHAIN_MISSING -1
#define PF_CHAIN_TO_DRAW -2
enum pf_chain_state { PF_CHAIN_PLAIN = 0, PF_CHAIN_GIVEN = 1, PF_CHAIN_UNSEEN = 2 };
#define PF_CHAIN_MAX_COMPONENTS 64

typedef struct {
  int32_t atoms, continuous; /* classes of point mass; 0 or 1 */
  int32_t components;        /* Gaussians of the continuous class, at most PF_CHAIN_MAX_COMPONENTS */
  int32_t embedding;         /* numbers that stand for a class in the network's input */
  int32_t pieces;            /* of the piecewise-linear encoding of z; 0 for none */
  double scale_floor;        /* smallest standard deviation of a Gaussian */
} pf_chain_shape;

/* A hint of a head: some components of its mixture are told relative to a place that other cells tell. */
typedef struct {
  int32_t code, state; /* the input's rows among the cells */
  int32_t is_later;    /* whether it comes after the head's column in the chain: it counts where it is given only */
} pf_chain_hint_input;
typedef struct {
  const pf_chain_hint_input *inputs;
  int32_t count;
  int32_t row;                         /* of the hint's places among the cells; the widths follow */
  int32_t components, first, relative; /* of the mixture: all, and `relative` from `first` on that the hint is for */
} pf_chain_hint_shape;

/* Rows of a column's encoding: embedding, then z and its pieces (if pieces > 0), then the flag of presence. */
static inline long pf_chain_encoding_rows(const pf_chain_shape *s) {
  return s->embedding + (s->pieces > 0 ? s->pieces + 1 : 0) + 1;
}
/* Rows of a column's head: logits of the classes (none if there is one class only), then, if continuous, the components'
 * logits of weight, means, and log-scales (deviation = floor + exp). */
static inline long pf_chain_head_classes(const pf_chain_shape *s) {
  return s->atoms + s->continuous > 1 ? s->atoms + s->continuous : 0;
}
static inline long pf_chain_head_rows(const pf_chain_shape *s) {
  return pf_chain_head_classes(s) + (s->continuous ? 3 * s->components : 0);
}

#define PF_DECLARE_CHAIN(T, S)                                                                                        \
  /* Writes a cell's encoding where it is seen as given (`given`, nullable) and by later columns (`later`, nullable), \
     zeros elsewhere. embedding: (atoms + continuous) x shape->embedding; knots: pieces + 1, increasing; positions    \
     (nullable): the atoms' places on z, which are then encoded as a z. z is the middle of the cell, or its finite end. */ \
  void pf_chain_encode_##S(const pf_chain_shape *shape, const T *code, const T *low, const T *high, const T *state,   \
                           const T *embedding, const T *knots, const T *positions, T *given, T *later);               \
  /* dEmbedding += ... from the gradients of both (either nullable). */                                               \
  void pf_chain_encode_backward_##S(const pf_chain_shape *shape, const T *code, const T *state, const T *d_given,     \
                                    const T *d_later, T *d_embedding);                                                \
  /* The cells' log-probability (density, or mass) in nats, 0 where a cell has no term; and, `gradient` not NULL, its \
     derivative by `head`, of the same shape. Accuracy of a mass: a few ulps of the scalar, in the far tails and for  \
     very narrow cells as well. */                                                                                    \
  void pf_chain_head_##S(const pf_chain_shape *shape, const T *head, const T *code, const T *low, const T *high,      \
                         const T *width, const T *state, T *log_probability, T *gradient);                            \
  /* d_head += (or =, overwrite != 0) gradient * dy, dy one row. */                                                   \
  void pf_chain_head_backward_##S(const T *gradient, const T *dy, T *d_head, long rows, int overwrite);               \
  /* Makes a hint's components ordinary ones, in place: mean = place + width * mean (at most 30 widths away),          \
     log-scale += log(width), where the width is above zero and all inputs are there and seen; no weight elsewhere.    \
     mixture: the head's rows of weights, means and log-scales. A finite place with a width of 0 is no hint. */        \
  void pf_chain_hint_##S(const pf_chain_hint_shape *shape, const T *cells, T *mixture);                                \
  /* The derivative by the mixture after pf_chain_hint, in place made that by the mixture before it. */                \
  void pf_chain_hint_backward_##S(const pf_chain_hint_shape *shape, const T *cells, T *gradient);                      \
  /* Draws cells whose code is PF_CHAIN_TO_DRAW: class and component by two rows of uniform numbers, z by a row of    \
     normal ones. Drawn points have low == high, width 0; atoms zeros. scratch: PF_LANES * (classes + components). */ \
  void pf_chain_draw_##S(const pf_chain_shape *shape, const T *head, const T *uniform, const T *normal, T *code,      \
                         T *low, T *high, T *width, T *scratch);

PF_DECLARE_CHAIN(float, f32)
PF_DECLARE_CHAIN(double, f64)
#endif
