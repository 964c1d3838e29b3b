/* Body of mixture.c: one instruction set, one scalar type (see multiversion.h). */
#include "lane_vector.h"

static void PF_FN(pf_centre_scale)(const T *x, const T *centre, const T *factor, long factor_stride, T *y,
                                   long features, long tiles) {
  for (long t = 0; t < tiles; t++) {
    for (long f = 0; f < features; f++) {
      const PF_V c = PF_SPLAT(centre[f]);
      const long row = (t * features + f) * PF_LANES;
      if (factor) {
        const T *scale = factor + t * factor_stride;
        for (long l = 0; l < PF_LANES; l += PF_VL)
          PF_STORE(y + row + l, (PF_LOAD(x + row + l) - c) * PF_LOAD(scale + l));
      } else {
        for (long l = 0; l < PF_LANES; l += PF_VL) PF_STORE(y + row + l, PF_LOAD(x + row + l) - c);
      }
    }
  }
}
