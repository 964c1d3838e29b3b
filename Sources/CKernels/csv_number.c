/* Fields to doubles, correctly rounded.
 *
 * Up to 19 digits w and a power of ten q: exact when w < 2^53 and |q| <= 22 (Clinger 1990: both factors are doubles, one
 * rounding); otherwise one or two 64 x 64 bit products with the leading bits of 5^q decide the rounding (Lemire 2021,
 * arXiv:2101.11408); what they leave open, more digits and far exponents go to the C library.
 */
#define _GNU_SOURCE
#include "pf_csv.h"
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#if defined(__APPLE__)
#include <xlocale.h>
#endif
#include "csv_powers.h"

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;
static void make_c_locale(void) { c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); }

/* A field that pf_parse_number has already found to be a number. */
static double slow_parse(const char *text, size_t length, char decimal_point) {
  char small[128], *copy = length < sizeof small ? small : malloc(length + 1);
  if (!copy) return NAN;
  memcpy(copy, text, length);
  copy[length] = 0;
  char *point = decimal_point == '.' ? NULL : memchr(copy, decimal_point, length);
  if (point) *point = '.';
  pthread_once(&c_locale_once, make_c_locale);
  const double value = c_locale ? strtod_l(copy, NULL, c_locale) : strtod(copy, NULL);
  if (copy != small) free(copy);
  return value;
}

