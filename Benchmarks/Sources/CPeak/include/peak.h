/* The most multiply-adds that a core can do: what every kernel is measured against. */
#ifndef PEAK_H
#define PEAK_H
/* Runs `count` rounds of independent fused multiply-adds on the widest float vectors of this processor and returns the
 * floating-point operations done (two for each lane of each multiply-add). */
double peak_float_operations(long count);
#endif
