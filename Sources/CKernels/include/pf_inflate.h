/* Reading deflated data, as in ZIP archives (RFC 1951). */
#ifndef PF_INFLATE_H
#define PF_INFLATE_H
#include <stddef.h>
#include <stdint.h>

/* Inflates `length` bytes into out[capacity]. Returns the number of bytes written, or -1 when the data are damaged or would
 * write more than `capacity`. Reads and writes nothing outside the two buffers, whatever the data. */
long pf_inflate(const uint8_t *data, size_t length, uint8_t *out, size_t capacity);

/* CRC-32 (ISO 3309), as in ZIP and gzip. */
uint32_t pf_crc32(const uint8_t *data, size_t length);
#endif
