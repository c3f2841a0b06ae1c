/* rate.h - what is behind rate_change(): files, or a row at a server. */
#ifndef HOKO_STATE_RATE_H
#define HOKO_STATE_RATE_H

#include "state/handle.h"

void rate_files_free(struct rate_file *list);

/* rate_change() where the state is in PostgreSQL; SCOPE as a number. */
MUST_USE int rate_change_at_server(struct state *s, int64_t scope, size_t size,
                                   bool (*change)(void *user, void *record), void *user,
                                   struct error *err);

#endif
