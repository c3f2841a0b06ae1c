#include "state/schema.h"

#include "state/copy.h"

#include <stdio.h>

/* A partner's or a bucket's number is its stream's, shifted left by 32, and its own:
 * so a stream's rows lie together in the order in which they came, and adding is
 * appending.  Indexes over random text are few and small on purpose: they cost more
 * than all else (bench/README.md), so keys are found by key_index.c. */
static const char version_1[] =
    "CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), hash_key BLOB NOT NULL);"
    "INSERT INTO state VALUES (1, randomblob(16));"

    "CREATE TABLE stream (number INTEGER PRIMARY KEY, name TEXT NOT NULL, base_url TEXT NOT NULL,"
    " made_at INTEGER NOT NULL, indexed_to INTEGER NOT NULL, index_bits INTEGER NOT NULL,"
    " UNIQUE (name, base_url));"
    "CREATE TABLE stream_key (stream INTEGER NOT NULL, fingerprint TEXT NOT NULL,"
    " PRIMARY KEY (stream, fingerprint)) WITHOUT ROWID;"

    /* name, email, phone: JSON text last acknowledged, as sent; null: never sent */
    "CREATE TABLE partner (number INTEGER PRIMARY KEY, key TEXT NOT NULL, id BLOB NOT NULL,"
    " name TEXT, email TEXT, phone TEXT, sent_at INTEGER NOT NULL, run INTEGER, line INTEGER,"
    " gone INTEGER NOT NULL);"
    "CREATE TABLE key_index (number INTEGER PRIMARY KEY, entries BLOB NOT NULL);"

    /* creates on the wire, and those whose outcome is unknown; rows as base/row.h has them */
    "CREATE TABLE intent (number INTEGER PRIMARY KEY, stream INTEGER NOT NULL, run INTEGER,"
    " sent_at INTEGER NOT NULL, rows_len INTEGER NOT NULL, rows BLOB NOT NULL);"
    "CREATE TABLE held (number INTEGER PRIMARY KEY, stream INTEGER NOT NULL, run INTEGER,"
    " sent_at INTEGER NOT NULL, key TEXT, content INTEGER NOT NULL, row BLOB NOT NULL);"
    "CREATE INDEX held_key ON held (stream, key);"
    "CREATE INDEX held_content ON held (stream, content) WHERE key IS NULL;"

    /* contents of acknowledged creates that have no key, 8 bytes each */
    "CREATE TABLE made (number INTEGER PRIMARY KEY, stream INTEGER NOT NULL,"
    " contents BLOB NOT NULL);"

    "CREATE TABLE reject (number INTEGER PRIMARY KEY, stream INTEGER NOT NULL, run INTEGER,"
    " key TEXT, content INTEGER NOT NULL, row_hash INTEGER NOT NULL, row TEXT, file TEXT,"
    " line INTEGER NOT NULL, code TEXT, message TEXT, field TEXT, status INTEGER NOT NULL,"
    " at INTEGER NOT NULL, retry INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX reject_key ON reject (stream, key);"
    "CREATE INDEX reject_row ON reject (stream, row_hash) WHERE key IS NULL;"

    "CREATE TABLE run (number INTEGER PRIMARY KEY, run TEXT NOT NULL UNIQUE, script TEXT,"
    " job TEXT, started INTEGER NOT NULL, ended INTEGER, exit INTEGER, outcome TEXT,"
    " process TEXT, report TEXT, due INTEGER, attempt INTEGER);"
    /* an attempt of an occurrence starts once, whatever dies in between */
    "CREATE UNIQUE INDEX run_due ON run (job, due, attempt) WHERE due IS NOT NULL;"
    "CREATE INDEX run_job ON run (job, number) WHERE process IS NOT NULL;"
    "CREATE INDEX run_when ON run (job, started);"

    /* what the scheduler knows of a job (schedule/policy.h), and by which schedule */
    "CREATE TABLE job (name TEXT PRIMARY KEY, schedule TEXT, timezone TEXT NOT NULL,"
    " every INTEGER NOT NULL, settled INTEGER NOT NULL, awake INTEGER NOT NULL,"
    " phase INTEGER NOT NULL, ran INTEGER NOT NULL, attempt INTEGER NOT NULL,"
    " retry_at INTEGER NOT NULL, alert INTEGER NOT NULL, flags INTEGER NOT NULL,"
    " run TEXT) WITHOUT ROWID;"

    "CREATE TABLE store (scope TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY (scope, name)) WITHOUT ROWID;";

