/* Records to field spans. Delimiters and line ends are found 64 bytes at a time as a bit mask. */
#include "pf_csv.h"
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

typedef struct {
  const unsigned char *text;
  size_t length;
  int at_end;
  unsigned char delimiter;
  size_t block; /* the block `mask` describes */
  uint64_t mask;
} scanner;

/* Bit i: byte i of the block is the delimiter, LF or CR. */
static inline uint64_t block_mask(const unsigned char *p, unsigned char delimiter) {
#if defined(__SSE2__)
  const __m128i d = _mm_set1_epi8((char)delimiter), lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r');
  uint64_t mask = 0;
  for (int i = 0; i < 4; ++i) {
    const __m128i v = _mm_loadu_si128((const __m128i *)(p + 16 * i));
    const __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, d), _mm_cmpeq_epi8(v, lf)), _mm_cmpeq_epi8(v, cr));
    mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(hit) << (16 * i);
  }
  return mask;
#else
  typedef uint8_t bytes16 __attribute__((vector_size(16)));
  static const bytes16 weights = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  uint64_t mask = 0;
  for (int i = 0; i < 4; ++i) {
    bytes16 v;
    memcpy(&v, p + 16 * i, 16);
    const bytes16 hit = (bytes16)((v == delimiter) | (v == '\n') | (v == '\r')) & weights;
    uint64_t low = 0, high = 0;
    for (int k = 0; k < 8; ++k) { low |= hit[k]; high |= hit[8 + k]; }
    mask |= (low | high << 8) << (16 * i);
  }
  return mask;
#endif
}

/* Position of the first delimiter or line end at or after `position`; the text's length if there is none. */
static inline size_t next_special(scanner *s, size_t position) {
  size_t block = position >> 6;
  if (position >= s->length) return s->length;
  if (block != s->block) {
    s->block = block;
    s->mask = block_mask(s->text + (block << 6), s->delimiter);
  }
  uint64_t mask = s->mask & (~(uint64_t)0 << (position & 63));
  while (mask == 0) {
    if ((++block << 6) >= s->length) return s->length;
    s->block = block;
    mask = s->mask = block_mask(s->text + (block << 6), s->delimiter);
  }
  const size_t found = (block << 6) + (size_t)__builtin_ctzll(mask);
  return found < s->length ? found : s->length;
}

static inline int is_blank(const scanner *s, unsigned char c) {
  return c == ' ' || (c == '\t' && s->delimiter != '\t');
}

/* Line ends (LF, CRLF or CR as one each) in [from, to). */
static int64_t count_lines(const unsigned char *text, size_t from, size_t to) {
  int64_t lines = 0;
  for (size_t i = from; i < to; ++i)
    lines += text[i] == '\n' ? 1 : text[i] == '\r' && !(i + 1 < to && text[i + 1] == '\n');
  return lines;
}

typedef struct {
  int status;     /* PF_CSV_FULL: a record was read; else as in pf_csv_status */
  long found;
  size_t next;    /* where the next record begins */
  int64_t lines;  /* lines the record took */
  int64_t quote_lines; /* lines before an offending quote */
} record;

