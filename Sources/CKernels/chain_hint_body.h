/* Components of a head's mixture that are told relative to a hint. Part of chain_body.h. */

/* Off, a component's logit is so low that its weight is zero in every scalar. */
#ifndef PF_CHAIN_OFF
#define PF_CHAIN_OFF ((T)-1e4)
/* Widths that a component may stand from its hint: farther out, in units of the smallest deviation, masses lose all digits. */
#define PF_CHAIN_REACH ((T)30)
#endif

static void PF_FN(pf_chain_hint)(const pf_chain_hint_shape *shape, const T *cells, T *mixture) {
  const long n = shape->components;
  const T *place = cells + shape->row * PF_LANES, *width = place + PF_LANES;
  for (long l = 0; l < PF_LANES; l += PF_VL) {
    const PF_V at = PF_LOAD(place + l), w = PF_LOAD(width + l);
    PF_I on = w > (T)0;
    for (long i = 0; i < shape->count; i++) {
      const pf_chain_hint_input input = shape->inputs[i];
      const PF_V code = PF_LOAD(cells + input.code * PF_LANES + l), state = PF_LOAD(cells + input.state * PF_LANES + l);
      on &= code >= (T)0;
      on &= input.is_later ? state == (T)PF_CHAIN_GIVEN : state != (T)PF_CHAIN_UNSEEN;
    }
    const PF_V unit = PF_FN(select)(on, w, PF_SPLAT(1)), log_unit = PF_FN(log)(unit);
    for (long j = shape->first; j < shape->first + shape->relative; j++) {
      T *weight = mixture + j * PF_LANES + l, *mean = weight + n * PF_LANES, *scale = mean + n * PF_LANES;
      PF_STORE(weight, PF_FN(select)(on, PF_LOAD(weight), PF_SPLAT(PF_CHAIN_OFF)));
      const PF_V reach = PF_SPLAT(PF_CHAIN_REACH), away = PF_FN(larger)(PF_FN(smaller)(PF_LOAD(mean), reach), -reach);
      PF_STORE(mean, PF_FN(keep)(on, at + unit * away));
      PF_STORE(scale, PF_FN(keep)(on, log_unit + PF_LOAD(scale)));
    }
  }
}

static void PF_FN(pf_chain_hint_backward)(const pf_chain_hint_shape *shape, const T *cells, T *gradient) {
  const T *width = cells + (shape->row + 1) * PF_LANES;
  for (long j = shape->first; j < shape->first + shape->relative; j++)
    for (long l = 0; l < PF_LANES; l += PF_VL) {
      T *mean = gradient + (shape->components + j) * PF_LANES + l;
      PF_STORE(mean, PF_LOAD(mean) * PF_LOAD(width + l));
    }
}
