#include "state/held.h"

#include "state/intent.h"
#include "state/marks.h"

#include <assert.h>

static const char sql_insert[] = "INSERT INTO held (stream, run, sent_at, key, content, row)"
                                 " VALUES (?, ?, ?, ?, ?, ?)";
static const char sql_settle[] = "DELETE FROM held WHERE number = ?1 AND stream = ?2";
static const char sql_open[] = "SELECT number FROM intent WHERE stream = ? ORDER BY number LIMIT 1";
static const char sql_list[] =
    "SELECT held.number, held.sent_at, held.row, run.run FROM held"
    " LEFT JOIN run ON run.number = held.run"
    " WHERE held.stream = ?1 AND held.number > ?2 ORDER BY held.number LIMIT ?3";
static const char sql_count[] = "SELECT count(*), min(sent_at) FROM held WHERE stream = ?";

static int insert(struct stream *st, struct statement *sql, const struct row *row,
                  struct slice record, struct error *err) {
  uint64_t content = state_row_hash(st->state, row);
  bind_text(sql, 4, row->key);
  bind_int(sql, 5, (int64_t)content);
  bind_blob(sql, 6, record.ptr, record.len);
  if (db_run(&st->state->db, sql, err) != 0) return -1;
  marks_add(&st->marks, row->key.len ? state_hash(st->state, row->key) : content);
  return 0;
}

int held_insert(struct stream *st, struct slice rows, int64_t sent_at_ms, int64_t run,
                struct error *err) {
  struct statement *sql = db_prepare(&st->state->db, sql_insert, err);
  if (!sql) return -1;
  bind_int(sql, 1, st->number);
  bind_int(sql, 2, run);
  bind_int(sql, 3, sent_at_ms);
  struct row row;
  for (const char *from = rows.ptr; row_take(&rows, &row); from = rows.ptr) {
    struct slice record = {from, (size_t)(rows.ptr - from)};
    if (insert(st, sql, &row, record, err) != 0) return -1;
  }
  return rows.len == 0 ? 0 : db_damaged(&st->state->db, err);
}

int held_settle(struct stream *st, int64_t number, struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_settle, err);
  int64_t rows;
  if (!sql) return -1;
  bind_int(sql, 1, number);
  bind_int(sql, 2, st->number);
  if (db_run_counted(db, sql, &rows, err) != 0) return -1;
  if (rows == 1) return 0;
  return error_set(err, ERROR_INTERNAL, "row %lld of stream %s is not held", (long long)number,
                   st->name);
}

static int hold_each(struct stream *st, struct error *err) {
  struct db *db = &st->state->db;
  int64_t first;
  if (db_number(db, sql_open, st->number, &first, err) != 0) return -1;
  for (int64_t number = first, next; number > 0; number = next) {
    if (intent_hold(st, number, err) != 0) return -1;
    if (db_number(db, sql_open, st->number, &next, err) != 0) return -1;
    if (next > 0 && db_expect_behind(db, number, next, err) != 0) return -1;
  }
  return 0;
}

/* The transaction is begun where nothing is to be held, too: then what an earlier run left
 * lasts (db_sync_journal()).  Updates are sent by what the state knows without a commit. */
int held_adopt_intents(struct stream *st, struct error *err) {
  struct db *db = &st->state->db;
  if (db->is_in_transaction) return hold_each(st, err); /* an import's */
  if (state_begin_write(st->state, err) != 0) return -1;
  if (hold_each(st, err) == 0) return db_commit(db, err);
  db_rollback(db);
  return error_context(err, "holding what an earlier run left under way");
}

static int read_held(struct stream *st, struct statement *sql, int64_t after, struct held *to,
                     struct error *err) {
  struct slice record;
  *to = (struct held){.number = column_int(sql, 0), .sent_at_ms = column_int(sql, 1)};
  if (db_expect_behind(&st->state->db, after, to->number, err) != 0) return -1;
  if (handed_column(&st->handed, sql, 2, &record, err) != 0) return -1;
  if (!row_take(&record, &to->row)) return db_damaged(&st->state->db, err);
  return handed_column(&st->handed, sql, 3, &to->run, err);
}

int held_list(struct stream *st, int64_t after, struct held *to, size_t cap, size_t *n,
              struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_list, err);
  if (!sql) return -1;
  arena_clear(&st->handed);
  bind_int(sql, 1, st->number);
  bind_int(sql, 2, after);
  bind_int(sql, 3, (int64_t)cap);
  int is_row = 0;
  for (*n = 0; *n < cap && (is_row = db_step(db, sql, err)) > 0; ++*n) {
    if (read_held(st, sql, after, &to[*n], err) != 0) {
      is_row = -1;
      break;
    }
    after = to[*n].number;
  }
  statement_reset(sql);
  return is_row < 0 ? -1 : 0;
}

int held_count(struct stream *st, int64_t *rows, int64_t *oldest_sent_at_ms, struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_count, err);
  if (!sql) return -1;
  bind_int(sql, 1, st->number);
  int is_row = db_step(db, sql, err);
  if (is_row < 0) return -1;
  assert(is_row); /* an aggregate always gives one */
  *rows = column_int(sql, 0);
  *oldest_sent_at_ms = column_int(sql, 1);
  statement_reset(sql);
  return 0;
}