/* The record at `position`; fields beyond `capacity` are counted, not stored. */
static inline record scan_record(scanner *s, size_t position, pf_csv_field *fields, long capacity) {
  const unsigned char *text = s->text;
  const size_t n = s->length;
  record r = {PF_CSV_FULL, 0, n, 1, 0};
  int64_t inner = 0;
  for (;;) {
    size_t a = position, e;
    while (a < n && is_blank(s, text[a])) ++a;
    pf_csv_field field;
    if (a < n && text[a] == '"') {
      size_t b = a + 1;
      uint32_t flags = PF_CSV_QUOTED;
      for (;;) {
        const unsigned char *quote = b < n ? memchr(text + b, '"', n - b) : NULL;
        if (!quote) {
          r.status = s->at_end ? PF_CSV_UNCLOSED : PF_CSV_MORE;
          r.quote_lines = inner;
          return r;
        }
        b = (size_t)(quote - text);
        if (b + 1 < n && text[b + 1] == '"') {
          flags |= PF_CSV_DOUBLED;
          b += 2;
          continue;
        }
        if (b + 1 == n && !s->at_end) { r.status = PF_CSV_MORE; return r; }
        break;
      }
      field.start = (uint32_t)(a + 1);
      field.length = (uint32_t)(b - a - 1) | flags;
      inner += count_lines(text, a + 1, b);
      e = b + 1;
      while (e < n && is_blank(s, text[e])) ++e;
      if (e == n && !s->at_end) { r.status = PF_CSV_MORE; return r; }
      if (e < n && text[e] != s->delimiter && text[e] != '\n' && text[e] != '\r') {
        r.status = PF_CSV_TEXT_AFTER_QUOTE;
        r.found += 1;
        r.quote_lines = inner;
        return r;
      }
    } else {
      e = next_special(s, a);
      if (e == n && !s->at_end) { r.status = PF_CSV_MORE; return r; }
      size_t b = e;
      while (b > a && is_blank(s, text[b - 1])) --b;
      field.start = (uint32_t)a;
      field.length = (uint32_t)(b - a);
    }
    if (r.found < capacity) fields[r.found] = field;
    r.found += 1;
    if (e == n) break;
    if (text[e] == s->delimiter) {
      position = e + 1;
      continue;
    }
    if (text[e] == '\r') {
      if (e + 1 == n && !s->at_end) { r.status = PF_CSV_MORE; return r; }
      r.next = e + 1 + (e + 1 < n && text[e + 1] == '\n');
    } else {
      r.next = e + 1;
    }
    break;
  }
  r.lines = inner + 1;
  return r;
}

/* Where the line at `position` ends if it is blank (the start of the next one), else `position`. *needs_more when the text
 * stops before that is known. A blank end of the text counts as a blank line. */
static size_t skip_blank_line(const scanner *s, size_t position, int *needs_more) {
  size_t a = position;
  while (a < s->length && is_blank(s, s->text[a])) ++a;
  *needs_more = a == s->length && !s->at_end;
  if (a == s->length) return s->at_end ? a : position;
  if (s->text[a] == '\n') return a + 1;
  if (s->text[a] != '\r') return position;
  if (a + 1 == s->length) {
    *needs_more = !s->at_end;
    return s->at_end ? a + 1 : position;
  }
  return a + 1 + (s->text[a + 1] == '\n');
}

pf_csv_result pf_csv_scan(const char *text, size_t length, int at_end, char delimiter, long columns, int64_t line,
                          pf_csv_field *fields, int64_t *lines, long max_rows) {
  scanner s = {(const unsigned char *)text, length, at_end, (unsigned char)delimiter, SIZE_MAX, 0};
  pf_csv_result result = {PF_CSV_FULL, 0, 0, line, 0, 0};
  const long row_limit = columns == 0 ? 1 : max_rows;
  const long capacity = columns == 0 ? max_rows : columns;
  size_t position = 0;
  while (result.rows < row_limit) {
    const size_t run_start = position;
    const int64_t run_line = line;
    for (;;) {
      int needs_more = 0;
      const size_t after = position < length ? skip_blank_line(&s, position, &needs_more) : position;
      if (needs_more || position == length) {
        /* Blank lines that may yet turn out to be records of a one-column table stay unconsumed. */
        if (columns != 1 || at_end) {
          result.consumed = position;
          result.next_line = line;
        }
        result.status = PF_CSV_MORE;
        return result;
      }
      if (after == position) break;
      position = after;
      line += 1;
    }
    if (columns == 1 && position != run_start) { /* the blank lines before this record are records */
      long blanks = (long)(line - run_line);
      if (blanks > row_limit - result.rows) blanks = row_limit - result.rows;
      size_t at = run_start;
      for (long i = 0; i < blanks; ++i) {
        int unused;
        fields[result.rows] = (pf_csv_field){(uint32_t)at, 0};
        lines[result.rows++] = run_line + i;
        at = skip_blank_line(&s, at, &unused);
      }
      result.consumed = position = at;
      result.next_line = line = run_line + blanks;
      continue;
    }
    const record r = scan_record(&s, position, fields + result.rows * columns, capacity);
    if (r.status != PF_CSV_FULL || (columns > 0 && r.found != columns)) {
      result.status = r.status == PF_CSV_FULL ? PF_CSV_RAGGED : r.status;
      result.found = r.found;
      result.error_line = line + r.quote_lines;
      return result;
    }
    lines[result.rows++] = line;
    result.found = r.found;
    line += r.lines;
    result.consumed = position = r.next;
    result.next_line = line;
  }
  return result;
}
