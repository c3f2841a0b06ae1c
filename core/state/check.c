/* What SQLite does not know of: the invariants of intent.c, and that each partner is
 * found by its key and is the only one of it. */
#include "state/handle.h"
#include "state/intent.h"
#include "state/key_index.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { STREAMS_MAX = 10000, FRAME = 10000 };

static const char sql_integrity[] = "PRAGMA integrity_check";
static const char sql_partners[] =
    "SELECT number, key, length(id) FROM partner WHERE number > ?1"
    " AND number <= (?2 << 32) + 4294967295 ORDER BY number LIMIT ?3";
static const char sql_key[] = "SELECT key FROM partner WHERE number = ?";
static const char sql_lost[] =
    "SELECT count(*) FROM partner WHERE number >> 32 NOT IN (SELECT number FROM stream)";
static const char sql_intents[] = "SELECT number, rows_len, rows FROM intent WHERE stream = ?";
static const char sql_held[] = "SELECT number, 1, row FROM held WHERE stream = ?";
static const char sql_twice[] =
    "SELECT count(*) - count(DISTINCT key) FROM held WHERE stream = ? AND key IS NOT NULL";

struct check {
  struct state *s;
  struct stream *st;
  void (*tell)(void *user, const char *finding);
  void *user;
  int64_t *findings;
};

static void found(struct check *c, const char *format, ...) PRINTF_LIKE(2, 3);
static void found(struct check *c, const char *format, ...) {
  char text[STATE_TEXT_SIZE * 2];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  ++*c->findings;
  c->tell(c->user, text);
}

/* One answer of integrity_check has several lines, the first a heading. */
static void tell_lines(struct check *c, struct slice text) {
  while (text.len > 0) {
    const char *end = memchr(text.ptr, '\n', text.len);
    struct slice line = {text.ptr, end ? (size_t)(end - text.ptr) : text.len};
    size_t step = end ? line.len + 1 : line.len;
    text = (struct slice){text.ptr + step, text.len - step};
    if (line.len > 0 && line.ptr[0] != '*') found(c, "the file: %.*s", SLICE_ARG(line));
  }
}

static int check_file(struct check *c, struct error *err) {
  struct db *db = &c->s->db;
  if (db->postgres) return 0; /* its server's matter: amcheck, checksums */
  struct statement *sql = db_prepare(db, sql_integrity, err);
  if (!sql) return -1;
  int is_row;
  while ((is_row = db_step(db, sql, err)) > 0) {
    struct slice line = column_slice(sql, 0);
    if (!slice_is(line, "ok")) tell_lines(c, line);
  }
  return is_row;
}

/* ---- partners ---- */

/* One frame of partners; a probe's at is the place in the other arrays. */
struct frame {
  struct probe probes[FRAME];
  uint32_t seqs[FRAME];
  bool is_found[FRAME];
  struct arena keys;
  struct slice key[FRAME];
  size_t len;
  struct candidates candidates;
};

static int read_frame(struct check *c, struct frame *f, uint32_t after, struct error *err) {
  struct db *db = &c->s->db;
  struct statement *sql = db_prepare(db, sql_partners, err);
  if (!sql) return -1;
  bind_int(sql, 1, stream_number_of(c->st, after));
  bind_int(sql, 2, c->st->number);
  bind_int(sql, 3, FRAME);
  arena_clear(&f->keys);
  int is_row;
  for (f->len = 0; (is_row = db_step(db, sql, err)) > 0; f->len++) {
    uint32_t at = (uint32_t)f->len;
    f->seqs[at] = stream_seq_of(column_int(sql, 0));
    f->is_found[at] = false;
    if ((int)column_int(sql, 2) != sizeof(struct uuid))
      found(c, "stream %s: the id of partner %" PRIu32 " is none", c->st->name, f->seqs[at]);
    if (handed_column(&f->keys, sql, 1, &f->key[at], err) != 0) {
      statement_reset(sql);
      return -1;
    }
    f->probes[at] = (struct probe){state_hash(c->s, f->key[at]), at};
  }
  return is_row;
}

static int compare_with(struct check *c, struct frame *f, struct candidate other,
                        struct error *err) {
  struct db *db = &c->s->db;
  struct statement *sql = db_prepare(db, sql_key, err);
  if (!sql) return -1;
  bind_int(sql, 1, stream_number_of(c->st, other.seq));
  int is_row = db_step(db, sql, err);
  if (is_row <= 0) return is_row;
  if (slice_equal(column_slice(sql, 0), f->key[other.at]))
    found(c, "stream %s: partners %" PRIu32 " and %" PRIu32 " have the key %.*s", c->st->name,
          f->seqs[other.at], other.seq, SLICE_ARG(f->key[other.at]));
  statement_reset(sql);
  return 0;
}

