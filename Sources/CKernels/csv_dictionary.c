/* Texts to dictionary codes: open addressing over an arena of bytes. */
#include "pf_csv.h"
#include <stdlib.h>
#include <string.h>

struct pf_dictionary {
  char *bytes;              /* all texts, one after another */
  uint64_t used, capacity;
  uint64_t *ends;           /* text i is bytes[ends[i - 1] ..< ends[i]] */
  uint64_t *hashes;
  uint32_t count, limit;    /* texts; room in ends and hashes */
  uint32_t *slots;          /* code + 1, or 0 */
  uint64_t mask;            /* slots - 1 */
  char *scratch;            /* a field with its doubled quotes halved */
  size_t scratch_capacity;
};

static uint64_t mix(uint64_t a, uint64_t b) {
  const __uint128_t product = (__uint128_t)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Seeded with the table's address, so that no file can be made to collide on purpose. */
static uint64_t hash_text(const pf_dictionary *d, const char *text, size_t length) {
  const uint64_t k = 0x9e3779b97f4a7c15u;
  uint64_t h = (uint64_t)(uintptr_t)d ^ length * k, word;
  for (; length >= 8; text += 8, length -= 8) {
    memcpy(&word, text, 8);
    h = mix(h ^ word, k);
  }
  word = 0;
  memcpy(&word, text, length);
  return mix(h ^ word, k ^ 0x2545f4914f6cdd1du);
}

pf_dictionary *pf_dictionary_create(void) {
  pf_dictionary *d = calloc(1, sizeof *d);
  if (!d) return NULL;
  d->mask = 63;
  d->slots = calloc(64, sizeof *d->slots);
  if (!d->slots) {
    free(d);
    return NULL;
  }
  return d;
}

void pf_dictionary_destroy(pf_dictionary *d) {
  if (!d) return;
  free(d->bytes);
  free(d->ends);
  free(d->hashes);
  free(d->slots);
  free(d->scratch);
  free(d);
}

uint32_t pf_dictionary_count(const pf_dictionary *d) { return d->count; }

const char *pf_dictionary_text(const pf_dictionary *d, uint32_t code, size_t *length) {
  const uint64_t start = code == 0 ? 0 : d->ends[code - 1];
  *length = (size_t)(d->ends[code] - start);
  return d->bytes ? d->bytes + start : "";
}

static int grow_slots(pf_dictionary *d) {
  const uint64_t size = 2 * (d->mask + 1);
  uint32_t *slots = calloc(size, sizeof *slots);
  if (!slots) return 0;
  for (uint32_t code = 0; code < d->count; ++code) {
    uint64_t i = d->hashes[code] & (size - 1);
    while (slots[i]) i = (i + 1) & (size - 1);
    slots[i] = code + 1;
  }
  free(d->slots);
  d->slots = slots;
  d->mask = size - 1;
  return 1;
}

/* Room for one more text of `length` bytes. */
static int reserve(pf_dictionary *d, size_t length) {
  if (d->count == PF_DICTIONARY_MISSING - 1) return 0;
  if (d->count == d->limit) {
    const uint32_t limit = d->limit == 0 ? 32 : d->limit > UINT32_MAX / 2 ? UINT32_MAX : 2 * d->limit;
    uint64_t *ends = realloc(d->ends, limit * sizeof *ends);
    if (!ends) return 0;
    d->ends = ends;
    uint64_t *hashes = realloc(d->hashes, limit * sizeof *hashes);
    if (!hashes) return 0;
    d->hashes = hashes;
    d->limit = limit;
  }
  if (d->capacity - d->used < length) {
    const uint64_t capacity = 2 * d->capacity + length + 256;
    char *bytes = realloc(d->bytes, capacity);
    if (!bytes) return 0;
    d->bytes = bytes;
    d->capacity = capacity;
  }
  return 2 * ((uint64_t)d->count + 1) <= d->mask + 1 || grow_slots(d);
}

/* memcmp without the call for short texts. */
static inline int same_text(const char *a, const char *b, size_t length) {
  if (length < 8) {
    for (size_t i = 0; i < length; ++i)
      if (a[i] != b[i]) return 0;
    return 1;
  }
  if (length > 16) return memcmp(a, b, length) == 0;
  uint64_t first[2], last[2];
  memcpy(&first[0], a, 8);
  memcpy(&first[1], b, 8);
  memcpy(&last[0], a + length - 8, 8);
  memcpy(&last[1], b + length - 8, 8);
  return first[0] == first[1] && last[0] == last[1];
}

uint32_t pf_dictionary_insert(pf_dictionary *d, const char *text, size_t length) {
  const uint64_t hash = hash_text(d, text, length);
  uint64_t i = hash & d->mask;
  for (; d->slots[i]; i = (i + 1) & d->mask) {
    const uint32_t code = d->slots[i] - 1;
    if (d->hashes[code] != hash) continue;
    size_t known_length;
    const char *known = pf_dictionary_text(d, code, &known_length);
    if (known_length == length && same_text(known, text, length)) return code;
  }
  if (!reserve(d, length)) return PF_DICTIONARY_MISSING;
  i = hash & d->mask;
  while (d->slots[i]) i = (i + 1) & d->mask;
  if (length) memcpy(d->bytes + d->used, text, length);
  d->used += length;
  d->ends[d->count] = d->used;
  d->hashes[d->count] = hash;
  d->slots[i] = d->count + 1;
  return d->count++;
}

long pf_csv_encode_texts(pf_dictionary *d, const char *text, const pf_csv_field *fields, long stride, long rows,
                         const uint8_t *markers, uint32_t *codes) {
  long missing = 0;
  for (long row = 0; row < rows; ++row) {
    const pf_csv_field field = fields[row * stride];
    const char *bytes = text + field.start;
    size_t length = field.length & PF_CSV_LENGTH;
    if (pf_csv_is_missing(bytes, length, markers)) {
      codes[row] = PF_DICTIONARY_MISSING;
      missing += 1;
      continue;
    }
    if (field.length & PF_CSV_DOUBLED) {
      if (d->scratch_capacity < length) {
        char *scratch = realloc(d->scratch, length);
        if (!scratch) return -1;
        d->scratch = scratch;
        d->scratch_capacity = length;
      }
      size_t used = 0;
      for (size_t i = 0; i < length; ++i) {
        d->scratch[used++] = bytes[i];
        if (bytes[i] == '"') ++i;
      }
      bytes = d->scratch;
      length = used;
    }
    codes[row] = pf_dictionary_insert(d, bytes, length);
    if (codes[row] == PF_DICTIONARY_MISSING) return -1;
  }
  return missing;
}

size_t pf_utf8_valid_prefix(const char *text, size_t length) {
  const unsigned char *p = (const unsigned char *)text;
  size_t i = 0;
  while (i < length) {
    const unsigned char c = p[i];
    if (c == 0) return i;
    if (c < 0x80) {
      ++i;
      continue;
    }
    const size_t extra = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
    if (c < 0xc2 || c > 0xf4 || i + extra >= length) return i;
    for (size_t k = 1; k <= extra; ++k)
      if ((p[i + k] & 0xc0) != 0x80) return i;
    /* Overlong forms, surrogates, beyond U+10FFFF. */
    if ((c == 0xe0 && p[i + 1] < 0xa0) || (c == 0xed && p[i + 1] > 0x9f) || (c == 0xf0 && p[i + 1] < 0x90) ||
        (c == 0xf4 && p[i + 1] > 0x8f))
      return i;
    i += extra + 1;
  }
  return length;
}
