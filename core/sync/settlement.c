/* Outcomes into the state: commit 1 and commit 2, and the counts that follow them. */
#include "sync/inside.h"

#include "base/json_text.h"

#include <stdlib.h>

static void told(struct sync *s, struct batch *b, uint32_t i) {
  (void)s;
  b->rows[i].is_told = true;
}

static int commit(struct sync *s, struct commit *c) {
  struct error err;
  c->run = s->options.run;
  if (settle_rejects(s)) return -1;
  if (stream_commit(s->stream, c, &err) == 0) return 0;
  sync_fail(s, &err);
  return -1;
}

/* ---- commit 1 ------------------------------------------------------------ */

static struct intent intent_of(const struct sync *s, struct range range, struct slice records) {
  return (struct intent){
      .sent_at_ms = clock_wall_ms(s->options.clock), .rows_len = range.to - range.from, .rows = records};
}

static int put_records(struct sync *s, const struct batch *b, struct range range, struct buf *to) {
  struct error err;
  for (uint32_t i = range.from; i < range.to; i++) buf_add(to, b->records.ptr + b->rows[i].at, b->rows[i].len);
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
    struct commit c = {.closed = &range.intent, .closed_len = range.intent ? 1 : 0, .opened = &in, .opened_len = 1,
                       .settled = s->held_numbers, .settled_len = settled};
    rc = commit(s, &c);
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
    opened[i] = intent_of(s, part[i], (struct slice){records->ptr + from[i], from[i + 1] - from[i]});
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
  if (rc == 0) rc = commit(s, &c);
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
  if (s->options.resent) c = (struct commit){.unclear = numbers, .unclear_len = n, .run = s->options.run};
  if (n == 0 || !s->stream || stream_commit(s->stream, &c, &err) == 0) return 0;
  sync_warn(s, "%s; the next run holds those rows", err.message);
  return -1;
}

/* ---- commit 2 ------------------------------------------------------------ */

static const struct answer_partner *partner_of(const struct sync *s, const struct batch *b, uint32_t i) {
  return &b->answer.partners[s->matching.partner_of[i - batch_range(b).from]];
}

static void fill_ack(const struct sync *s, const struct batch *b, uint32_t i, int64_t sent_at_ms, struct ack *a) {
  struct row row = batch_sent_row(b, i);
  *a = (struct ack){.seq = b->rows[i].seq,
                    .line = row.line,
                    .key = row.key,
                    .id = partner_of(s, b, i)->id,
                    .sent_at_ms = sent_at_ms};
  memcpy(a->field, row.field, sizeof a->field);
}

static void collect(struct sync *s, const struct batch *b, struct commit *c) {
  struct range range = batch_range(b);
  c->acks = s->acks;
  for (uint32_t i = range.from; i < range.to; i++) {
    if (s->options.has_key) {
      fill_ack(s, b, i, b->exchange.began_wall_ms, &s->acks[c->acks_len++]);
    } else if (b->kind == BATCH_CREATE) {
      struct row row = batch_row(b, i);
      s->made[c->made_len++] = state_row_hash(s->options.state, &row);
    }
  }
  c->made = s->made;
}

/* Hoko may trim or reformat: the id decides, and each field is named once. */
static void warn_changed(struct sync *s, const struct batch *b, uint32_t i) {
  unsigned changed = match_changed_fields(b, i, partner_of(s, b, i), &s->options.hash_key);
  for (int f = 0; changed && f < ROW_FIELDS; f++) {
    if (!(changed & 1u << f) || s->warned_field[f]) continue;
    s->warned_field[f] = true;
    sync_warn(s, "Hoko returned another %s than was sent; it is taken as acknowledged as sent",
              row_field_name[f]);
  }
}

static void tell_acknowledged(struct sync *s, struct batch *b) {
  struct range range = batch_range(b);
  const struct sync_events *events = &s->options.events;
  for (uint32_t i = range.from; i < range.to; i++) {
    uint32_t p = s->matching.partner_of[i - range.from];
    warn_changed(s, b, i);
    told(s, b, i);
    if (events->acked)
      events->acked(events->user, b->rows[i].ordinal,
                    s->options.wants_objects ? answer_text(&b->answer, p) : (struct slice){NULL, 0});
  }
  if (b->kind == BATCH_CREATE) s->tally.created += range.to - range.from;
  else s->tally.updated += range.to - range.from;
}

