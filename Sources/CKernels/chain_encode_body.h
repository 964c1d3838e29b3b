/* Cells to the network's input. Part of chain_body.h. */

/* The middle of a cell, or its finite end. */
PF_INLINE PF_V PF_FN(cell_middle)(PF_V low, PF_V high) {
  PF_V middle = (T)0.5 * low + (T)0.5 * high;
  middle = PF_FN(select)(low == -PF_INFINITY, high, middle);
  middle = PF_FN(select)(high == PF_INFINITY, low, middle);
  return PF_FN(select)(PF_FN(absolute)(middle) < PF_INFINITY, middle, (PF_V){0});
}

static void PF_FN(pf_chain_encode)(const pf_chain_shape *shape, const T *code, const T *low, const T *high,
                                   const T *state, const T *embedding, const T *knots, const T *positions, T *given,
                                   T *later) {
  const long width = shape->embedding, pieces = shape->pieces, atoms = shape->atoms;
  const long flag = (width + (pieces > 0 ? pieces + 1 : 0)) * PF_LANES;
  T z[PF_LANES];
  for (long l = 0; l < PF_LANES; l += PF_VL) {
    const PF_V c = PF_LOAD(code + l), s = PF_LOAD(state + l), one = PF_SPLAT(1);
    const PF_I there = c >= (T)0;
    if (given) PF_STORE(given + flag + l, PF_FN(keep)(there & (s == (T)PF_CHAIN_GIVEN), one));
    if (later) PF_STORE(later + flag + l, PF_FN(keep)(there & (s != (T)PF_CHAIN_UNSEEN), one));
    if (pieces > 0) {
      PF_V middle = {};
      if (low) middle = PF_FN(cell_middle)(PF_LOAD(low + l), PF_LOAD(high + l));
      PF_STORE(z + l, middle);
    }
  }
  T *out[2] = {given, later};
  for (int side = 0; side < 2; side++) {
    T *o = out[side];
    if (!o) continue;
    const T *shown = o + flag;
    for (long l = 0; l < PF_LANES && width > 0; l++) {
      if (shown[l] != 0) {
        const T *row = embedding + (long)code[l] * width;
        for (long e = 0; e < width; e++) o[e * PF_LANES + l] = row[e];
      } else {
        for (long e = 0; e < width; e++) o[e * PF_LANES + l] = 0;
      }
    }
  }
  if (pieces == 0) return;
  /* Lanes that have a place on z at all. */
  T placed[PF_LANES];
  for (long l = 0; l < PF_LANES; l++) {
    const long k = (long)code[l];
    placed[l] = shape->continuous && k == atoms;
    if (positions && k >= 0 && k < atoms) {
      z[l] = positions[k];
      placed[l] = 1;
    }
  }
  for (int side = 0; side < 2; side++) {
    T *o = out[side];
    if (!o) continue;
    T *rows = o + width * PF_LANES;
    for (long l = 0; l < PF_LANES; l += PF_VL) {
      const PF_V shown = PF_LOAD(o + flag + l) * PF_LOAD(placed + l), at = PF_LOAD(z + l);
      const PF_V bound = PF_SPLAT(10);
      PF_STORE(rows + l, shown * PF_FN(larger)(PF_FN(smaller)(at, bound), -bound));
      for (long j = 0; j < pieces; j++) {
        const T span = knots[j + 1] - knots[j];
        const T scale = span > (T)1e-6 ? 1 / span : (T)1e6;
        PF_V v = (at - knots[j]) * scale;
        v = PF_FN(larger)(PF_FN(smaller)(v, PF_SPLAT(1)), (PF_V){});
        PF_STORE(rows + (j + 1) * PF_LANES + l, shown * v);
      }
    }
  }
}

static void PF_FN(pf_chain_encode_backward)(const pf_chain_shape *shape, const T *code, const T *state,
                                            const T *d_given, const T *d_later, T *d_embedding) {
  const long width = shape->embedding;
  for (long l = 0; l < PF_LANES; l++) {
    if (code[l] < 0) continue;
    T *row = d_embedding + (long)code[l] * width;
    if (d_given && state[l] == (T)PF_CHAIN_GIVEN)
      for (long e = 0; e < width; e++) row[e] += d_given[e * PF_LANES + l];
    if (d_later && state[l] != (T)PF_CHAIN_UNSEEN)
      for (long e = 0; e < width; e++) row[e] += d_later[e * PF_LANES + l];
  }
}
