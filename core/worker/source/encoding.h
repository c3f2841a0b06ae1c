/* encoding.h - text in another encoding becomes UTF-8, by the C library's iconv.
 *
 * iconv loads a module from disk for nearly every encoding, which the worker's
 * cage forbids.  So encoding_preload() runs before the cage shuts and keeps the
 * modules of the encodings that files come in; they stay usable, others give an
 * error that lists them. */
#ifndef HOKO_WORKER_SOURCE_ENCODING_H
#define HOKO_WORKER_SOURCE_ENCODING_H

#include "base/error.h"
#include "base/slice.h"

struct encoding;

/* Loads what encoding_new() may be asked for: about 1.5 ms and 40 modules.  Once
 * a process; the handles live as long as it does. */
void encoding_preload(void);

bool encoding_is_utf8(const char *name);

struct encoding *encoding_new(const char *name, struct error *err);
void encoding_free(struct encoding *e);

/* Converts from *in, which shrinks by what was used, into TO; *len = 0 asks for
 * more input.  IS_END: *in is all that is left.  -1: a byte that stands for
 * nothing, told with its offset and line once what was before it is given out. */
MUST_USE int encoding_read(struct encoding *e, struct slice *in, bool is_end, char *to, size_t room,
                           size_t *len, struct error *err);

#endif
