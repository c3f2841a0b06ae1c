/* Rows that wait for a batch which is under way with an earlier row of their partner (J5). */
#include "sync/inside.h"

#include <assert.h>
#include <stdlib.h>

/* A row of the same partner that waits already is newer, and goes on top. */
static bool defer_beneath(struct sync *s, struct place_of_row at, const struct row *row,
                          uint64_t ordinal) {
  struct row newer = batch_row(at.batch, at.row), both = row_merged(row, &newer);
  if (!batch_merge(at.batch, at.row, &both, at.batch->rows[at.row].ordinal)) return false;
  s->tally.superseded++;
  intake_drop(s, ordinal);
  return true;
}

bool waiting_add(struct sync *s, struct batch *b, uint32_t i) {
  struct row row = batch_row(b, i);
  struct identity who = {.id = &b->rows[i].id};
  struct place_of_row at = identity_find(&s->identities, &who, false);
  struct plan plan = {.row = row, .as = b->rows[i], .has_id = true};
  bool is_kept = at.batch ? defer_beneath(s, at, &row, b->rows[i].ordinal)
                          : intake_add(s, &s->pool[0], &plan, b->rows[i].ordinal) == 0;
  if (!is_kept) return false;
  b->rows[i].is_told = true;
  s->was_replanned = false;
  return true;
}

/* Takes the deferred rows out and plans each again: those whose identity is still
 * under way come back in.  Their bytes are moved aside first. */
void waiting_replan(struct sync *s) {
  struct batch *waiting = &s->pool[0];
  struct error err;
  if (waiting->rows_len == 0 || s->is_stopped) return;
  struct batch before = *waiting;
  struct batch_row *rows = malloc(before.rows_len * sizeof *rows);
  struct buf records = BUF_WITH_LIMIT(SIZE_MAX >> 1);
  buf_add(&records, before.records.ptr, before.records.len);
  if (!rows || !buf_ok(&records)) {
    free(rows);
    buf_free(&records);
    (void)error_set(&err, ERROR_MEMORY, "out of memory for the rows that wait");
    sync_fail(s, &err);
    return;
  }
  memcpy(rows, before.rows, before.rows_len * sizeof *rows);
  for (uint32_t i = 0; i < before.rows_len; i++) {
    struct row view;
    struct identity who = {.id = &waiting->rows[i].id};
    view = batch_row(waiting, i);
    who.key = s->options.has_key ? view.key : (struct slice){NULL, 0};
    identity_remove(&s->identities, &who, waiting, i);
  }
  batch_begin(waiting, BATCH_UPDATE);
  waiting->state = BATCH_READY;
  uint32_t i = 0;
  for (; i < before.rows_len && !s->is_stopped; i++) {
    struct slice record = {records.ptr + rows[i].at, rows[i].len};
    struct row row;
    struct known known = {.seq = 0};
    bool is_whole = row_take(&record, &row);
    assert(is_whole);
    (void)is_whole;
    known.key = s->options.has_key ? row.key : (struct slice){NULL, 0};
    if (known.key.len && stream_find(s->stream, &known, 1, &err)) {
      sync_fail(s, &err);
      break;
    }
    if (!intake_place(s, &row, &known, rows[i].ordinal)) {
      /* No batch is free: it waits on, in its order. */
      struct plan plan = {.row = row, .as = rows[i], .has_id = true};
      (void)intake_add(s, waiting, &plan, rows[i].ordinal); /* it was in there before */
    }
  }
  s->tally.pending += before.rows_len - i; /* of a stop */
  free(rows);
  buf_free(&records);
}
