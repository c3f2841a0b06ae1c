/* stream.h - what other files of the room ask of streams. */
#ifndef HOKO_STATE_STREAM_H
#define HOKO_STATE_STREAM_H

#include "state/handle.h"

/* *number 0: the state has no such stream. */
MUST_USE int stream_look_up(struct state *s, struct slice name, struct slice base_url,
                            int64_t *number, struct error *err);

#endif