static int check_frame(struct check *c, struct frame *f, struct error *err) {
  probes_sort(f->probes, f->len);
  f->candidates.len = 0;
  if (key_index_find(c->st, f->probes, f->len, &f->candidates, err) != 0) return -1;
  for (size_t i = 0; i < f->candidates.len; i++) {
    struct candidate it = f->candidates.list[i];
    if (it.seq == f->seqs[it.at])
      f->is_found[it.at] = true;
    else if (compare_with(c, f, it, err) != 0)
      return -1;
  }
  for (size_t i = 0; i < f->len; i++)
    if (!f->is_found[i])
      found(c, "stream %s: partner %" PRIu32 " is not found by its key %.*s", c->st->name,
            f->seqs[i], SLICE_ARG(f->key[i]));
  return 0;
}

/* Reads and checks the frame behind AFTER in one transaction, so that a run that
 * writes meanwhile is no finding. */
static int step_frame(struct check *c, struct frame *f, uint32_t after, struct error *err) {
  if (db_begin_read(&c->s->db, err) != 0) return -1;
  int result = stream_refresh(c->st, err);
  if (result == 0) result = read_frame(c, f, after, err);
  if (result == 0) result = check_frame(c, f, err);
  db_rollback(&c->s->db);
  return result;
}

static int check_partners(struct check *c, struct error *err) {
  struct frame *f = calloc(1, sizeof *f);
  if (!f) return error_set(err, ERROR_MEMORY, "no memory to check the partners");
  f->keys = ARENA_WITH_LIMIT(HANDED_LIMIT);
  int result;
  uint32_t after = 0;
  do {
    result = step_frame(c, f, after, err);
    if (f->len > 0) after = f->seqs[f->len - 1];
  } while (result == 0 && f->len > 0);
  free(f->candidates.list);
  arena_free(&f->keys);
  free(f);
  return result;
}

/* ---- creates under way and held ---- */

/* SQL gives number, rows, records. */
static int check_records(struct check *c, const char *text, const char *what, struct error *err) {
  struct db *db = &c->s->db;
  struct statement *sql = db_prepare(db, text, err);
  if (!sql) return -1;
  bind_int(sql, 1, c->st->number);
  int is_row;
  while ((is_row = db_step(db, sql, err)) > 0) {
    struct slice rows = column_slice(sql, 2);
    struct row row;
    int64_t len = 0;
    while (row_take(&rows, &row)) len++;
    if (rows.len > 0 || len != column_int(sql, 1))
      found(c, "stream %s: the rows of %s %lld are damaged", c->st->name, what,
            (long long)column_int(sql, 0));
  }
  return is_row;
}

static int check_unsettled(struct check *c, struct error *err) {
  int64_t twice;
  if (check_records(c, sql_intents, "request", err) != 0) return -1;
  if (check_records(c, sql_held, "held row", err) != 0) return -1;
  if (intent_twice(c->st, &twice, err) != 0) return -1;
  if (twice > 0)
    found(c, "stream %s: %" PRId64 " keys are in two open requests (J5)", c->st->name, twice);
  if (db_number(&c->s->db, sql_twice, c->st->number, &twice, err) != 0) return -1;
  if (twice > 0) found(c, "stream %s: %" PRId64 " keys are held twice (J5)", c->st->name, twice);
  return 0;
}

/* ---- all together ---- */

static int check_stream(struct check *c, const struct stream_info *info, struct error *err) {
  struct stream_options o = {
      .name = slice_of(info->name), .base_url = slice_of(info->base_url), .is_reader = true};
  if (stream_open(&c->st, c->s, &o, err) != 0) return -1;
  int result = check_partners(c, err);
  if (result == 0) result = check_unsettled(c, err);
  stream_close(c->st);
  return result;
}

static int check_streams(struct check *c, struct error *err) {
  struct stream_info *list = calloc(STREAMS_MAX, sizeof *list);
  if (!list) return error_set(err, ERROR_MEMORY, "no memory to check the streams");
  size_t n;
  int result = stream_list(c->s, list, STREAMS_MAX, &n, err);
  for (size_t i = 0; result == 0 && i < n; i++) result = check_stream(c, &list[i], err);
  free(list);
  return result;
}

int state_check(struct state *s, void (*tell)(void *user, const char *finding), void *user,
                int64_t *findings, struct error *err) {
  struct check c = {.s = s, .tell = tell, .user = user, .findings = findings};
  int64_t lost;
  *findings = 0;
  if (check_file(&c, err) != 0) return -1;
  if (*findings > 0) return 0; /* what stands on a damaged file needs no look */
  if (db_number(&s->db, sql_lost, 0, &lost, err) != 0) return -1;
  if (lost > 0) found(&c, "%" PRId64 " partners belong to no stream", lost);
  return check_streams(&c, err);
}
