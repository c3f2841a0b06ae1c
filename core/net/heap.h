/* heap.h - memory for libcurl that is zeroed when it is given back: libcurl copies
 * request heads, and with them the key, into its own heap. */
#ifndef HOKO_NET_HEAP_H
#define HOKO_NET_HEAP_H

#include "base/error.h"

/* libcurl's global state, with that memory; counted, so each start has its stop. */
MUST_USE int heap_start(struct error *err);
void heap_stop(void);

#endif
