/* process.h - the worker as the host holds it. */
#ifndef HOKO_HOST_PROCESS_H
#define HOKO_HOST_PROCESS_H

#include "bridge/bridge.h"

#include <sys/types.h>

struct worker {
  struct channel *channel;
  struct spot *spot;
  pid_t pid;
  int64_t peak_bytes; /* after worker_stop_keep() */
};

/* What the kernel gives it beside Lua's own limit of MEMORY_BYTES (0: none), which does
 * not see libraries, buffers and the C stack. */
MUST_USE int worker_limit_memory(const struct worker *w, int64_t memory_bytes, struct error *err);

/* Asks where the script is; the answer may come into the spot.  See worker/watch.h on
 * asking twice. */
void worker_ask(const struct worker *w);
/* Has what runs raise "interrupted"; told twice, at every instruction from then on. */
void worker_interrupt(const struct worker *w);
/* The processor time that it has had; INT64_MAX where it has ended. */
int64_t worker_spent_ns(const struct worker *w);

/* Ends and reaps it; the struct stays, with its peak memory. */
void worker_end(struct worker *w);

#endif
