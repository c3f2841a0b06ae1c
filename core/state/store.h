/* store.h - how commit writes stored values. */
#ifndef HOKO_STATE_STORE_H
#define HOKO_STATE_STORE_H

#include "state/handle.h"

/* Inside a write transaction of the caller's. */
MUST_USE int store_write(struct state *s, const struct store_value *values, size_t n,
                         struct error *err);

#endif
