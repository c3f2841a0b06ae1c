/* sample.h - partners to begin with: made up, or of a file. */
#ifndef HOKO_MOCK_SAMPLE_H
#define HOKO_MOCK_SAMPLE_H

#include "mock/partners.h"

enum { SAMPLE_MAX = 10000000 };

/* Makes up LEN partners.  Number i, from 1, has id 00000000-0000-4000-8000-<i in 12
 * decimal digits>, so that a test can name them. */
MUST_USE int sample_make(struct partners *p, size_t len, int64_t now_s, struct error *err);

/* Adds the partners of PATH, a JSON array of objects as GET shows them; id and times
 * are kept where they stand.  A file that does not exist is an empty array. */
MUST_USE int sample_load(struct partners *p, const char *path, int64_t now_s, struct error *err);
/* Writes all partners, oldest first; whole or not at all. */
MUST_USE int sample_save(const struct partners *p, const char *path, struct error *err);
/* Appends what sample_save() writes. */
void sample_put(struct buf *b, const struct partners *p);

#endif
