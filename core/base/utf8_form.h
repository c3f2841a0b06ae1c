/* utf8_form.h - text in the forms by which people compare and name things.
 *
 * All append to B; S must be valid UTF-8.  -1: no memory, or B's limit. */
#ifndef HOKO_BASE_UTF8_FORM_H
#define HOKO_BASE_UTF8_FORM_H

#include "base/buf.h"

/* Each letter's lower case, nothing else changed. */
MUST_USE int utf8_form_lower(struct buf *b, struct slice s);

/* NFKC_Casefold (Unicode 3.13, D147): equal for texts that differ in case, in the
 * width of their letters, in presentation forms (ﻻ and لا) or in invisible
 * characters only. */
MUST_USE int utf8_form_loose(struct buf *b, struct slice s);

/* Without white space at both ends, and one space for each run inside. */
MUST_USE int utf8_form_squeeze(struct buf *b, struct slice s);

/* Folded letters and numbers with single hyphens for what is between them, as for
 * a web address: "  José's  Café " gives "joses-cafe".  Latin letters lose their
 * accents, Arabic keeps its letters and loses vowel signs and tatweel. */
MUST_USE int utf8_form_slug(struct buf *b, struct slice s);

#endif
