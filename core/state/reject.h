/* reject.h - how commit writes rejects.  Inside a write transaction of the caller's. */
#ifndef HOKO_STATE_REJECT_H
#define HOKO_STATE_REJECT_H

#include "state/handle.h"

enum { REJECT_MAX = 1000000 }; /* of one stream; the next is an error */

MUST_USE int reject_insert(struct stream *st, const struct reject *rejects, size_t n, int64_t run,
                           struct error *err);
/* KEY's reject, if it has one, leaves the list. */
MUST_USE int reject_clear(struct stream *st, struct slice key, struct error *err);
/* Reads the reject that stands in SQL, a statement with the columns of REJECT_COLUMNS. */
MUST_USE int reject_read(struct arena *handed, struct statement *sql, struct reject *to,
                         struct error *err);

#define REJECT_COLUMNS                                                                             \
  "reject.number, reject.key, reject.content, reject.row, reject.file, reject.line, reject.code,"  \
  " reject.message, reject.field, reject.status, reject.at, run.run, stream.name,"                 \
  " stream.base_url, reject.retry"
#define REJECT_TABLES                                                                              \
  " FROM reject " DB_SQLITE_ONLY("CROSS") " JOIN stream ON stream.number = reject.stream"          \
                                          " LEFT JOIN run ON run.number = reject.run "

#endif
