#include "state/stream.h"

#include "base/path.h"
#include "state/advisory.h"
#include "state/held.h"
#include "state/identity.h"
#include "state/key_index.h"
#include "state/lock.h"
#include "state/marks.h"

#include <assert.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WAIT_STEP_MS = 50, MADE_MAX = 1 << 24, CLOSE_INDEX_LEN = 1024 };

static const char sql_number[] = "SELECT number FROM stream WHERE name = ? AND base_url = ?";
static const char sql_insert[] =
    "INSERT INTO stream (name, base_url, made_at, indexed_to, index_bits) VALUES (?, ?, ?, 0, 0)"
    " RETURNING number";
static const char sql_other_url[] =
    "SELECT base_url FROM stream WHERE name = ? AND base_url <> ? ORDER BY number DESC";
static const char sql_index[] = "SELECT indexed_to, index_bits FROM stream WHERE number = ?";
static const char sql_last[] = "SELECT max(number) FROM partner WHERE number BETWEEN ?1 << 32"
                               " AND (?1 << 32) + 4294967295";
static const char sql_list[] = "SELECT number, name, base_url, made_at FROM stream"
                               " ORDER BY name, base_url";
static const char sql_one[] = "SELECT number, name, base_url, made_at FROM stream WHERE number = ?";
static const char sql_counts[] = "SELECT count(*), CAST(coalesce(sum(gone), 0) AS BIGINT),"
                                 " (SELECT count(*) FROM reject WHERE stream = ?1),"
                                 " (SELECT count(*) FROM held WHERE stream = ?1)"
                                 " + (SELECT CAST(coalesce(sum(rows_len), 0) AS BIGINT) FROM "
                                 "intent WHERE stream = ?1) FROM partner"
                                 " WHERE number BETWEEN ?1 << 32 AND (?1 << 32) + 4294967295";
static const char sql_key_known[] =
    "SELECT count(*) FROM stream_key WHERE stream = ? AND fingerprint = ?";
static const char sql_key_add[] =
    "INSERT INTO stream_key (stream, fingerprint) VALUES (?, ?) ON CONFLICT DO NOTHING";
static const char sql_sample[] =
    "SELECT id FROM partner WHERE number BETWEEN ?1 << 32 AND (?1 << 32) + 4294967295"
    " AND gone = 0 ORDER BY number DESC LIMIT ?2";

/* ---- the lock ---- */

/* Every process must find the same file, so the hash has no key of the state's. */
static int lock_path(const struct stream *st, char path[PATH_SIZE], struct error *err) {
  static const struct hash_key fixed;
  const char *file = strrchr(st->state->db.name, '/');
  struct slice parts[] = {slice_of(st->name), slice_of(st->base_url),
                          slice_of(file ? file + 1 : st->state->db.name)};
  uint64_t hashes[3];
  for (int i = 0; i < 3; i++) hashes[i] = hash_slice(&fixed, parts[i]);
  char name[32];
  (void)snprintf(name, sizeof name, "stream-%016" PRIx64,
                 hash_bytes(&fixed, hashes, sizeof hashes));
  if (path_join(path, st->state->lock_dir, name) == 0) return 0;
  return error_set(err, ERROR_STATE, "path too long: %s/%s", st->state->lock_dir, name);
}

static int refuse_busy(const struct stream *st, const struct holder *who, struct error *err) {
  char since[CLOCK_TEXT_SIZE];
  clock_format(who->since_ms, since);
  error_set(err, ERROR_STATE, "stream %s is being written by process %" PRId64 ": %s, since %s",
            st->name, who->pid, who->script[0] ? who->script : "a run that just began", since);
  return error_hint(err, "wait for it with --wait 5m, or end it: kill %" PRId64, who->pid);
}

/* Of the options, what goes into the lock. */
static struct holder holder_of(const struct state *s, const struct stream_options *options) {
  struct holder me = {.pid = getpid(), .since_ms = clock_wall_ms(s->clock)};
  (void)snprintf(me.script, sizeof me.script, "%.*s", SLICE_ARG(options->script));
  (void)snprintf(me.run, sizeof me.run, "%.*s", SLICE_ARG(options->run));
  return me;
}

/* 1: taken; 0: another has it; -1: error. */
static int try_lock(struct stream *st, struct holder *who, struct error *err) {
  struct state *s = st->state;
  char path[PATH_SIZE];
  if (!s->db.postgres)
    return lock_path(st, path, err) != 0 ? -1 : lock_try(path, &st->lock_fd, who, err);
  const struct slice words[] = {SLICE("stream"), slice_of(st->name), slice_of(st->base_url)};
  st->lock_key = advisory_key(words, 3);
  int taken = advisory_try(&s->db, st->lock_key, who, err);
  st->has_lock_key = taken > 0;
  return taken;
}