/* w * 10^q for w > 0, |q| <= 64; 0 when the leading bits cannot tell the rounding. */
static double product_parse(uint64_t w, int q) {
  const int shift = __builtin_clzll(w);
  w <<= shift;
  __uint128_t product = (__uint128_t)w * pf_powers_of_five[q + 64].high;
  uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product;
  if ((high & 0x1ff) == 0x1ff) { /* a carry from the lower bits could reach the result */
    const uint64_t more = (uint64_t)(((__uint128_t)w * pf_powers_of_five[q + 64].low) >> 64);
    low += more;
    high += low < more;
    if (low == UINT64_MAX && (q < -27 || q > 55)) return 0;
  }
  const int top = (int)(high >> 63);
  uint64_t mantissa = high >> (top + 9); /* 54 bits: one to round on */
  int exponent = ((217706 * q) >> 16) + 63 + top - shift + 1023;
  /* Exactly half way (only possible for small q): to even. */
  if (low <= 1 && q >= -4 && q <= 23 && (mantissa & 3) == 1 && mantissa << (top + 9) == high) mantissa &= ~(uint64_t)1;
  mantissa = (mantissa + (mantissa & 1)) >> 1;
  if (mantissa >> 53) {
    mantissa >>= 1;
    exponent += 1;
  }
  const uint64_t bits = (mantissa & 0xfffffffffffffu) | (uint64_t)exponent << 52;
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static int equals_ignoring_case(const char *text, size_t length, const char *word) {
  if (strlen(word) != length) return 0;
  for (size_t i = 0; i < length; ++i)
    if ((text[i] | 0x20) != word[i]) return 0;
  return 1;
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define EIGHT_AT_A_TIME 1
/* Eight digits, less '0' each, the first in the lowest byte: joined side by side to pairs, fours and the whole. */
static inline uint64_t join_digits(uint64_t d) {
  d = 10 * d + (d >> 8);
  return ((d & 0x000000ff000000ffu) * 0x000f424000000064u + ((d >> 16) & 0x000000ff000000ffu) * 0x0000271000000001u) >> 32;
}
#endif

/* Appends the digits at p to w; returns their end. `slack`: eight bytes can be read from anywhere before `end`. */
static inline __attribute__((always_inline)) const char *read_digits(const char *p, const char *end, uint64_t *w,
                                                                     int slack) {
  uint64_t value = *w;
#if defined(EIGHT_AT_A_TIME)
  static const uint64_t tens[8] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
  while (slack ? p < end : end - p >= 8) {
    uint64_t d;
    memcpy(&d, p, 8);
    d ^= 0x3030303030303030u;
    /* The lowest set bit marks the first byte above 9; a carry can only reach the bytes behind it. */
    const uint64_t other = ((d + 0x7676767676767676u) | d) & 0x8080808080808080u;
    if (other == 0 && end - p >= 8) {
      value = value * 100000000 + join_digits(d);
      p += 8;
      continue;
    }
    if (!slack) break;
    long count = other ? __builtin_ctzll(other) >> 3 : 8;
    if (count > end - p) count = end - p;
    if (count > 0) value = value * tens[count] + join_digits(d << (64 - 8 * count));
    p += count;
    *w = value;
    return p;
  }
#endif
  while (p < end && (unsigned char)(*p - '0') < 10) value = 10 * value + (uint64_t)(*p++ - '0');
  *w = value;
  return p;
}

static inline __attribute__((always_inline)) int parse_number(const char *text, size_t length, char decimal_point,
                                                              pf_number *out, int slack) {
  static const double exact[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  const char *p = text, *end = text + length;
  out->value = NAN;
  out->decimals = out->flags = 0;
  if (p == end) return PF_NUMBER_TEXT;
  const int negative = *p == '-';
  if (*p == '-' || *p == '+') ++p;
  uint64_t w = 0;
  const char *digits = p;
  while (p < end && (unsigned char)(*p - '0') < 10) w = 10 * w + (uint64_t)(*p++ - '0');
  long count = p - digits, decimals = 0;
  if (count > 1 && *digits == '0') out->flags |= PF_NUMBER_LEADING_ZERO;
  if (p < end && *p == decimal_point) {
    const char *fraction = ++p;
    p = read_digits(p, end, &w, slack);
    decimals = p - fraction;
    count += decimals;
  }
  if (count == 0) {
    if (equals_ignoring_case(p, (size_t)(end - p), "inf") || equals_ignoring_case(p, (size_t)(end - p), "infinity")) {
      out->value = negative ? -INFINITY : INFINITY;
      return PF_NUMBER_INFINITE;
    }
    return PF_NUMBER_TEXT;
  }
  long exponent = 0;
  const char *mantissa_end = p;
  if (p < end && (*p == 'e' || *p == 'E')) {
    ++p;
    const int down = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) ++p;
    if (p == end || (unsigned char)(*p - '0') > 9) return PF_NUMBER_TEXT;
    while (p < end && (unsigned char)(*p - '0') < 10) {
      if (exponent < 100000) exponent = 10 * exponent + (*p - '0');
      ++p;
    }
    if (down) exponent = -exponent;
    out->flags |= PF_NUMBER_EXPONENT;
  }
  if (p != end) return PF_NUMBER_TEXT;
  const long recorded = decimals - exponent;
  out->decimals = recorded < 0 ? 0 : recorded > 400 ? 400 : (int)recorded;

  if (count > 19) { /* leading zeros do not count as digits */
    const char *first = digits;
    while (first < mantissa_end && (*first == '0' || *first == decimal_point)) {
      count -= *first == '0';
      ++first;
    }
  }
  const long q = exponent - decimals;
  double value = 0;
  if (count <= 19) {
    if (w == 0) value = 0;
    else if (w < (uint64_t)1 << 53 && q >= -22 && q <= 22) value = q < 0 ? (double)w / exact[-q] : (double)w * exact[q];
    else if (q >= -64 && q <= 64) value = product_parse(w, (int)q);
    out->value = negative ? -value : value;
    if (value != 0 || w == 0) return PF_NUMBER_OK;
  }
  value = slow_parse(text, length, decimal_point);
  out->value = value;
  return isfinite(value) ? PF_NUMBER_OK : PF_NUMBER_INFINITE;
}

int pf_parse_number(const char *text, size_t length, char decimal_point, pf_number *out) {
  return parse_number(text, length, decimal_point, out, 0);
}

int pf_csv_is_missing(const char *text, size_t length, const uint8_t *markers) {
  if (length == 0) return 1;
  for (; *markers; markers += 1 + *markers)
    if (*markers == length && markers[1] == (uint8_t)text[0] && memcmp(markers + 1, text, length) == 0) return 1;
  return 0;
}

void pf_csv_parse_numbers(const char *text, const pf_csv_field *fields, long stride, long rows, char decimal_point,
                          const uint8_t *markers, double *values, pf_number_summary *summary, long *bad_rows,
                          long bad_capacity) {
  int decimals = summary->decimals, flags = summary->flags;
  for (long row = 0; row < rows; ++row) {
    const pf_csv_field field = fields[row * stride];
    const size_t length = field.length & PF_CSV_LENGTH;
    pf_number number;
    if (length > 0 && parse_number(text + field.start, length, decimal_point, &number, 1) == PF_NUMBER_OK) {
      values[row] = number.value;
      if (number.decimals > decimals) decimals = number.decimals;
      flags |= number.flags;
      continue;
    }
    values[row] = NAN;
    if (pf_csv_is_missing(text + field.start, length, markers)) {
      summary->missing += 1;
    } else {
      if (summary->bad < bad_capacity) bad_rows[summary->bad] = row;
      summary->bad += 1;
    }
  }
  summary->decimals = decimals;
  summary->flags = flags;
}
