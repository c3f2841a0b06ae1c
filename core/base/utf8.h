/* utf8.h - text from outside: checked once, at the border. */
#ifndef HOKO_BASE_UTF8_H
#define HOKO_BASE_UTF8_H

#include "base/buf.h"

/* Offset of the first byte that is no valid UTF-8 (RFC 3629: shortest form, no
 * surrogates), or S.len. */
size_t utf8_check(struct slice s);
/* Columns that S takes on a terminal; controls count 0, wide characters 2. */
size_t utf8_width(struct slice s);
/* The longest prefix of S of at most COLUMNS columns that ends between two
 * graphemes. */
size_t utf8_prefix(struct slice s, size_t columns);

/* Append S in NFC; case-folded in NFC; S must be valid.  -1: no memory. */
MUST_USE int utf8_nfc(struct buf *b, struct slice s);
MUST_USE int utf8_fold(struct buf *b, struct slice s);

/* S without white space (Unicode White_Space) at both ends. */
struct slice utf8_trim(struct slice s);

/* Appends S for a person's eyes: valid text as it is, control characters and
 * invalid bytes as \xNN, line ends as \n. */
void utf8_printable(struct buf *b, struct slice s);

#endif
