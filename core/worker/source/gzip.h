/* gzip.h - unpacks gzip (RFC 1952), any number of members behind each other. */
#ifndef HOKO_WORKER_SOURCE_GZIP_H
#define HOKO_WORKER_SOURCE_GZIP_H

#include "base/error.h"
#include "base/slice.h"

struct gzip;

/* Whether a file that begins with BYTES is gzip's. */
bool gzip_is_magic(struct slice bytes);

struct gzip *gzip_new(struct error *err);
void gzip_free(struct gzip *g);

/* Unpacks from *in, which shrinks by what was used, into TO; *len = 0 asks for
 * more input.  IS_END: no more will come, and *in is empty.  -1: the data is
 * damaged or cut off. */
MUST_USE int gzip_read(struct gzip *g, struct slice *in, bool is_end, char *to, size_t room,
                       size_t *len, struct error *err);

#endif
