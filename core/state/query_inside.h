/* query_inside.h - what the two kinds of queries share. */
#ifndef HOKO_STATE_QUERY_INSIDE_H
#define HOKO_STATE_QUERY_INSIDE_H

#include "state/query.h"

struct query_kind {
  enum query_got (*step)(struct query *q, struct buf *frame, struct error *err);
  int (*poll)(const struct query *q, short *events); /* NULL: it never waits */
  void (*close)(struct query *q);
};

/* Each kind's struct begins with it. */
struct query {
  const struct query_kind *kind;
  char **columns;
  size_t columns_len;
  int64_t rows;  /* given so far */
  size_t row_at; /* of the frame, where the row in hand begins */
  bool writes, is_trial;
  int64_t changed; /* rows, by a query that gives none; -1: it gives rows */
  bool (*is_wanted)(void *user);
  void *user;
};

/* What every kind's struct begins with, before it knows its columns. */
struct query query_of(const struct query_kind *kind, const struct query_options *options);

MUST_USE int query_sqlite_open(struct query **out, const struct query_options *options,
                               struct error *err);
MUST_USE int query_postgres_open(struct query **out, const struct query_options *options,
                                 struct error *err);

/* Room for N columns, all NULL, to be filled by query_name_column(). */
MUST_USE int query_make_columns(struct query *q, size_t n, struct error *err);
MUST_USE int query_name_column(struct query *q, size_t i, const char *name, struct error *err);
/* The one column of a query that writes and gives no rows, and its row. */
MUST_USE int query_name_changed(struct query *q, struct error *err);
MUST_USE int query_put_changed(struct query *q, struct buf *frame, struct error *err);

/* A row begins behind what FRAME holds; each cell is checked and appended; then it counts,
 * or, where RC or an addition failed, is taken off again. */
static inline void query_begin_row(struct query *q, const struct buf *frame) {
  q->row_at = frame->len;
}
MUST_USE int query_check_size(const struct query *q, const struct buf *frame, size_t more,
                              struct error *err);
MUST_USE int query_put_any_text(struct query *q, size_t i, struct slice text, struct buf *frame,
                                struct error *err);
/* TEXT.ptr is not NULL. */
MUST_USE static inline int query_put_text(struct query *q, size_t i, struct slice text,
                                          struct buf *frame, struct error *err) {
  bool is_small = frame->len - q->row_at + text.len <= QUERY_ROW_MAX;
  if (is_small && cell_put_ascii(frame, text)) return 0;
  return query_put_any_text(q, i, text, frame, err);
}
MUST_USE int query_end_row(struct query *q, struct buf *frame, int rc, struct error *err);

/* -1: the statement does more than the query may. */
int query_fail_denied(const struct query *q, struct error *err);
/* -1, about the row in hand. */
int query_fail_row(const struct query *q, struct error *err, const char *format, ...)
    PRINTF_LIKE(3, 4);

#endif
