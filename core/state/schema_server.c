#include "state/schema_server.h"

/* What schema.c has, column for column.  Texts compare by their bytes. */
static const char version_1[] =
    "CREATE TABLE state (id bigint PRIMARY KEY CHECK (id = 1), version bigint NOT NULL,"
    " hash_key bytea NOT NULL);"
    "INSERT INTO state VALUES (1, 1, uuid_send(gen_random_uuid()));"

    "CREATE TABLE stream (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " name text COLLATE \"C\" NOT NULL, base_url text COLLATE \"C\" NOT NULL, made_at bigint NOT "
    "NULL,"
    " indexed_to bigint NOT NULL, index_bits bigint NOT NULL, UNIQUE (name, base_url));"
    "CREATE TABLE stream_key (stream bigint NOT NULL, fingerprint text COLLATE \"C\" NOT NULL,"
    " PRIMARY KEY (stream, fingerprint));"

    "CREATE TABLE partner (number bigint PRIMARY KEY, key text COLLATE \"C\" NOT NULL,"
    " id bytea NOT NULL, name text, email text, phone text, sent_at bigint NOT NULL, run bigint,"
    " line bigint, gone bigint NOT NULL);"
    "CREATE TABLE key_index (number bigint PRIMARY KEY, entries bytea NOT NULL);"

    "CREATE TABLE intent (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " stream bigint NOT NULL, run bigint, sent_at bigint NOT NULL, rows_len bigint NOT NULL,"
    " rows bytea NOT NULL);"
    "CREATE TABLE held (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " stream bigint NOT NULL, run bigint, sent_at bigint NOT NULL, key text COLLATE \"C\","
    " content bigint NOT NULL, row bytea NOT NULL);"
    "CREATE INDEX held_key ON held (stream, key);"
    "CREATE INDEX held_content ON held (stream, content) WHERE key IS NULL;"

    "CREATE TABLE made (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " stream bigint NOT NULL, contents bytea NOT NULL);"

    "CREATE TABLE reject (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " stream bigint NOT NULL, run bigint, key text COLLATE \"C\", content bigint NOT NULL,"
    " row_hash bigint NOT NULL, row text, file text, line bigint NOT NULL, code text,"
    " message text, field text, status bigint NOT NULL, at bigint NOT NULL,"
    " retry bigint NOT NULL);"
    "CREATE UNIQUE INDEX reject_key ON reject (stream, key);"
    "CREATE INDEX reject_row ON reject (stream, row_hash) WHERE key IS NULL;"

    "CREATE TABLE run (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " run text COLLATE \"C\" NOT NULL UNIQUE, script text COLLATE \"C\", job text COLLATE \"C\","
    " started bigint NOT NULL, ended bigint, exit bigint, outcome text, process text, report text,"
    " due bigint, attempt bigint);"
    "CREATE UNIQUE INDEX run_due ON run (job, due, attempt) WHERE due IS NOT NULL;"
    "CREATE INDEX run_job ON run (job, number) WHERE process IS NOT NULL;"
    "CREATE INDEX run_when ON run (job, started);"

    "CREATE TABLE job (name text COLLATE \"C\" PRIMARY KEY, schedule text, timezone text NOT NULL,"
    " every bigint NOT NULL, settled bigint NOT NULL, awake bigint NOT NULL, phase bigint NOT NULL,"
    " ran bigint NOT NULL, attempt bigint NOT NULL, retry_at bigint NOT NULL, alert bigint NOT "
    "NULL,"
    " flags bigint NOT NULL, run text);"

    "CREATE TABLE store (scope text COLLATE \"C\" NOT NULL, name text COLLATE \"C\" NOT NULL,"
    " value text NOT NULL, PRIMARY KEY (scope, name));"

    /* who has an advisory lock, for those who wait (advisory.c) */
    "CREATE TABLE holder (lock bigint PRIMARY KEY, pid bigint NOT NULL, since bigint NOT NULL,"
    " script text NOT NULL, run text NOT NULL);"
    /* one row a workspace: all hosts together keep its limit */
    "CREATE TABLE rate (scope bigint PRIMARY KEY, form bigint NOT NULL, record bytea NOT NULL);";

static const char version_2[] = "ALTER TABLE partner ADD COLUMN why bigint NOT NULL DEFAULT 0;"
                                "UPDATE state SET version = 2;";

static const char *const steps[] = {version_1, version_2};
enum { VERSION = sizeof steps / sizeof *steps };

static const char sql_tables[] =
    "SELECT count(*) FROM pg_tables WHERE schemaname = 'hoko' AND tablename = 'state'";
static const char sql_version[] = "SELECT version FROM state WHERE id = 1";
/* Two hosts that find no schema would both make it. */
static const char at_begin[] = "BEGIN; SELECT pg_advisory_xact_lock(4922267001);"
                               " CREATE SCHEMA IF NOT EXISTS hoko";

/* 0: there are no tables. */
static int read_version(struct db *db, int64_t *version, struct error *err) {
  int64_t tables;
  *version = 0;
  if (db_number(db, sql_tables, 0, &tables, err) != 0) return -1;
  return tables > 0 ? db_number(db, sql_version, 0, version, err) : 0;
}

static int refuse_newer(const struct db *db, int64_t version, struct error *err) {
  (void)error_set(err, ERROR_STATE,
                  "%s has version %lld, made by a newer hoko; this one knows up to %d", db->name,
                  (long long)version, (int)VERSION);
  return error_hint(
      err, "install that hoko here, too, or name another database: --state postgresql://…");
}

static int refuse_older(const struct db *db, int64_t version, struct error *err) {
  (void)error_set(err, ERROR_STATE, "%s has version %lld of an older hoko, this one needs %d",
                  db->name, (long long)version, (int)VERSION);
  return error_hint(err, "hoko state check   brings it up to date; the older ones refuse it then");
}

static int run_steps(struct db *db, struct error *err) {
  int64_t version;
  if (read_version(db, &version, err) != 0) return -1;
  if (version > VERSION) return refuse_newer(db, version, err);
  for (int64_t i = version; i < VERSION; i++)
    if (db_exec(db, steps[i], err) != 0) return -1;
  return 0;
}

int schema_server_apply(struct db *db, struct error *err) {
  struct error ignored;
  int64_t version;
  if (read_version(db, &version, err) != 0) return -1;
  if (version == VERSION) return 0;
  if (db_exec(db, at_begin, err) != 0) goto failed;
  if (run_steps(db, err) == 0) return db_exec(db, "COMMIT", err);
failed:
  (void)!db_exec(db, "ROLLBACK", &ignored); /* the connection is given up */
  return error_context(err, "making version %d of the state", (int)VERSION);
}

int schema_server_look(struct db *db, bool *is_there, struct error *err) {
  int64_t version;
  if (read_version(db, &version, err) != 0) return -1;
  *is_there = version > 0;
  if (version > VERSION) return refuse_newer(db, version, err);
  return version > 0 && version < VERSION ? refuse_older(db, version, err) : 0;
}
