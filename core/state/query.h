/* query.h - rows of somebody's database, for hoko.sql: streamed, read only unless asked.
 *
 * A query never waits for the network: query_step() does what can be done now, and
 * says so where it has to wait.  SQLite works inside the step; where that takes long it
 * asks is_wanted().  Main thread only.  All errors are ERROR_DATA in the server's own
 * words (ERROR_MEMORY where that is the cause); err->line is the number of the row,
 * 0 where it is none's.
 *
 * Values: NULL is CELL_NULL, integers of up to 64 bits are exact, floats and booleans
 * are themselves, text is valid UTF-8, a blob (bytea) its bytes; everything else of
 * PostgreSQL (numeric, dates, uuid, json, arrays) is its text, dates as ISO 8601 has
 * them.
 *
 * What a query writes is one transaction, committed behind its last row; one that is
 * closed before leaves nothing.  Where it gives no rows of its own it gives one then, of
 * the column "changed": how many rows it wrote. */
#ifndef HOKO_STATE_QUERY_H
#define HOKO_STATE_QUERY_H

#include "base/cell.h"
#include "base/clock.h"
#include "state/dsn.h"

enum {
  QUERY_FRAME_FULL = 256 << 10,
  QUERY_ROW_MAX = 16 << 20,
  QUERY_FRAME_MAX = QUERY_FRAME_FULL + QUERY_ROW_MAX + (1 << 20),
  QUERY_COLUMNS_MAX = 2000,
  QUERY_PARAMS_MAX = 1000
};

struct query;

struct query_options {
  const struct dsn *dsn;
  const char *file;          /* of SQLite: its path, absolute */
  const char *sql;           /* one statement */
  const struct cell *params; /* no blobs */
  size_t params_len;
  struct slice password; /* of PostgreSQL; len 0: none */
  bool writes;
  bool is_trial; /* rolled back where it would be committed */
  const struct clock *clock;
  bool (*is_wanted)(void *user);
  void *user;
};

/* Everything in OPTIONS but clock and user may go afterwards. */
MUST_USE int query_open(struct query **out, const struct query_options *options, struct error *err);
/* Ends it, wherever it is; a server that still works on it is told to stop. */
void query_close(struct query *q);

enum query_got {
  QUERY_FULL,   /* the frame holds QUERY_FRAME_FULL bytes or more */
  QUERY_WAITS,  /* see query_poll() */
  QUERY_ENDED,  /* no row comes any more; as FAILED it is the last word */
  QUERY_FAILED, /* *err tells; the rows in the frame are good */
};

/* Appends rows to FRAME, born with QUERY_FRAME_MAX as its limit. */
MUST_USE enum query_got query_step(struct query *q, struct buf *frame, struct error *err);
/* After QUERY_WAITS: the descriptor to wait for, EVENTS as poll(2) has them; in vain for
 * long is an error of the next step. */
int query_poll(const struct query *q, short *events);

/* Names of the columns, distinct; 0 before they are known, which is before the first row
 * and before QUERY_ENDED. */
size_t query_columns_len(const struct query *q);
const char *query_column(const struct query *q, size_t i);

#endif