/* Why it was sent, and which fields (partner.h). */
static const char version_2[] = "ALTER TABLE partner ADD COLUMN why INTEGER NOT NULL DEFAULT 0;";

const char *const schema_steps[] = {version_1, version_2};
const int schema_version = sizeof schema_steps / sizeof *schema_steps;

static const char sql_application_id[] = "PRAGMA application_id";
static const char sql_user_version[] = "PRAGMA user_version";
static const char sql_tables[] = "SELECT count(*) FROM sqlite_schema";

/* The version of DB, 0 for an empty one; refuses what hoko did not make.  Within a
 * transaction: of a state that another process makes meanwhile the answers would not fit. */
static int read_version(struct db *db, int64_t *version, struct error *err) {
  int64_t application_id, tables;
  if (db_number(db, sql_application_id, 0, &application_id, err) != 0 ||
      db_number(db, sql_user_version, 0, version, err) != 0 ||
      db_number(db, sql_tables, 0, &tables, err) != 0)
    return -1;
  bool is_empty = application_id == 0 && *version == 0 && tables == 0;
  if (is_empty || (application_id == SCHEMA_APPLICATION_ID && *version > 0)) return 0;
  error_set(err, ERROR_STATE, "%s is a database, but not one of hoko's", db->name);
  return error_hint(err, "name another file: --state sqlite:PATH, or state = in hoko.lua");
}

static int refuse_newer(struct db *db, int64_t version, int known, struct error *err) {
  error_set(err, ERROR_STATE, "%s has version %lld, made by a newer hoko; this one knows up to %d",
            db->name, (long long)version, known);
  return error_hint(err, "install that hoko again, or name another file: --state sqlite:PATH");
}

static int look_at_version(struct db *db, int64_t *version, struct error *err) {
  if (db_begin_read(db, err) != 0) return -1;
  int rc = read_version(db, version, err);
  db_rollback(db);
  return rc;
}

int schema_require(struct db *db, int version, struct error *err) {
  int64_t found;
  if (look_at_version(db, &found, err) != 0) return -1;
  if (found > version) return refuse_newer(db, found, version, err);
  if (found == version) return 0;
  error_set(err, ERROR_STATE, "%s has version %lld of an older hoko, this one needs %d", db->name,
            (long long)found, version);
  return error_hint(err, "hoko state check   brings it up to date, keeping a copy");
}

static int keep_copy(struct db *db, int64_t version, struct error *err) {
  char to[4096 + 64];
  int len = snprintf(to, sizeof to, "%s.v%lld.backup", db->name, (long long)version);
  if (len < 0 || (size_t)len >= sizeof to)
    return error_set(err, ERROR_STATE, "path too long: %s", db->name);
  return copy_database(db, to, true, err);
}

static int run_steps(struct db *db, const char *const *steps, int64_t from, int to,
                     struct error *err) {
  char sql[128];
  for (int64_t i = from; i < to; i++)
    if (db_exec(db, steps[i], err) != 0) return -1;
  sqlite3_snprintf(sizeof sql, sql, "PRAGMA application_id = %d; PRAGMA user_version = %d",
                   (int)SCHEMA_APPLICATION_ID, to);
  return db_exec(db, sql, err);
}

int schema_apply(struct db *db, const char *const *steps, int steps_len, struct error *err) {
  int64_t version;
  if (look_at_version(db, &version, err) != 0) return -1;
  if (version == steps_len) return 0;
  if (version > steps_len) return refuse_newer(db, version, steps_len, err);
  if (version > 0 && keep_copy(db, version, err) != 0) return -1;
  if (db_begin_write(db, err) != 0) return -1;
  /* Read again: another process may have been faster. */
  if (read_version(db, &version, err) != 0 || run_steps(db, steps, version, steps_len, err) != 0) {
    db_rollback(db);
    return error_context(err, "making version %d of the state", steps_len);
  }
  return db_commit(db, err);
}
