/* Numbers to text. */
#ifndef PF_FORMAT_H
#define PF_FORMAT_H

/* Room that any number takes. */
#define PF_FORMAT_ROOM 40

/* Writes a finite number with exactly `decimals` (0...15) digits behind the point, or, decimals < 0, as the shortest text
 * that reads back as the same double where that has at most 15 digits (whole numbers without a point). Returns the number
 * of bytes (no zero byte is added), or 0 where it cannot: the digits would not fit 15, or more are needed. */
int pf_format_number(double value, int decimals, char *out);
#endif
