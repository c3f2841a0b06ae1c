/* The rate limit as a row of the fleet's database: changed while no other host can, and
 * not waited for to reach the disk, since a limit that a power cut takes is told anew by
 * the next answer.  Its clock is the server's, which no host has but all can reckon. */
#include "state/rate.h"

#include <assert.h>
#include <stddef.h>

enum { FORM = 1 }; /* of the record; one of another is as none */

static const char sql_make[] =
    "INSERT INTO rate (scope, form, record) VALUES (?1, 0, '') ON CONFLICT DO NOTHING";
static const char sql_read[] = "SELECT form, record FROM rate WHERE scope = ? FOR UPDATE";
static const char sql_write[] = "UPDATE rate SET form = ?2, record = ?3 WHERE scope = ?1";
static const char sql_relax[] = "SET LOCAL synchronous_commit = off";
static const char sql_now_ns[] =
    "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000000 AS bigint)";

static int run_relaxed(struct db *db, int64_t scope, struct error *err) {
  struct statement *st = db_prepare(db, sql_relax, err);
  if (!st || db_run(db, st, err) != 0) return -1;
  return db_run_with(db, sql_make, scope, err);
}

static int read_record(struct db *db, int64_t scope, void *record, size_t size, struct error *err) {
  struct statement *st = db_prepare(db, sql_read, err);
  if (!st) return -1;
  bind_int(st, 1, scope);
  int is_row = db_step(db, st, err);
  if (is_row <= 0) return is_row < 0 ? -1 : db_damaged(db, err);
  struct slice bytes = column_slice(st, 1);
  bool is_ours = column_int(st, 0) == FORM && bytes.len == size;
  memset(record, 0, size);
  if (is_ours) memcpy(record, bytes.ptr, size);
  statement_reset(st);
  return 0;
}

static int write_record(struct db *db, int64_t scope, const void *record, size_t size,
                        struct error *err) {
  struct statement *st = db_prepare(db, sql_write, err);
  if (!st) return -1;
  bind_int(st, 1, scope);
  bind_int(st, 2, FORM);
  bind_blob(st, 3, record, size);
  return db_run(db, st, err);
}

int rate_change_at_server(struct state *s, int64_t scope, size_t size,
                          bool (*change)(void *user, void *record), void *user, struct error *err) {
  struct db *db = &s->db;
  _Alignas(max_align_t) char record[RATE_RECORD_MAX];
  assert(size <= RATE_RECORD_MAX && !db->is_in_transaction);
  if (db_begin_write(db, err) != 0) return -1;
  int result = run_relaxed(db, scope, err);
  if (result == 0) result = read_record(db, scope, record, size, err);
  if (result == 0 && change(user, record)) result = write_record(db, scope, record, size, err);
  if (result == 0) return db_commit(db, err);
  db_rollback(db);
  return -1;
}

int rate_clock(struct state *s, int64_t *ahead_ns, struct error *err) {
  int64_t server_ns;
  *ahead_ns = 0;
  if (!s->db.postgres) return 0;
  int64_t before_ns = clock_mono_ns(s->clock);
  if (db_number(&s->db, sql_now_ns, 0, &server_ns, err) != 0) return -1;
  *ahead_ns = server_ns - before_ns - (clock_mono_ns(s->clock) - before_ns) / 2;
  return 0;
}
