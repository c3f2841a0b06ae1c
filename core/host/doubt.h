/* doubt.h - since when partners of a stream may stand twice, kept from run to run.
 *
 * A create that was sent again may still be applied the first time, later than any settle
 * window.  So the time of the first such create is kept for a day after it, and hoko
 * settle looks back to it even where nothing is held. */
#ifndef HOKO_HOST_DOUBT_H
#define HOKO_HOST_DOUBT_H

#include "state/state.h"

/* The stream is named by its name and base URL. */
struct doubt {
  struct state *state;
  const char *stream, *base_url;
};

/* *SINCE_MS: the server's wall clock; 0: there is none. */
MUST_USE int doubt_read(const struct doubt *d, int64_t *since_ms, struct error *err);
/* Keeps SINCE_MS, or an earlier time that is kept already. */
MUST_USE int doubt_note(const struct doubt *d, int64_t since_ms, struct error *err);
/* A look for twins has been done: what is older than a day is doubted no more. */
MUST_USE int doubt_looked(const struct doubt *d, int64_t now_ms, struct error *err);

#endif
