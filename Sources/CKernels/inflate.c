/* Inflate (RFC 1951): canonical Huffman codes decoded bit by bit from counts and sorted symbols. Small rather than fast. */
#include "pf_inflate.h"
#include <string.h>

typedef struct {
  const uint8_t *data;
  size_t length, position;
  uint32_t bits;
  int count, failed;
} bit_reader;

static uint32_t take(bit_reader *r, int n) {
  while (r->count < n) {
    if (r->position == r->length) {
      r->failed = 1;
      return 0;
    }
    r->bits |= (uint32_t)r->data[r->position++] << r->count;
    r->count += 8;
  }
  const uint32_t value = r->bits & ((1u << n) - 1);
  r->bits >>= n;
  r->count -= n;
  return value;
}

enum { LONGEST = 15, SYMBOLS = 288 };
typedef struct { uint16_t counts[LONGEST + 1], symbols[SYMBOLS]; } code;

/* Builds a code from the length of each symbol's word; 0 when more words are asked for than there are. */
static int build(code *c, const uint8_t *lengths, int symbols) {
  uint16_t offsets[LONGEST + 1];
  memset(c->counts, 0, sizeof c->counts);
  for (int s = 0; s < symbols; ++s) c->counts[lengths[s]] += 1;
  c->counts[0] = 0;
  int left = 1;
  for (int n = 1; n <= LONGEST; ++n) {
    left = 2 * left - c->counts[n];
    if (left < 0) return 0;
  }
  offsets[1] = 0;
  for (int n = 1; n < LONGEST; ++n) offsets[n + 1] = (uint16_t)(offsets[n] + c->counts[n]);
  for (int s = 0; s < symbols; ++s)
    if (lengths[s]) c->symbols[offsets[lengths[s]]++] = (uint16_t)s;
  return 1;
}

/* The next symbol; -1 when the bits are no word of the code. */
static int decode(bit_reader *r, const code *c) {
  int word = 0, first = 0, index = 0;
  for (int n = 1; n <= LONGEST; ++n) {
    word |= (int)take(r, 1);
    if (r->failed) return -1;
    const int count = c->counts[n];
    if (word - count < first) return c->symbols[index + (word - first)];
    index += count;
    first = (first + count) << 1;
    word <<= 1;
  }
  return -1;
}

static int read_codes(bit_reader *r, code *literals, code *distances) {
  static const uint8_t order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  uint8_t lengths[320] = {0}, meta[19] = {0};
  const int literal_count = (int)take(r, 5) + 257, distance_count = (int)take(r, 5) + 1, meta_count = (int)take(r, 4) + 4;
  code meta_code;
  if (r->failed || literal_count > 286 || distance_count > 30) return 0;
  for (int i = 0; i < meta_count; ++i) meta[order[i]] = (uint8_t)take(r, 3);
  if (r->failed || !build(&meta_code, meta, 19)) return 0;
  for (int i = 0; i < literal_count + distance_count;) {
    const int symbol = decode(r, &meta_code);
    if (symbol < 0) return 0;
    if (symbol < 16) {
      lengths[i++] = (uint8_t)symbol;
      continue;
    }
    if (symbol == 16 && i == 0) return 0;
    const uint8_t value = symbol == 16 ? lengths[i - 1] : 0;
    int times = symbol == 16 ? 3 + (int)take(r, 2) : symbol == 17 ? 3 + (int)take(r, 3) : 11 + (int)take(r, 7);
    if (r->failed || i + times > literal_count + distance_count) return 0;
    while (times-- > 0) lengths[i++] = value;
  }
  return build(literals, lengths, literal_count) && build(distances, lengths + literal_count, distance_count);
}

static void fixed_codes(code *literals, code *distances) {
  uint8_t lengths[SYMBOLS];
  for (int s = 0; s < SYMBOLS; ++s) lengths[s] = s < 144 ? 8 : s < 256 ? 9 : s < 280 ? 7 : 8;
  build(literals, lengths, SYMBOLS);
  for (int s = 0; s < 30; ++s) lengths[s] = 5;
  build(distances, lengths, 30);
}

/* One compressed block; 0 when it is damaged or does not fit. */
static int read_block(bit_reader *r, const code *literals, const code *distances, uint8_t *out, size_t *used,
                      size_t capacity) {
  static const uint16_t length_base[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                           31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
  static const uint8_t length_bits[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
  static const uint16_t distance_base[30] = {1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
                                             193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
  for (;;) {
    int symbol = decode(r, literals);
    if (symbol < 0) return 0;
    if (symbol < 256) {
      if (*used == capacity) return 0;
      out[(*used)++] = (uint8_t)symbol;
      continue;
    }
    if (symbol == 256) return 1;
    symbol -= 257;
    if (symbol >= 29) return 0;
    const size_t length = length_base[symbol] + take(r, length_bits[symbol]);
    const int which = decode(r, distances);
    if (which < 0 || which >= 30) return 0;
    const size_t distance = distance_base[which] + take(r, which < 2 ? 0 : which / 2 - 1);
    if (r->failed || distance > *used || length > capacity - *used) return 0;
    for (size_t i = 0; i < length; ++i, ++*used) out[*used] = out[*used - distance];
  }
}

long pf_inflate(const uint8_t *data, size_t length, uint8_t *out, size_t capacity) {
  bit_reader r = {data, length, 0, 0, 0, 0};
  size_t used = 0;
  for (int last = 0; !last;) {
    code literals, distances;
    last = (int)take(&r, 1);
    const uint32_t kind = take(&r, 2);
    if (r.failed) return -1;
    if (kind == 0) {
      r.bits = 0; /* whole bytes only were read ahead: fewer than eight bits are left */
      r.count = 0;
      if (r.length - r.position < 4) return -1;
      const uint8_t *p = data + r.position;
      const size_t stored = p[0] | (size_t)p[1] << 8, check = p[2] | (size_t)p[3] << 8;
      r.position += 4;
      if (stored != (check ^ 0xffff) || stored > length - r.position || stored > capacity - used) return -1;
      memcpy(out + used, data + r.position, stored);
      r.position += stored;
      used += stored;
      continue;
    }
    if (kind == 3) return -1;
    if (kind == 1) fixed_codes(&literals, &distances);
    else if (!read_codes(&r, &literals, &distances)) return -1;
    if (!read_block(&r, &literals, &distances, out, &used, capacity)) return -1;
  }
  return (long)used;
}

uint32_t pf_crc32(const uint8_t *data, size_t length) {
  uint32_t table[256];
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t c = i;
    for (int k = 0; k < 8; ++k) c = c & 1 ? 0xedb88320u ^ (c >> 1) : c >> 1;
    table[i] = c;
  }
  uint32_t crc = 0xffffffffu;
  for (size_t i = 0; i < length; ++i) crc = table[(crc ^ data[i]) & 0xff] ^ (crc >> 8);
  return crc ^ 0xffffffffu;
}
