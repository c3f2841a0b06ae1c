#include "state/advisory.h"

#include "state/process.h"

enum { WORDS_MAX = 4 };

static const char sql_try[] = "SELECT CASE WHEN pg_try_advisory_lock(?1) THEN 1 ELSE 0 END";
static const char sql_give[] = "SELECT CASE WHEN pg_advisory_unlock(?1) THEN 1 ELSE 0 END";
static const char sql_who[] = "SELECT pid, since, script, run FROM holder WHERE lock = ?1";
static const char sql_sign[] =
    "INSERT INTO holder (lock, pid, since, script, run) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (lock) DO UPDATE SET pid = excluded.pid, since = excluded.since,"
    " script = excluded.script, run = excluded.run";

int64_t advisory_key(const struct slice *words, size_t n) {
  static const struct hash_key fixed; /* every process must find the same lock */
  uint64_t hashes[WORDS_MAX];
  for (size_t i = 0; i < n; i++) hashes[i] = hash_slice(&fixed, words[i]);
  return (int64_t)hash_bytes(&fixed, hashes, n * sizeof *hashes);
}

static int read_holder(struct db *db, int64_t key, struct holder *who, struct error *err) {
  *who = (struct holder){0};
  struct statement *st = db_prepare(db, sql_who, err);
  if (!st) return -1;
  bind_int(st, 1, key);
  int is_row = db_step(db, st, err);
  if (is_row <= 0) return is_row; /* it has just begun and not signed yet */
  who->pid = column_int(st, 0);
  who->since_ms = column_int(st, 1);
  column_text(st, 2, who->script, sizeof who->script);
  column_text(st, 3, who->run, sizeof who->run);
  statement_reset(st);
  return 0;
}

int advisory_try(struct db *db, int64_t key, struct holder *who, struct error *err) {
  int64_t is_taken;
  if (db_number(db, sql_try, key, &is_taken, err) != 0) return -1;
  if (!is_taken && who && read_holder(db, key, who, err) != 0) return -1;
  return (int)is_taken;
}

int advisory_sign(struct db *db, int64_t key, const struct holder *who, struct error *err) {
  struct statement *st = db_prepare(db, sql_sign, err);
  if (!st) return -1;
  bind_int(st, 1, key);
  bind_int(st, 2, who->pid);
  bind_int(st, 3, who->since_ms);
  bind_text_or_empty(st, 4, slice_of(who->script));
  bind_text_or_empty(st, 5, slice_of(who->run));
  return db_run(db, st, err);
}

void advisory_give(struct db *db, int64_t key) {
  struct error ignored;
  int64_t was_held;
  (void)!db_number(db, sql_give, key, &was_held,
                   &ignored); /* a connection that is gone holds none */
}

/* ---- who is alive -------------------------------------------------------- */

static int64_t key_of_process(struct slice name) {
  const struct slice words[] = {SLICE("process"), name};
  return advisory_key(words, 2);
}

int advisory_live(struct db *db, struct error *err) {
  char name[PROCESS_NAME_SIZE];
  process_name(name);
  return advisory_try(db, key_of_process(slice_of(name)), NULL, err) < 0 ? -1 : 0;
}

/* A lock that can be had belongs to nobody; our own can be had twice. */
bool advisory_is_alive(struct db *db, struct slice process) {
  char own[PROCESS_NAME_SIZE];
  struct error ignored;
  process_name(own);
  if (slice_is(process, own)) return true;
  int64_t key = key_of_process(process);
  int taken = advisory_try(db, key, NULL, &ignored);
  if (taken > 0) advisory_give(db, key);
  return taken <= 0; /* where nobody can tell, it may be */
}
