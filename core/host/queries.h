/* queries.h - the databases that a script reads: one frame of rows ahead of it.
 *
 * The worker opens a query by the call "sql", asks for its frames by "sql_rows", and
 * names it by number in MESSAGE_DROP when it has no more use for it.  Of each query one
 * frame waits here, so database and script work at once and memory is flat. */
#ifndef HOKO_HOST_QUERIES_H
#define HOKO_HOST_QUERIES_H

#include "base/clock.h"
#include "state/query.h"

#include <poll.h>

enum { QUERIES_MAX = 16 };

struct queries {
  const struct clock *clock;
  struct open_query {
    struct query *query;
    int64_t number; /* 0: free */
    struct buf frame;
    bool is_waiting; /* for its server */
    bool is_ended;
    bool has_failed; /* ERR is told behind the rows of FRAME */
    struct error err;
  } at[QUERIES_MAX];
  int64_t last_number;
  struct open_query *asked; /* whom the worker waits for, or NULL */
  bool wants_columns;       /* else a frame */
  int64_t asked_ns;
  struct buf reply;
};

void queries_init(struct queries *qs, const struct clock *clock);
/* Takes Q over; its columns are asked for.  -1: there are QUERIES_MAX (Q is closed). */
MUST_USE int queries_add(struct queries *qs, struct query *q, struct error *err);
/* A frame of NUMBER's is asked for.  -1: there is no such query. */
MUST_USE int queries_ask(struct queries *qs, int64_t number, struct error *err);
void queries_drop(struct queries *qs, int64_t number);
/* What is asked for does not come any more: its query is closed. */
void queries_cancel(struct queries *qs);

/* Moves all on.  1: *reply is what was asked for, valid until the next step: columns as
 * JSON {"number","columns"}, or rows and one byte behind them, which is 1 where they are
 * the last: NUMBER is forgotten then.  0: nothing yet.  -1: *err instead. */
MUST_USE int queries_step(struct queries *qs, struct slice *reply, struct error *err);
/* Monotonic, when to step again if nothing else happens. */
int64_t queries_wake_at(const struct queries *qs);
/* Fills in up to QUERIES_MAX descriptors to wait for, and returns how many. */
nfds_t queries_poll(const struct queries *qs, struct pollfd *fds);
void queries_close(struct queries *qs);

#endif