static int wait_for_lock(struct stream *st, const struct stream_options *options,
                         struct error *err) {
  int64_t began_ns = clock_mono_ns(st->state->clock);
  for (;;) {
    struct holder who;
    int taken = try_lock(st, &who, err);
    if (taken != 0) return taken < 0 ? -1 : 0;
    int64_t waited_ms = (clock_mono_ns(st->state->clock) - began_ns) / 1000000;
    if (waited_ms >= options->wait_ms) return refuse_busy(st, &who, err);
    if (options->on_wait && !options->on_wait(options->user, &who, waited_ms))
      return refuse_busy(st, &who, err);
    (void)poll(NULL, 0, WAIT_STEP_MS); /* a signal only wakes it sooner */
  }
}

static int take_lock(struct stream *st, const struct stream_options *options, struct error *err) {
  for (struct stream *other = st->state->streams; other; other = other->next) {
    if (!other->is_reader && strcmp(other->name, st->name) == 0 &&
        strcmp(other->base_url, st->base_url) == 0)
      return error_set(err, ERROR_STATE, "stream %s is being written by this run", st->name);
  }
  struct db *db = &st->state->db;
  if (!st->state->lock_dir && !db->postgres) return 0;
  if (wait_for_lock(st, options, err) != 0) return -1;
  struct holder me = holder_of(st->state, options);
  return db->postgres ? advisory_sign(db, st->lock_key, &me, err)
                      : lock_sign(st->lock_fd, &me, err);
}

/* ---- opening ---- */

int stream_look_up(struct state *s, struct slice name, struct slice base_url, int64_t *number,
                   struct error *err) {
  struct statement *sql = db_prepare(&s->db, sql_number, err);
  if (!sql) return -1;
  bind_text(sql, 1, name);
  bind_text(sql, 2, base_url);
  int is_row = db_step(&s->db, sql, err);
  if (is_row < 0) return -1;
  *number = is_row ? column_int(sql, 0) : 0;
  statement_reset(sql);
  return 0;
}

static int insert_stream(struct stream *st, struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_insert, err);
  if (!sql) return -1;
  bind_text(sql, 1, slice_of(st->name));
  bind_text(sql, 2, slice_of(st->base_url));
  bind_int(sql, 3, clock_wall_ms(st->state->clock));
  return db_insert(db, sql, &st->number, err); /* a transaction of its own */
}

static int find_other_url(struct stream *st, struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_other_url, err);
  if (!sql) return -1;
  bind_text(sql, 1, slice_of(st->name));
  bind_text(sql, 2, slice_of(st->base_url));
  int is_row = db_step(db, sql, err);
  if (is_row < 0) return -1;
  if (is_row) column_text(sql, 0, st->other_url, sizeof st->other_url);
  statement_reset(sql);
  return 0;
}

static int set_names(struct stream *st, const struct stream_options *options, struct error *err) {
  struct slice name = options->name, url = options->base_url;
  if (name.len == 0 || name.len >= sizeof st->name || url.len == 0 ||
      url.len >= sizeof st->base_url)
    return error_set(err, ERROR_USAGE, "a stream's name and base URL have 1 to %zu bytes",
                     sizeof st->name - 1);
  memcpy(st->name, name.ptr, name.len);
  memcpy(st->base_url, url.ptr, url.len);
  return 0;
}

static int open_stream(struct stream *st, const struct stream_options *options, struct error *err) {
  struct state *s = st->state;
  if (set_names(st, options, err) != 0) return -1;
  if (!st->is_reader && take_lock(st, options, err) != 0) return -1;
  if (stream_look_up(s, options->name, options->base_url, &st->number, err) != 0) return -1;
  if (find_other_url(st, err) != 0) return -1;
  if (st->is_reader) return 0;
  if (st->number == 0) return insert_stream(st, err);
  return held_adopt_intents(st, err);
}

int stream_open(struct stream **out, struct state *s, const struct stream_options *options,
                struct error *err) {
  if (s->is_reader && !options->is_reader)
    return error_set(err, ERROR_INTERNAL, "%s was opened for reading only", s->db.name);
  struct stream *st = calloc(1, sizeof *st);
  if (!st)
    return error_set(err, ERROR_MEMORY, "no memory to open stream %.*s", SLICE_ARG(options->name));
  *st = (struct stream){.state = s, .is_reader = options->is_reader, .lock_fd = -1};
  st->handed = ARENA_WITH_LIMIT(HANDED_LIMIT);
  st->made = MAP_WITH_LIMIT(MADE_MAX);
  key_index_init(&st->index);
  if (open_stream(st, options, err) != 0) {
    stream_close(st);
    return -1;
  }
  st->next = s->streams;
  s->streams = st;
  *out = st;
  return 0;
}

static void unlink_stream(struct stream *st) {
  for (struct stream **at = &st->state->streams; *at; at = &(*at)->next) {
    if (*at != st) continue;
    *at = st->next;
    return;
  }
}

void stream_close(struct stream *st) {
  if (!st) return;
  if (!st->is_reader && st->index.tail.len >= CLOSE_INDEX_LEN) key_index_try_save(st);
  unlink_stream(st);
  if (st->lock_fd >= 0) close(st->lock_fd);
  if (st->has_lock_key) advisory_give(&st->state->db, st->lock_key);
  key_index_free(&st->index);
  marks_free(&st->marks);
  map_free(&st->made);
  found_free(st->found);
  arena_free(&st->handed);
  free(st);
}

