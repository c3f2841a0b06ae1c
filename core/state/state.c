#include "state/handle.h"

#include "base/file.h"
#include "base/path.h"
#include "state/advisory.h"
#include "state/copy.h"
#include "state/rate.h"
#include "state/schema.h"
#include "state/schema_server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char sql_hash_key[] = "SELECT hash_key FROM state";

static int read_url(struct dsn *dsn, const char *url, struct error *err) {
  if (dsn_parse(dsn, url, err) == 0) return 0;
  (void)error_context(err, "what is named is no place for the state");
  if (err->hint[0] && strstr(err->message, "parameter")) return -1;
  return error_hint(
      err, "--state sqlite:PATH, for instance sqlite:.hoko/state.db, or postgresql://HOST/DATABASE"
           " with the password in ~/.pgpass");
}

static int hint_at_folder(const char *dir, struct error *err) {
  return error_hint(err, "the folder must be yours and on a disk with space: ls -ld %s; df %s", dir,
                    dir);
}

/* SQLite would make the file readable for all that the umask lets, so it is made here. */
static int make_file(const char *path, struct error *err) {
  char dir[PATH_SIZE];
  if (path_dir(dir, path) != 0) return error_set(err, ERROR_STATE, "path too long: %s", path);
  if (file_make_dirs(dir, 0700, err) != 0) return hint_at_folder(dir, err);
  int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) return close(fd);
  if (errno == EEXIST) return 0;
  error_errno(err, ERROR_STATE, errno, "making %s", path);
  return hint_at_folder(dir, err);
}

/* DIR/locks beside the file, so that what is one state has one set of locks. */
static int make_lock_dir(struct state *s, const char *path, struct error *err) {
  char real[PATH_SIZE], dir[PATH_SIZE], locks[PATH_SIZE];
  if (!realpath(path, real)) return error_errno(err, ERROR_STATE, errno, "finding %s", path);
  if (path_dir(dir, real) != 0 || path_join(locks, dir, "locks") != 0)
    return error_set(err, ERROR_STATE, "path too long: %s", path);
  if (file_make_dirs(locks, 0700, err) != 0) return hint_at_folder(dir, err);
  s->lock_dir = strdup(locks);
  return s->lock_dir ? 0 : error_set(err, ERROR_MEMORY, "no memory to open %s", path);
}

static int read_hash_key(struct state *s, struct error *err) {
  struct statement *st = db_prepare(&s->db, sql_hash_key, err);
  if (!st) return -1;
  int is_row = db_step(&s->db, st, err);
  if (is_row < 0) return -1;
  struct slice bytes = is_row ? column_slice(st, 0) : (struct slice){0};
  bool is_right = bytes.len == sizeof s->hash_key;
  if (is_right) memcpy(&s->hash_key, bytes.ptr, sizeof s->hash_key);
  statement_reset(st);
  return is_right ? 0 : db_damaged(&s->db, err);
}

static int open_file_for_writing(struct state *s, const char *path, struct error *err) {
  if (!s->is_memory && (make_file(path, err) != 0 || make_lock_dir(s, path, err) != 0)) return -1;
  if (db_open(&s->db, path, s->is_memory ? DB_MEMORY : DB_SHARED, err) != 0) return -1;
  return schema_apply(&s->db, schema_steps, schema_version, err);
}

static int open_server(struct state *s, const struct dsn *dsn, struct error *err) {
  bool is_there;
  if (db_open_server(&s->db, dsn, err) != 0) return -1;
  if (!s->is_reader) return schema_server_apply(&s->db, err) != 0 ? -1 : advisory_live(&s->db, err);
  if (schema_server_look(&s->db, &is_there, err) != 0) return -1;
  if (is_there) return 0;
  db_close(&s->db); /* nobody has written yet: an empty state */
  s->is_memory = true;
  return open_file_for_writing(s, dsn->name, err);
}

/* A file that is not there, or was made by a hoko that did not come far, is an empty state. */
static int open_file_for_reading(struct state *s, const char *path, struct error *err) {
  struct stat st;
  if (stat(path, &st) != 0 && errno != ENOENT)
    return error_errno(err, ERROR_STATE, errno, "looking at %s", path);
  s->is_memory = s->is_memory || stat(path, &st) != 0 || st.st_size == 0;
  if (s->is_memory) return open_file_for_writing(s, path, err);
  if (db_open(&s->db, path, DB_LOOKED, err) != 0) return -1;
  return schema_require(&s->db, schema_version, err);
}

static int open_place(struct state *s, const struct dsn *dsn, struct error *err) {
  if (dsn->kind == DSN_POSTGRESQL) return open_server(s, dsn, err);
  s->is_memory = strcmp(dsn->file, ":memory:") == 0;
  return s->is_reader ? open_file_for_reading(s, dsn->file, err)
                      : open_file_for_writing(s, dsn->file, err);
}

int state_open(struct state **out, const struct state_options *options, struct error *err) {
  struct dsn dsn;
  struct state *s = calloc(1, sizeof *s);
  if (!s) return error_set(err, ERROR_MEMORY, "no memory to open %s", options->url);
  s->clock = options->clock;
  s->is_reader = options->is_reader;
  s->handed = ARENA_WITH_LIMIT(HANDED_LIMIT);
  int result = read_url(&dsn, options->url, err);
  if (result == 0) {
    result = open_place(s, &dsn, err);
    dsn_free(&dsn);
  }
  if (result == 0) result = read_hash_key(s, err);
  if (result != 0) {
    state_close(s);
    return -1;
  }
  *out = s;
  return 0;
}

void state_close(struct state *s) {
  if (!s) return;
  while (s->streams) stream_close(s->streams);
  rate_files_free(s->rates);
  db_close(&s->db);
  arena_free(&s->handed);
  free(s->lock_dir);
  free(s);
}

int state_backup(struct state *s, const char *to, struct error *err) {
  if (s->db.postgres) {
    error_set(err, ERROR_USAGE, "a state in PostgreSQL is copied by its own tools");
    return error_hint(err, "pg_dump --schema=hoko --file=%s", to);
  }
  return copy_database(&s->db, to, false, err);
}

const char *state_name(const struct state *s) { return s->db.name; }

uint64_t state_row_hash(const struct state *s, const struct row *row) {
  uint64_t parts[ROW_FIELDS];
  for (int f = 0; f < ROW_FIELDS; f++)
    parts[f] = row->field[f].len ? state_hash(s, row->field[f]) : 0;
  uint64_t hash = hash_bytes(&s->hash_key, parts, sizeof parts);
  return hash ? hash : 1;
}

int state_begin_write(struct state *s, struct error *err) {
  if (s->is_reader)
    return error_set(err, ERROR_INTERNAL, "%s was opened for reading only", s->db.name);
  return db_begin_write(&s->db, err);
}

int handed_id(struct db *db, struct statement *st, int at, struct uuid *out, struct error *err) {
  struct slice bytes = column_slice(st, at);
  if (bytes.len != sizeof out->bytes) return db_damaged(db, err);
  memcpy(out->bytes, bytes.ptr, bytes.len);
  return 0;
}

int handed_column(struct arena *handed, struct statement *st, int at, struct slice *out,
                  struct error *err) {
  if (arena_copy(handed, column_slice(st, at), out)) return 0;
  return error_set(err, ERROR_MEMORY, "no memory for what the state holds");
}
