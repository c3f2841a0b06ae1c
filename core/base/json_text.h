/* json_text.h - strings as JSON text and back. */
#ifndef HOKO_BASE_JSON_TEXT_H
#define HOKO_BASE_JSON_TEXT_H

#include "base/buf.h"

/* Appends S, which must be valid UTF-8, as a JSON string with its quotes.  Only
 * what RFC 8259 demands is escaped. */
void json_put_string(struct buf *b, struct slice s);

/* The longest that json_put_string() makes of LEN bytes. */
static inline size_t json_string_max(size_t len) { return 6 * len + 2; }

/* Appends the text that TEXT (between the quotes of a checked JSON string) stands
 * for.  -1: a lone surrogate or a wrong escape; what was added before stays. */
MUST_USE int json_unescape(struct buf *b, struct slice text);

#endif