/* Of what may have been applied: where it fails, the intent may not be closed as if nothing were. */
static int commit_outcome(struct sync *s, struct batch *b, struct commit *c) {
  if (commit(s, c) == 0) return 0;
  b->is_unrecorded = *batch_intent(b) != 0;
  return -1;
}

/* The state keeps no ids of rows without a key; the look for twins knows them by these. */
static int keep_ids(struct sync *s, struct batch *b) {
  struct range range = batch_range(b);
  struct error err;
  if (b->kind != BATCH_CREATE || s->options.has_key) return 0;
  for (uint32_t i = range.from; i < range.to; i++) {
    if (claims_add(&s->made_ids, &partner_of(s, b, i)->id, &err) == 0) continue;
    sync_fail(s, &err);
    b->is_unrecorded = true;
    return -1;
  }
  return 0;
}

int settle_acknowledged(struct sync *s, struct batch *b) {
  struct commit c = {.closed = batch_intent(b), .closed_len = *batch_intent(b) ? 1 : 0};
  if (keep_ids(s, b)) return -1;
  if (s->options.has_key || b->kind == BATCH_CREATE) {
    collect(s, b, &c);
    if (commit_outcome(s, b, &c)) return -1;
    for (size_t k = 0; s->options.seen && k < c.acks_len; k++) seen_add(s->options.seen, c.acks[k].seq);
  }
  tell_acknowledged(s, b);
  return 0;
}

/* ---- adopting ------------------------------------------------------------ */

/* The slices point into the frame in hand, so a stretch is committed before it goes. */
void settle_adopted(struct sync *s, const struct row *row, const struct plan *plan, uint64_t ordinal) {
  struct ack *a = &s->acks[s->adopted_len++];
  *a = (struct ack){.line = row->line, .key = row->key, .id = plan->as.id, .sent_at_ms = clock_wall_ms(s->options.clock)};
  memcpy(a->field, row->field, sizeof a->field);
  s->tally.updated++;
  if (s->options.events.acked) s->options.events.acked(s->options.events.user, ordinal, (struct slice){NULL, 0});
  if (s->adopted_len == s->options.batch_rows) (void)!settle_adoptions(s); /* it has stopped the upsert */
}

int settle_adoptions(struct sync *s) {
  struct commit c = {.acks = s->acks, .acks_len = s->adopted_len};
  s->adopted_len = 0;
  return c.acks_len ? commit(s, &c) : 0;
}

static void tell_held(struct sync *s, struct batch *b) {
  struct range range = batch_range(b);
  for (uint32_t i = range.from; i < range.to; i++) {
    told(s, b, i);
    if (s->options.events.dropped) s->options.events.dropped(s->options.events.user, b->rows[i].ordinal);
  }
  s->tally.held += range.to - range.from;
}

/* J3: what left without a full match is sent again by settling only. */
int settle_unclear(struct sync *s, struct batch *b) {
  struct commit c = {.unclear = batch_intent(b), .unclear_len = 1};
  if (commit_outcome(s, b, &c)) return -1;
  tell_held(s, b);
  return 0;
}

void settle_unrecorded(struct sync *s, struct batch *b) {
  struct commit c = {.unclear = batch_intent(b), .unclear_len = 1, .run = s->options.run};
  struct error err;
  if (stream_commit(s->stream, &c, &err)) sync_warn(s, "%s; the next run holds those rows", err.message);
  tell_held(s, b);
  b->ranges_len--;
}

/* ---- rejects ------------------------------------------------------------- */

void sync_put_submitted(const struct sync *s, struct buf *to, const struct row *row) {
  const char *between = "{";
  if (row->id.len) {
    buf_printf(to, "{\"id\":\"%.*s\"", (int)row->id.len, row->id.ptr);
    between = ",";
  }
  for (int f = 0; f < ROW_FIELDS; f++) {
    if (!row->field[f].len) continue;
    buf_printf(to, "%s\"%s\":", between, row_field_name[f]);
    buf_add_slice(to, row->field[f]);
    between = ",";
  }
  if (s->options.key_name && row->key.len) {
    buf_add_text(to, between);
    json_put_string(to, slice_of(s->options.key_name));
    buf_add_char(to, ':');
    json_put_string(to, row->key);
    between = ",";
  }
  buf_add_text(to, between[0] == '{' ? "{}" : "}");
}

