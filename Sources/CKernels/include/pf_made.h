/* A masked autoregressive layer (MADE and a univariate transformer) as plain data, and its inverse.
 *
 * Degrees: context 0, features 1 to D, hidden units 0 to D - 1, sorted in every layer. Feature d's transformer is
 * parameterised by output rows that see hidden units of degree < d. The inverse takes the features in order and computes
 * every hidden unit once, when its degree is reached.
 */
#ifndef PF_MADE_H
#define PF_MADE_H
#include "pf_linear.h"
#include "pf_univariate.h"

enum pf_transformer { PF_ADDITIVE = 0, PF_AFFINE = 1, PF_SPLINE = 2, PF_OTHER = 3 };

/* A transformer that is none of those: y = transformer(x) for some features of one tile, logdet added to. The pointers
 * are to the layer's scalar type. */
typedef void (*pf_other_transformer)(const void *owner, int inverse, const void *x, const void *parameters, void *y,
                                     void *logdet, long features, long lanes);

/* One masked linear layer. weight and bias: where they begin in the model's parameters (bias < 0: none). */
typedef struct {
  long weight, bias, rows, columns;
  const int32_t *extent; /* see pf_linear.h */
  const int32_t *first;  /* rows of degree m (the output: of feature m) are first[m] ..< first[m + 1]; D + 1 entries */
  int activation;
} pf_made_layer;

/* The caller owns what the pointers show. */
typedef struct {
  long features, context;
  long hidden_count;           /* layer[hidden_count] is the output */
  const pf_made_layer *layer;
  int residual;                /* blocks of two hidden layers, see PushforwardModels' LayerStack */
  int activation;              /* of a residual network, between layers */
  int bounds_input;            /* inputs pass PF_OP_SOFT_LIMIT */
  int transformer;
  long parameter_count;        /* output rows a feature */
  double log_scale_bound;
  pf_spline_shape spline;
  pf_other_transformer other;
  const void *owner;           /* first argument of `other` */
} pf_made;

/* Elements of scratch, 64-byte aligned, for pf_made_inverse. */
long pf_made_scratch(const pf_made *made, long lanes);

#define PF_DECLARE_MADE(T, S)                                                                                          \
  /* x = the inverse of z under the layer, logdet += the inverse's own log-determinant. context nullable if there is   \
     none. Shapes as in pf_univariate.h. */                                                                            \
  void pf_made_inverse_##S(const pf_made *made, const T *parameters, const T *context, const T *z, T *x, T *logdet,    \
                           T *scratch, long tiles, long lanes);
PF_DECLARE_MADE(float, f32)
PF_DECLARE_MADE(double, f64)
#endif
