/* Numbers to text, for the numbers that people write: up to 15 digits. */
#include "pf_format.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

static const double powers[16] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/* `scaled` (a whole number below 10^15) with a point before its last `decimals` digits. */
static int write_fixed(uint64_t scaled, int negative, int decimals, char *out) {
  char digits[24];
  int count = 0;
  do {
    digits[count++] = (char)('0' + scaled % 10);
    scaled /= 10;
  } while (scaled > 0 || count <= decimals);
  char *p = out;
  if (negative) *p++ = '-';
  while (count > 0) {
    *p++ = digits[--count];
    if (count == decimals && decimals > 0) *p++ = '.';
  }
  return (int)(p - out);
}

int pf_format_number(double value, int decimals, char *out) {
  const double magnitude = fabs(value);
  if (decimals >= 0) {
    if (decimals > 15) return 0;
    const double scaled = nearbyint(magnitude * powers[decimals]);
    if (!(scaled < 1e15)) return 0;
    return write_fixed((uint64_t)scaled, value < 0 && scaled > 0, decimals, out);
  }
  /* k decimals are the shortest when they give the number back: both factors are exact, so is the nearest quotient. */
  for (int k = 0; k <= 9; ++k) {
    const double scaled = nearbyint(magnitude * powers[k]);
    if (!(scaled < 1e15)) return 0;
    if (scaled / powers[k] == magnitude) return write_fixed((uint64_t)scaled, value < 0, k, out);
  }
  return 0;
}