const char *stream_other_url(const struct stream *st) { return st->other_url; }

static int read_index(struct stream *st, struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_index, err);
  int64_t last;
  if (!sql || db_number(db, sql_last, st->number, &last, err) != 0) return -1;
  bind_int(sql, 1, st->number);
  int is_row = db_step(db, sql, err);
  if (is_row < 0) return -1;
  uint32_t indexed_to = is_row ? (uint32_t)column_int(sql, 0) : 0;
  unsigned bits = is_row ? (unsigned)column_int(sql, 1) : 0;
  if (is_row) statement_reset(sql);
  key_index_reset(&st->index, indexed_to, bits);
  /* A number in the index is never given again, even where its partner is forgotten:
   * a new one behind indexed_to would not be found. */
  st->last_seq = stream_seq_of(last) > indexed_to ? stream_seq_of(last) : indexed_to;
  st->is_fresh = true;
  return 0;
}

int stream_refresh(struct stream *st, struct error *err) {
  if (st->is_reader) {
    int64_t version = st->data_version;
    if (db_version(&st->state->db, &version, err) != 0) return -1;
    if (version != st->data_version) st->is_fresh = false;
    st->data_version = version;
  }
  return st->is_fresh ? 0 : read_index(st, err);
}

/* ---- what is known of streams ---- */

static int read_counts(struct state *s, struct stream_info *to, struct error *err) {
  struct statement *sql = db_prepare(&s->db, sql_counts, err);
  if (!sql) return -1;
  bind_int(sql, 1, to->number);
  int is_row = db_step(&s->db, sql, err);
  if (is_row < 0) return -1;
  assert(is_row); /* an aggregate always gives one */
  to->partners = column_int(sql, 0);
  to->gone = column_int(sql, 1);
  to->rejects = column_int(sql, 2);
  to->held = column_int(sql, 3);
  statement_reset(sql);
  return 0;
}

static void read_info(struct statement *sql, struct stream_info *to) {
  *to = (struct stream_info){.number = column_int(sql, 0)};
  column_text(sql, 1, to->name, sizeof to->name);
  column_text(sql, 2, to->base_url, sizeof to->base_url);
  to->made_ms = column_int(sql, 3);
}

int stream_names(struct state *s, struct stream_info *to, size_t cap, size_t *n,
                 struct error *err) {
  struct statement *sql = db_prepare(&s->db, sql_list, err);
  if (!sql) return -1;
  int is_row = 0;
  for (*n = 0; *n < cap && (is_row = db_step(&s->db, sql, err)) > 0; ++*n) read_info(sql, &to[*n]);
  if (is_row > 0) statement_reset(sql);
  return is_row < 0 ? -1 : 0;
}

int stream_list(struct state *s, struct stream_info *to, size_t cap, size_t *n, struct error *err) {
  if (stream_names(s, to, cap, n, err) != 0) return -1;
  for (size_t i = 0; i < *n; i++)
    if (read_counts(s, &to[i], err) != 0) return -1;
  return 0;
}

int stream_info(struct stream *st, struct stream_info *to, struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_one, err);
  if (!sql) return -1;
  bind_int(sql, 1, st->number);
  int is_row = db_step(db, sql, err);
  if (is_row < 0) return -1;
  *to = (struct stream_info){0};
  if (is_row) read_info(sql, to);
  statement_reset(sql);
  if (is_row) return read_counts(st->state, to, err);
  memcpy(to->name, st->name, sizeof to->name);
  memcpy(to->base_url, st->base_url, sizeof to->base_url);
  return 0;
}

/* ---- keys that wrote it ---- */

int stream_key_is_known(struct stream *st, struct slice fingerprint, bool *is_known,
                        struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_key_known, err);
  if (!sql) return -1;
  bind_int(sql, 1, st->number);
  bind_text(sql, 2, fingerprint);
  int is_row = db_step(db, sql, err);
  if (is_row < 0) return -1;
  *is_known = is_row && (int)column_int(sql, 0) > 0;
  statement_reset(sql);
  return 0;
}

int stream_key_add(struct stream *st, struct slice fingerprint, struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_key_add, err);
  if (!sql) return -1;
  bind_int(sql, 1, st->number);
  bind_text(sql, 2, fingerprint);
  return db_run(db, sql, err);
}

int stream_sample(struct stream *st, struct uuid *to, size_t cap, size_t *n, struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_sample, err);
  if (!sql) return -1;
  bind_int(sql, 1, st->number);
  bind_int(sql, 2, (int64_t)cap);
  int is_row;
  for (*n = 0; (is_row = db_step(db, sql, err)) > 0; ++*n) {
    if (handed_id(db, sql, 0, &to[*n], err) == 0) continue;
    statement_reset(sql);
    return -1;
  }
  return is_row;
}
