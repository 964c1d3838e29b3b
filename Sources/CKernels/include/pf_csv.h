/* Delimited text: records to field spans, fields to numbers and to dictionary codes.
 *
 * Text arrives in pieces. The caller keeps a buffer that starts at the beginning of a record, and must be able to READ 64
 * bytes beyond `length` (their values do not matter). Nothing here allocates, except the dictionary.
 */
#ifndef PF_CSV_H
#define PF_CSV_H
#include <stddef.h>
#include <stdint.h>

/* A field: bytes [start, start + length) of the buffer, blanks and enclosing quotes taken off. */
typedef struct { uint32_t start, length; } pf_csv_field;
#define PF_CSV_QUOTED 0x80000000u  /* in length: the field stood in quotes */
#define PF_CSV_DOUBLED 0x40000000u /* in length: it holds doubled quotes, to be halved */
#define PF_CSV_LENGTH 0x3fffffffu
/* Buffers longer than this cannot be described by a field. */
#define PF_CSV_MAX_BUFFER 0x3fffffffu

enum pf_csv_status {
  PF_CSV_MORE = 0,        /* all complete records are done; the rest needs more text (or, at_end, there is no rest) */
  PF_CSV_FULL,            /* max_rows records, or, columns == 0, one record */
  PF_CSV_RAGGED,          /* record at error_line has `found` fields, not `columns` */
  PF_CSV_UNCLOSED,        /* a quote opened at error_line is not closed at the end of the text */
  PF_CSV_TEXT_AFTER_QUOTE /* at error_line, field number `found` (from 1) goes on after its closing quote */
};

typedef struct {
  int status;
  long rows;          /* complete records written */
  size_t consumed;    /* bytes of the buffer they took */
  int64_t next_line;  /* line number (from 1) at `consumed` */
  int64_t error_line; /* see status */
  long found;
} pf_csv_result;

/* Splits text into records of `columns` fields each, row-major into fields[max_rows * columns], with the number of the line
 * on which each record starts into lines[max_rows].
 *
 * RFC 4180, with LF, CRLF or lone CR as line end, blanks (space, and tab unless it is the delimiter) around a field
 * dropped, a quote inside an unquoted field taken as it stands, and empty lines skipped (but where columns == 1 an empty
 * line between others is a record with one empty field).
 *
 * columns == 0: one record with any number of fields, at most max_rows of which are stored; `found` is their number. */
pf_csv_result pf_csv_scan(const char *text, size_t length, int at_end, char delimiter, long columns, int64_t line,
                          pf_csv_field *fields, int64_t *lines, long max_rows);

enum pf_number_status { PF_NUMBER_OK = 0, PF_NUMBER_TEXT = 1, PF_NUMBER_INFINITE = 2 };
#define PF_NUMBER_LEADING_ZERO 1 /* like 007 */
#define PF_NUMBER_EXPONENT 2     /* written with an exponent */

typedef struct {
  double value;
  int decimals; /* digits to the right of the point after the exponent is applied, trailing zeros included */
  int flags;
} pf_number;

/* Reads a whole field as a number: [+-] digits [point digits] [e [+-] digits], or inf/infinity/nan in any case.
 * The value is the double nearest to the text (ties to even), for any length of text. INFINITE: it is too large, or says
 * inf; TEXT: it is no number (nan included). SeeAlso: Lemire (2021), "Number parsing at a gigabyte per second",
 * arXiv:2101.11408. */
int pf_parse_number(const char *text, size_t length, char decimal_point, pf_number *out);

typedef struct {
  long missing, bad;  /* cells that are missing; that are neither missing nor a finite number */
  int decimals, flags; /* largest, and all of them together */
} pf_number_summary;

/* `markers`: texts that stand for a missing cell, each as a length byte and its bytes, a zero byte at the end. An empty
 * field is always missing. */
int pf_csv_is_missing(const char *text, size_t length, const uint8_t *markers);

/* One column of numbers: fields[row * stride] to values[row], NaN where missing or bad. Adds to *summary. The row numbers
 * of bad cells go to bad_rows while summary->bad < bad_capacity. */
void pf_csv_parse_numbers(const char *text, const pf_csv_field *fields, long stride, long rows, char decimal_point,
                          const uint8_t *markers, double *values, pf_number_summary *summary, long *bad_rows,
                          long bad_capacity);

/* Distinct texts, numbered in the order of their first appearance. */
typedef struct pf_dictionary pf_dictionary;
#define PF_DICTIONARY_MISSING 0xffffffffu
/* NULL when there is no memory. */
pf_dictionary *pf_dictionary_create(void);
void pf_dictionary_destroy(pf_dictionary *dictionary);
uint32_t pf_dictionary_count(const pf_dictionary *dictionary);
const char *pf_dictionary_text(const pf_dictionary *dictionary, uint32_t code, size_t *length);
/* The code of a text, added if it is new; PF_DICTIONARY_MISSING when there is no memory. */
uint32_t pf_dictionary_insert(pf_dictionary *dictionary, const char *text, size_t length);
/* One column of texts to codes (PF_DICTIONARY_MISSING where missing). Returns the number of missing cells, or -1 when
 * there is no memory. */
long pf_csv_encode_texts(pf_dictionary *dictionary, const char *text, const pf_csv_field *fields, long stride, long rows,
                         const uint8_t *markers, uint32_t *codes);

/* Length of the longest prefix that is valid UTF-8 without a zero byte. */
size_t pf_utf8_valid_prefix(const char *text, size_t length);
#endif
