/* engine.h - libcurl's multi handle on the I/O thread.
 *
 * engine_submit(), engine_cancel() and engine_take() are the main thread's; what
 * crosses is exchanges through two queues, each owned by one side at a time. */
#ifndef HOKO_NET_ENGINE_H
#define HOKO_NET_ENGINE_H

#include "net/transfer.h"

struct engine;

/* SHARED outlives the engine.  At most CONCURRENCY exchanges are under way. */
MUST_USE int engine_start(struct engine **out, const struct transfer_shared *shared,
                          int concurrency, struct error *err);
/* Cancels what is under way, ends the thread. */
void engine_stop(struct engine *g);

/* Fewer than CONCURRENCY must be under way. */
void engine_submit(struct engine *g, struct exchange *e);
/* All submitted before it come back soon. */
void engine_cancel(struct engine *g);
/* A finished exchange, or NULL. */
struct exchange *engine_take(struct engine *g);
/* Readable when engine_take() may give something. */
int engine_fd(const struct engine *g);

#endif
