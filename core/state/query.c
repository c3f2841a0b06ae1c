#include "state/query.h"

#include "base/utf8.h"
#include "state/query_inside.h"

#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int query_open(struct query **out, const struct query_options *options, struct error *err) {
  switch (options->dsn->kind) {
  case DSN_SQLITE: return query_sqlite_open(out, options, err);
  case DSN_POSTGRESQL: return query_postgres_open(out, options, err);
  }
  return -1;
}

void query_close(struct query *q) {
  if (!q) return;
  for (size_t i = 0; i < q->columns_len; i++) free(q->columns[i]);
  free(q->columns);
  q->kind->close(q);
}

enum query_got query_step(struct query *q, struct buf *frame, struct error *err) {
  return frame->len >= QUERY_FRAME_FULL ? QUERY_FULL : q->kind->step(q, frame, err);
}

int query_poll(const struct query *q, short *events) {
  *events = POLLIN;
  return q->kind->poll ? q->kind->poll(q, events) : -1;
}

size_t query_columns_len(const struct query *q) { return q->columns_len; }
const char *query_column(const struct query *q, size_t i) { return q->columns[i]; }

/* ---- for the kinds ------------------------------------------------------- */

struct query query_of(const struct query_kind *kind, const struct query_options *options) {
  return (struct query){.kind = kind,
                        .writes = options->writes,
                        .is_trial = options->is_trial,
                        .changed = -1,
                        .is_wanted = options->is_wanted,
                        .user = options->user};
}

int query_fail_denied(const struct query *q, struct error *err) {
  if (q->writes) {
    (void)error_set(err, ERROR_DATA, "hoko.sql writes rows, and this statement would do more");
    return error_hint(err, "give it one SELECT, INSERT, UPDATE or DELETE");
  }
  (void)error_set(err, ERROR_DATA, "hoko.sql only reads, and this statement would do more");
  return error_hint(err, "give it a SELECT, or let it write rows: hoko.sql{ dsn = …, query = …, "
                         "write = true }");
}

int query_fail_row(const struct query *q, struct error *err, const char *format, ...) {
  char text[sizeof err->message];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  (void)error_set(err, ERROR_DATA, "%s", text);
  err->line = q->rows < INT_MAX ? (int)q->rows + 1 : INT_MAX;
  return -1;
}

int query_make_columns(struct query *q, size_t n, struct error *err) {
  if (n > QUERY_COLUMNS_MAX)
    return error_set(err, ERROR_DATA, "the query has %zu columns, more than %d", n,
                     QUERY_COLUMNS_MAX);
  q->columns = calloc(n + 1, sizeof *q->columns);
  if (!q->columns) return error_set(err, ERROR_MEMORY, "out of memory for the columns of a query");
  q->columns_len = n;
  return 0;
}

int query_name_column(struct query *q, size_t i, const char *name, struct error *err) {
  if (utf8_check(slice_of(name)) < strlen(name))
    return error_set(err, ERROR_DATA, "the name of column %zu is not valid UTF-8", i + 1);
  for (size_t other = 0; other < i; other++) {
    if (strcmp(q->columns[other], name) != 0) continue;
    (void)error_set(err, ERROR_DATA, "columns %zu and %zu are both named '%.100s'", other + 1,
                    i + 1, name);
    return error_hint(err, "name one of them otherwise, with AS");
  }
  q->columns[i] = strdup(name);
  return q->columns[i] ? 0
                       : error_set(err, ERROR_MEMORY, "out of memory for the columns of a query");
}

int query_name_changed(struct query *q, struct error *err) {
  q->changed = 0;
  return query_make_columns(q, 1, err) || query_name_column(q, 0, "changed", err) ? -1 : 0;
}

int query_put_changed(struct query *q, struct buf *frame, struct error *err) {
  query_begin_row(q, frame);
  cell_put_integer(frame, q->changed);
  return query_end_row(q, frame, 0, err);
}

int query_check_size(const struct query *q, const struct buf *frame, size_t more,
                     struct error *err) {
  if (frame->len - q->row_at + more <= QUERY_ROW_MAX) return 0;
  return query_fail_row(q, err, "the row is larger than 16 MiB");
}

int query_put_any_text(struct query *q, size_t i, struct slice text, struct buf *frame,
                       struct error *err) {
  if (query_check_size(q, frame, text.len, err)) return -1;
  if (utf8_check(text) < text.len)
    return query_fail_row(q, err, "column '%.100s' is not valid UTF-8", q->columns[i]);
  cell_put_text(frame, text);
  return 0;
}

int query_end_row(struct query *q, struct buf *frame, int rc, struct error *err) {
  if (rc == 0 && !buf_ok(frame))
    rc = error_set(err, ERROR_MEMORY, "out of memory for the rows of a query");
  if (rc == 0)
    q->rows++;
  else
    frame->len = q->row_at;
  return rc;
}
