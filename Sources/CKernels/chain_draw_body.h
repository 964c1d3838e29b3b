/* Draws from the heads. Part of chain_body.h. */

/* Picks a row by its share of the sum of exp(logit): the first whose running sum reaches uniform * sum. */
PF_INLINE PF_V PF_FN(pick_row)(const T *logits, long rows, PF_V uniform, T *scratch) {
  PF_V top = PF_LOAD(logits), sum = {}, running = {}, picked = {};
  for (long k = 1; k < rows; k++) top = PF_FN(larger)(PF_LOAD(logits + k * PF_LANES), top);
  for (long k = 0; k < rows; k++) {
    const PF_V e = PF_FN(exp_softmax)(PF_LOAD(logits + k * PF_LANES) - top);
    PF_STORE(scratch + k * PF_LANES, e);
    sum += e;
  }
  const PF_V goal = uniform * sum;
  for (long k = 0; k + 1 < rows; k++) {
    running += PF_LOAD(scratch + k * PF_LANES);
    picked += PF_FN(keep)(running < goal, PF_SPLAT(1));
  }
  return picked;
}

static void PF_FN(pf_chain_draw)(const pf_chain_shape *shape, const T *head, const T *uniform, const T *normal, T *code,
                                 T *low, T *high, T *width, T *scratch) {
  const long classes = pf_chain_head_classes(shape), atoms = shape->atoms, n = shape->components;
  const T *mixture = head + classes * PF_LANES;
  for (long l = 0; l < PF_LANES; l += PF_VL) {
    const PF_V old = PF_LOAD(code + l);
    const PF_I wanted = old == (T)PF_CHAIN_TO_DRAW;
    if (!PF_FN(any_lane)(wanted)) continue;
    PF_V picked = {};
    if (classes) picked = PF_FN(pick_row)(head + l, classes, PF_LOAD(uniform + l), scratch + l);
    PF_STORE(code + l, PF_FN(select)(wanted, picked, old));
    if (!shape->continuous) continue;
    const PF_I open = wanted & (picked == (T)atoms);
    PF_V z = {};
    if (PF_FN(any_lane)(open)) {
      const PF_V j = PF_FN(pick_row)(mixture + l, n, PF_LOAD(uniform + PF_LANES + l), scratch + l);
      PF_V mean = {}, raw = {};
      for (long k = 0; k < n; k++) {
        const PF_I here = j == (T)k;
        mean = PF_FN(select)(here, PF_LOAD(mixture + (n + k) * PF_LANES + l), mean);
        raw = PF_FN(select)(here, PF_LOAD(mixture + (2 * n + k) * PF_LANES + l), raw);
      }
      raw = PF_FN(select)(raw > PF_CHAIN_SCALE_CAP, PF_SPLAT(PF_CHAIN_SCALE_CAP), raw);
      z = mean + (PF_FN(exp)(raw) + (T)shape->scale_floor) * PF_LOAD(normal + l);
    }
    z = PF_FN(keep)(open, z);
    PF_STORE(low + l, PF_FN(select)(wanted, z, PF_LOAD(low + l)));
    PF_STORE(high + l, PF_FN(select)(wanted, z, PF_LOAD(high + l)));
    PF_STORE(width + l, PF_FN(select)(wanted, (PF_V){}, PF_LOAD(width + l)));
  }
}
