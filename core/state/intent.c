/* An intent is one request of creates: recorded before it leaves, closed when its
 * outcome is recorded.
 *
 *   built ─commit 1─► sent ─┬─ full match ──────────commit 2──► closed
 *                           ├─ refused, many rows ──commit 2──► closed, halves opened
 *                           ├─ refused, one row ────commit 2──► closed, the row rejected
 *                           ├─ surely not applied ──commit 2──► closed, its rows pending
 *                           └─ no clear answer ─────commit 2──► closed, its rows held
 *                                           (also: found open by the next stream_open())
 *
 * An update has none: its fields are recorded when acknowledged, so after a crash the
 * next run finds it changed and sends it again.
 *
 * J1  No byte of a create leaves before its batch is committed as an intent (commit 1).
 * J2  Every row taken is in exactly one of acknowledged, unchanged, superseded,
 *     rejected, held, pending.
 * J3  A create that left without a full match is sent again by settling only.
 * J4  Ids, fields, rejects, the watermark and the closing of the intent are one
 *     transaction (commit 2).
 * J5  No two open batches name one partner.
 * J6  A stored watermark never runs ahead of the rows submitted before it.
 *
 * J1: a number is handed out after the commit only.  J2, J6: sync decides what becomes
 * of a row and when a value may be stored; here all of one outcome is kept or nothing.
 * J3: what is not closed becomes held, and held rows leave by commit.settled only. */
#include "state/intent.h"

#include "state/held.h"

#include <assert.h>
#include <stdlib.h>

static const char sql_insert[] =
    "INSERT INTO intent (stream, run, sent_at, rows_len, rows) VALUES (?, ?, ?, ?, ?)"
    " RETURNING number";
static const char sql_close[] = "DELETE FROM intent WHERE number = ?1 AND stream = ?2";
static const char sql_read[] =
    "SELECT rows, sent_at, run FROM intent WHERE number = ?1 AND stream = ?2";
static const char sql_all[] = "SELECT rows FROM intent WHERE stream = ? ORDER BY number";

int intent_insert(struct stream *st, struct intent *in, int64_t run, struct error *err) {
  struct db *db = &st->state->db;
  assert(db->is_in_transaction);
  assert(in->rows_len > 0 && in->rows.len > 0);
  struct statement *sql = db_prepare(db, sql_insert, err);
  if (!sql) return -1;
  bind_int(sql, 1, st->number);
  bind_int(sql, 2, run);
  bind_int(sql, 3, in->sent_at_ms);
  bind_int(sql, 4, in->rows_len);
  bind_blob(sql, 5, in->rows.ptr, in->rows.len);
  return db_insert(db, sql, &in->number, err);
}

int intent_close(struct stream *st, int64_t number, struct error *err) {
  struct db *db = &st->state->db;
  assert(db->is_in_transaction); /* J4: inside commit 2 */
  struct statement *sql = db_prepare(db, sql_close, err);
  int64_t rows;
  if (!sql) return -1;
  bind_int(sql, 1, number);
  bind_int(sql, 2, st->number);
  if (db_run_counted(db, sql, &rows, err) != 0) return -1;
  if (rows == 1) return 0;
  return error_set(err, ERROR_INTERNAL, "request %lld of stream %s is not open", (long long)number,
                   st->name);
}

int intent_hold(struct stream *st, int64_t number, struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_read, err);
  if (!sql) return -1;
  bind_int(sql, 1, number);
  bind_int(sql, 2, st->number);
  int is_row = db_step(db, sql, err);
  if (is_row < 0) return -1;
  int result = 0;
  if (is_row) {
    struct slice rows = column_slice(sql, 0);
    result = held_insert(st, rows, column_int(sql, 1), column_int(sql, 2), err);
    statement_reset(sql);
  }
  return result == 0 ? intent_close(st, number, err) : -1; /* J3 */
}

/* Nothing is refused here: it counts what must not be. */
static bool any_value(const void *user, uint32_t value) {
  (void)user;
  (void)value;
  return true;
}

static int count_twice(struct stream *st, struct slice rows, struct map *seen, int64_t *keys,
                       struct error *err) {
  struct row row;
  while (row_take(&rows, &row)) {
    if (row.key.len == 0) continue;
    uint64_t hash = state_hash(st->state, row.key);
    if (map_find(seen, hash, any_value, NULL) != MAP_FREE)
      ++*keys;
    else if (map_add(seen, hash, 0) != 0)
      return error_set(err, ERROR_MEMORY, "no memory to compare open requests");
  }
  return 0;
}

int intent_twice(struct stream *st, int64_t *keys, struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_all, err);
  if (!sql) return -1;
  struct map seen = MAP_WITH_LIMIT(1 << 24);
  bind_int(sql, 1, st->number);
  int is_row;
  *keys = 0;
  while ((is_row = db_step(db, sql, err)) > 0) {
    if (count_twice(st, column_slice(sql, 0), &seen, keys, err) == 0) continue;
    statement_reset(sql);
    is_row = -1;
    break;
  }
  map_free(&seen);
  return is_row;
}
