/* The heads' log-probabilities with their derivatives. Part of chain_body.h. */

#ifndef PF_CHAIN_HEAD_NAMES
#define PF_CHAIN_HEAD_NAMES
/* Log-scales beyond this are taken as this. */
#define PF_CHAIN_SCALE_CAP ((T)4)
#endif

PF_INLINE int PF_FN(any_lane)(PF_I mask) {
  PF_INT any = 0;
  PF_UNROLL for (int i = 0; i < PF_VL; i++) any |= mask[i];
  return any != 0;
}

/* The mixture's log-probability of a cell, PF_VL lanes; what `mixture_gradient` needs is kept. */
typedef struct {
  PF_V term[PF_CHAIN_MAX_COMPONENTS], by_mean[PF_CHAIN_MAX_COMPONENTS], by_log_scale[PF_CHAIN_MAX_COMPONENTS];
  PF_V weight_normalizer, value;
} PF_FN(mixture_work);

static __attribute__((noinline)) void PF_FN(mixture_value)(const pf_chain_shape *shape, const T *rows, const PF_V *cell,
                                                           PF_FN(mixture_work) *work) {
  const long n = shape->components;
  const T floor = (T)shape->scale_floor;
  const T *means = rows + n * PF_LANES, *scales = means + n * PF_LANES;
  const PF_V low = cell[0], high = cell[1], width = cell[2];
  PF_V log_width = PF_FN(log)(PF_FN(select)(width > (T)0, width, PF_SPLAT(1)));
  PF_V top = PF_LOAD(rows), sum = {};
  for (long j = 1; j < n; j++) top = PF_FN(larger)(PF_LOAD(rows + j * PF_LANES), top);
  for (long j = 0; j < n; j++) sum += PF_FN(exp_softmax)(PF_LOAD(rows + j * PF_LANES) - top);
  work->weight_normalizer = top + PF_FN(log)(sum);
  PF_V best = PF_SPLAT(-PF_INFINITY);
  for (long j = 0; j < n; j++) {
    const PF_V raw = PF_LOAD(scales + j * PF_LANES);
    const PF_I capped = raw > PF_CHAIN_SCALE_CAP;
    const PF_V spread = PF_FN(exp)(PF_FN(select)(capped, PF_SPLAT(PF_CHAIN_SCALE_CAP), raw));
    const PF_FN(gaussian_cell) g =
        PF_FN(gaussian_cell_of)(low, high, width, log_width, PF_LOAD(means + j * PF_LANES), spread + floor);
    work->term[j] = PF_LOAD(rows + j * PF_LANES) - work->weight_normalizer + g.value;
    work->by_mean[j] = g.by_mean;
    work->by_log_scale[j] = PF_FN(select)(capped, (PF_V){}, g.by_scale * spread);
    best = PF_FN(larger)(work->term[j], best);
  }
  sum = (PF_V){};
  for (long j = 0; j < n; j++) sum += PF_FN(exp_softmax)(work->term[j] - best);
  work->value = best + PF_FN(log)(sum);
}

/* gradient rows = share * derivative of the mixture's value. */
static __attribute__((noinline)) void PF_FN(mixture_gradient)(const pf_chain_shape *shape, const T *rows,
                                                              const PF_V *share, const PF_FN(mixture_work) *work,
                                                              T *gradient) {
  const long n = shape->components;
  for (long j = 0; j < n; j++) {
    const PF_V part = *share * PF_FN(exp_softmax)(PF_FN(smaller)(work->term[j] - work->value, (PF_V){}));
    const PF_V weight = PF_FN(exp_softmax)(PF_LOAD(rows + j * PF_LANES) - work->weight_normalizer);
    PF_STORE(gradient + j * PF_LANES, part - *share * weight);
    PF_STORE(gradient + (n + j) * PF_LANES, part * work->by_mean[j]);
    PF_STORE(gradient + (2 * n + j) * PF_LANES, part * work->by_log_scale[j]);
  }
}

