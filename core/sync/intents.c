/* Commit 1 (J1), and what becomes of an intent whose request is not under way any more. */
#include "sync/inside.h"

static struct intent intent_of(const struct sync *s, struct range range, struct slice records) {
  return (struct intent){.sent_at_ms = clock_wall_ms(s->options.clock),
                         .rows_len = range.to - range.from,
                         .rows = records};
}

static int put_records(struct sync *s, const struct batch *b, struct range range, struct buf *to) {
  struct error err;
  for (uint32_t i = range.from; i < range.to; i++)
    buf_add(to, b->records.ptr + b->rows[i].at, b->rows[i].len);
  if (buf_ok(to)) return 0;
  (void)error_set(&err, ERROR_MEMORY, "out of memory for recording %u rows", range.to - range.from);
  sync_fail(s, &err);
  return -1;
}

/* The held rows that the range sends again; they end being held with the intent (J2). */
static size_t resent_numbers(struct sync *s, const struct batch *b, struct range range) {
  size_t n = 0;
  for (uint32_t i = range.from; s->options.resent && i < range.to; i++)
    if (!b->rows[i].is_resent) s->held_numbers[n++] = s->options.resent[b->rows[i].ordinal];
  return n;
}

/* Each attempt is an intent of its own, so that a held row's time is that of the
 * attempt which may have been applied. */
int settle_intent(struct sync *s, struct batch *b) {
  struct buf records = BUF_WITH_LIMIT(SIZE_MAX >> 1);
  struct range range = batch_range(b);
  struct error err;
  int rc = sync_need_stream(s) || put_records(s, b, range, &records) ? -1 : 0;
  struct intent in = intent_of(s, range, buf_slice(&records));
  size_t settled = resent_numbers(s, b, range);
  if (rc == 0 && (range.intent || settled)) {
    struct commit c = {.closed = &range.intent,
                       .closed_len = range.intent ? 1 : 0,
                       .opened = &in,
                       .opened_len = 1,
                       .settled = s->held_numbers,
                       .settled_len = settled};
    rc = settle_commit(s, &c);
  } else if (rc == 0 && (rc = intent_commit(s->stream, &in, s->options.run, &err))) {
    sync_fail(s, &err);
  }
  if (rc == 0) {
    *batch_intent(b) = in.number;
    for (uint32_t i = range.from; settled && i < range.to; i++) b->rows[i].is_resent = true;
  }
  buf_free(&records);
  return rc;
}

/* Rows that were held have no source to yield them again: their parts are intents at once. */
static int put_opened(struct sync *s, const struct batch *b, const struct range *part, size_t n,
                      struct buf *records, struct intent *opened) {
  size_t from[SETTLE_PARTS_MAX + 1] = {0};
  for (size_t i = 0; i < n; i++) {
    if (put_records(s, b, part[i], records)) return -1;
    from[i + 1] = records->len;
  }
  for (size_t i = 0; i < n; i++)
    opened[i] =
        intent_of(s, part[i], (struct slice){records->ptr + from[i], from[i + 1] - from[i]});
  return 0;
}

/* What was refused is not under way any more. */
int settle_split(struct sync *s, struct batch *b, struct range *part, size_t n) {
  struct buf records = BUF_WITH_LIMIT(SIZE_MAX >> 1);
  struct intent opened[SETTLE_PARTS_MAX];
  struct commit c = {.closed = batch_intent(b), .closed_len = 1};
  if (!*batch_intent(b)) return 0;
  if (s->options.resent) {
    c.opened = opened;
    c.opened_len = n;
  }
  int rc = s->options.resent ? put_opened(s, b, part, n, &records, opened) : 0;
  if (rc == 0) rc = settle_commit(s, &c);
  for (size_t i = 0; rc == 0 && i < c.opened_len; i++) part[i].intent = opened[i].number;
  buf_free(&records);
  return rc;
}

/* The intents of B's ranges, none of which is on the wire: what was not applied is
 * pending, but for rows that were held, which stay so. */
int settle_abandoned(struct sync *s, struct batch *b) {
  int64_t numbers[BATCH_RANGES_MAX];
  size_t n = 0;
  for (unsigned i = 0; i < b->ranges_len; i++)
    if (b->ranges[i].intent) numbers[n++] = b->ranges[i].intent;
  struct commit c = {.closed = numbers, .closed_len = n, .run = s->options.run};
  struct error err;
  if (s->options.resent)
    c = (struct commit){.unclear = numbers, .unclear_len = n, .run = s->options.run};
  if (n == 0 || !s->stream || stream_commit(s->stream, &c, &err) == 0) return 0;
  sync_warn(s, "%s; the next run holds those rows", err.message);
  return -1;
}