/* IS_GONE: it is one row, and Hoko does not have its partner. */
static int reject_each(struct sync *s, struct batch *b, struct range rows, bool is_gone,
                       const struct sync_refusal *why) {
  uint32_t n = rows.to - rows.from;
  struct buf json = BUF_WITH_LIMIT(64 << 20);
  struct reject *rejects = calloc(n, sizeof *rejects);
  size_t *ends = calloc(n, sizeof *ends);
  struct error err;
  int rc = -1;
  for (uint32_t k = 0; rejects && ends && k < n; k++) {
    struct row row = batch_row(b, rows.from + k);
    sync_put_submitted(s, &json, &row);
    ends[k] = json.len;
    rejects[k] = (struct reject){.key = row.key,
                                 .content = s->options.has_key ? state_row_hash(s->options.state, &row) : 0,
                                 .file = slice_of(s->options.file),
                                 .line = row.line,
                                 .code = slice_of(why->code),
                                 .message = slice_of(why->message),
                                 .field = slice_of(why->field),
                                 .status = why->status,
                                 .at_ms = clock_wall_ms(s->options.clock)};
  }
  if (!rejects || !ends || !buf_ok(&json)) {
    (void)error_set(&err, ERROR_MEMORY, "out of memory for %u rejects", n);
    sync_fail(s, &err);
    goto out;
  }
  for (uint32_t k = 0; k < n; k++)
    rejects[k].row = (struct slice){json.ptr + (k ? ends[k - 1] : 0), ends[k] - (k ? ends[k - 1] : 0)};
  struct commit c = {.rejects = rejects, .rejects_len = n, .closed = batch_intent(b), .closed_len = *batch_intent(b) ? 1 : 0};
  if (is_gone && b->rows[rows.from].seq) {
    c.gone = &b->rows[rows.from].seq;
    c.gone_len = 1;
  }
  rc = commit(s, &c);
out:
  buf_free(&json);
  free(rejects);
  free(ends);
  return rc;
}

static int settle_refused(struct sync *s, struct batch *b, struct range rows, bool is_gone,
                          const struct sync_refusal *why) {
  if (sync_need_stream(s) || reject_each(s, b, rows, is_gone, why)) return -1;
  for (uint32_t i = rows.from; i < rows.to; i++) {
    told(s, b, i);
    s->tally.rejected++;
    s->options.events.refused(s->options.events.user, b->rows[i].ordinal, why);
  }
  return 0;
}

int settle_rejected(struct sync *s, struct batch *b, struct range rows, const struct sync_refusal *why) {
  return settle_refused(s, b, rows, false, why);
}

int settle_gone(struct sync *s, struct batch *b, const struct sync_refusal *why) {
  return settle_refused(s, b, batch_range(b), true, why);
}

int settle_lost(struct sync *s, const struct batch *b) {
  struct commit c = {.gone = &b->rows[batch_range(b).from].seq, .gone_len = 1};
  return commit(s, &c);
}

int settle_rejects(struct sync *s) {
  struct rejects *r = &s->rejects;
  struct error err;
  struct commit c = {.rejects = r->at, .rejects_len = r->len, .run = s->options.run};
  if (r->len == 0) return 0;
  int rc = -1;
  if (sync_need_stream(s)) err = s->why;
  else rc = stream_commit(s->stream, &c, &err);
  int64_t lost = rc ? (int64_t)r->len : 0;
  rejects_clear(r);
  s->tally.rejected -= lost;
  s->tally.pending += lost;
  if (rc) sync_fail(s, &err);
  return rc;
}

void sync_reject(struct sync *s, const struct reject *r) {
  struct error err;
  struct reject now = *r;
  s->tally.submitted++;
  s->tally.rejected++;
  if (s->options.is_dry) {
    s->options.events.planned_reject(s->options.events.user, r);
    return;
  }
  if (!now.at_ms) now.at_ms = clock_wall_ms(s->options.clock);
  if (rejects_add(&s->rejects, &now, sync_now(s))) return;
  if (settle_rejects(s) == 0 && rejects_add(&s->rejects, &now, sync_now(s))) return;
  s->tally.rejected--;
  s->tally.pending++;
  (void)error_set(&err, ERROR_MEMORY, "out of memory for a rejected row of %zu bytes", r->row.len);
  sync_fail(s, &err);
}