static void PF_FN(pf_chain_head)(const pf_chain_shape *shape, const T *head, const T *code, const T *low, const T *high,
                                 const T *width, const T *state, T *log_probability, T *gradient) {
  const long classes = pf_chain_head_classes(shape), rows = pf_chain_head_rows(shape), atoms = shape->atoms;
  const T *mixture = head + classes * PF_LANES;
  for (long l = 0; l < PF_LANES; l += PF_VL) {
    const PF_V c = PF_LOAD(code + l);
    const PF_I active = (c >= (T)0) & (PF_LOAD(state + l) != (T)PF_CHAIN_GIVEN);
    if (!PF_FN(any_lane)(active)) {
      PF_STORE(log_probability + l, (PF_V){});
      if (gradient)
        for (long r = 0; r < rows; r++) PF_STORE(gradient + r * PF_LANES + l, (PF_V){});
      continue;
    }
    const PF_V one = PF_FN(keep)(active, PF_SPLAT(1));
    PF_V normalizer = {}, own = {}, open = {};
    if (classes) {
      PF_V top = PF_LOAD(head + l), sum = {};
      for (long k = 1; k < classes; k++) top = PF_FN(larger)(PF_LOAD(head + k * PF_LANES + l), top);
      for (long k = 0; k < classes; k++) {
        const PF_V o = PF_LOAD(head + k * PF_LANES + l);
        own = PF_FN(select)(c == (T)k, o, own);
        sum += PF_FN(exp_softmax)(o - top);
      }
      normalizer = top + PF_FN(log)(sum);
      if (shape->continuous) open = PF_LOAD(head + atoms * PF_LANES + l);
    }
    /* Shares of the atom and of the continuous class in the cell's probability; they sum to `one`. */
    PF_V value = own - normalizer, of_atom = one, of_open = {};
    if (shape->continuous) {
      const PF_V w = PF_LOAD(width + l);
      const PF_I is_open = active & (c == (T)atoms), both = active & (c < (T)atoms) & (w > (T)0);
      const PF_I any = is_open | both;
      if (PF_FN(any_lane)(any)) {
        PF_FN(mixture_work) work;
        const PF_V cell[3] = {PF_FN(keep)(any, PF_LOAD(low + l)), PF_FN(keep)(any, PF_LOAD(high + l)),
                              PF_FN(keep)(any, w)};
        PF_FN(mixture_value)(shape, mixture + l, cell, &work);
        const PF_V of_mixture = open - normalizer + work.value;
        /* log(e^value + e^of_mixture) where an atom has a cell as well. */
        const PF_V top = PF_FN(larger)(value, of_mixture);
        const PF_V ea = PF_FN(exp_softmax)(value - top), eo = PF_FN(exp_softmax)(of_mixture - top);
        const PF_V total = top + PF_FN(log)(ea + eo);
        of_open = PF_FN(select)(both, eo / (ea + eo), PF_FN(keep)(is_open, PF_SPLAT(1)));
        of_atom = one - of_open;
        value = PF_FN(select)(both, total, PF_FN(select)(is_open, of_mixture, value));
        if (gradient) PF_FN(mixture_gradient)(shape, mixture + l, &of_open, &work, gradient + classes * PF_LANES + l);
      } else if (gradient) {
        for (long r = classes; r < rows; r++) PF_STORE(gradient + r * PF_LANES + l, (PF_V){});
      }
    }
    PF_STORE(log_probability + l, PF_FN(keep)(active, value));
    if (!gradient) continue;
    for (long k = 0; k < classes; k++) {
      PF_V g = -one * PF_FN(exp_softmax)(PF_LOAD(head + k * PF_LANES + l) - normalizer);
      g += k == atoms && shape->continuous ? of_open : PF_FN(keep)(c == (T)k, of_atom);
      PF_STORE(gradient + k * PF_LANES + l, g);
    }
  }
}

static void PF_FN(pf_chain_head_backward)(const T *gradient, const T *dy, T *d_head, long rows, int overwrite) {
  for (long r = 0; r < rows; r++)
    for (long l = 0; l < PF_LANES; l += PF_VL) {
      const PF_V g = PF_LOAD(gradient + r * PF_LANES + l) * PF_LOAD(dy + l);
      T *at = d_head + r * PF_LANES + l;
      PF_STORE(at, overwrite ? g : PF_LOAD(at) + g);
    }
}
