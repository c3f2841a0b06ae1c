/* Rows that are refused, into the state: those of a batch at once, others with the next commit. */
#include "sync/inside.h"

#include "base/json_text.h"

#include <stdlib.h>

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
    rejects[k] =
        (struct reject){.key = row.key,
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
    rejects[k].row =
        (struct slice){json.ptr + (k ? ends[k - 1] : 0), ends[k] - (k ? ends[k - 1] : 0)};
  struct commit c = {.rejects = rejects,
                     .rejects_len = n,
                     .closed = batch_intent(b),
                     .closed_len = *batch_intent(b) ? 1 : 0};
  if (is_gone && b->rows[rows.from].seq) {
    c.gone = &b->rows[rows.from].seq;
    c.gone_len = 1;
  }
  rc = settle_commit(s, &c);
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
    b->rows[i].is_told = true;
    s->tally.rejected++;
    s->options.events.refused(s->options.events.user, b->rows[i].ordinal, why);
  }
  return 0;
}

int settle_rejected(struct sync *s, struct batch *b, struct range rows,
                    const struct sync_refusal *why) {
  return settle_refused(s, b, rows, false, why);
}

int settle_gone(struct sync *s, struct batch *b, const struct sync_refusal *why) {
  return settle_refused(s, b, batch_range(b), true, why);
}

int settle_lost(struct sync *s, const struct batch *b) {
  struct commit c = {.gone = &b->rows[batch_range(b).from].seq, .gone_len = 1};
  return settle_commit(s, &c);
}

int settle_rejects(struct sync *s) {
  struct rejects *r = &s->rejects;
  struct error err;
  struct commit c = {.rejects = r->at, .rejects_len = r->len, .run = s->options.run};
  if (r->len == 0) return 0;
  int rc = -1;
  if (sync_need_stream(s))
    err = s->why;
  else
    rc = stream_commit(s->stream, &c, &err);
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
