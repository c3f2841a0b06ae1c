#include "state/reject.h"

#include "base/json_text.h"
#include "state/marks.h"

#include <inttypes.h>

static const char sql_insert[] =
    "INSERT INTO reject (stream, run, key, content, row_hash, row, file, line, code,"
    " message, field, status, at, retry) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)";
/* Left alone, SQLite takes (stream, key) for unique and walks all rejects without key. */
static const char sql_same[] = "DELETE FROM reject " DB_SQLITE_ONLY(
    "INDEXED BY reject_row") " WHERE stream = ?1"
                             " AND key IS NULL AND row_hash = ?2 AND (row = ?3 OR (row IS NULL AND "
                             "?3 IS NULL))";
static const char sql_clear[] = "DELETE FROM reject WHERE stream = ? AND key = ?";
static const char sql_of_stream[] = "SELECT count(*) FROM reject WHERE stream = ?";

/* Parameters 1 to 5 choose, null meaning any. */
#define CHOSEN                                                                                     \
  "(?1 IS NULL OR stream.name = ?1) AND (?2 IS NULL OR stream.base_url = ?2)"                      \
  " AND (?3 IS NULL OR run.run = ?3) AND (?4 IS NULL OR reject.key = ?4)"                          \
  " AND (?5 IS NULL OR reject.number = ?5)"
static const char sql_list[] =
    "SELECT " REJECT_COLUMNS REJECT_TABLES " WHERE reject.number > ?6 AND " CHOSEN
    " ORDER BY reject.number LIMIT ?7";
static const char sql_count[] = "SELECT count(*)" REJECT_TABLES " WHERE " CHOSEN;
static const char sql_retry[] = "UPDATE reject SET retry = 1 WHERE number IN"
                                " (SELECT reject.number" REJECT_TABLES " WHERE " CHOSEN ")";
static const char sql_drop[] = "DELETE FROM reject WHERE number IN"
                               " (SELECT reject.number" REJECT_TABLES " WHERE " CHOSEN ")";

/* ---- written by commits ---- */

static int check_room(struct stream *st, size_t n, struct error *err) {
  int64_t count;
  if ((int64_t)n > st->rejects_left) {
    if (db_number(&st->state->db, sql_of_stream, st->number, &count, err) != 0) return -1;
    st->rejects_left = REJECT_MAX - count;
  }
  if ((int64_t)n > st->rejects_left) {
    error_set(err, ERROR_STATE, "stream %s has %d rejects, the most that are kept", st->name,
              (int)REJECT_MAX);
    return error_hint(err,
                      "hoko rejects export rejects.ndjson --stream '%s', then hoko rejects"
                      " drop --stream '%s'",
                      st->name, st->name);
  }
  st->rejects_left -= (int64_t)n;
  return 0;
}

/* A row without key that is refused again, run for run, stands in the list once. */
static int drop_same(struct stream *st, const struct reject *r, int64_t row_hash,
                     struct error *err) {
  struct statement *sql = db_prepare(&st->state->db, sql_same, err);
  if (!sql) return -1;
  bind_int(sql, 1, st->number);
  bind_int(sql, 2, row_hash);
  bind_text(sql, 3, r->row);
  return db_run(&st->state->db, sql, err);
}

static int drop_of_key(struct stream *st, struct slice key, struct error *err) {
  struct statement *sql = db_prepare(&st->state->db, sql_clear, err);
  if (!sql) return -1;
  bind_int(sql, 1, st->number);
  bind_text(sql, 2, key);
  return db_run(&st->state->db, sql, err);
}

static int insert(struct stream *st, const struct reject *r, int64_t run, struct error *err) {
  int64_t row_hash = (int64_t)state_hash(st->state, r->row);
  if ((r->key.len ? drop_of_key(st, r->key, err) : drop_same(st, r, row_hash, err)) != 0) return -1;
  struct statement *sql = db_prepare(&st->state->db, sql_insert, err);
  if (!sql) return -1;
  bind_int(sql, 1, st->number);
  bind_int(sql, 2, run);
  bind_text(sql, 3, r->key);
  bind_int(sql, 4, (int64_t)r->content);
  bind_int(sql, 5, row_hash);
  bind_text(sql, 6, r->row);
  bind_text(sql, 7, r->file);
  bind_int(sql, 8, r->line);
  bind_text(sql, 9, r->code);
  bind_text(sql, 10, r->message);
  bind_text(sql, 11, r->field);
  bind_int(sql, 12, r->status);
  bind_int(sql, 13, r->at_ms);
  return db_run(&st->state->db, sql, err);
}

int reject_insert(struct stream *st, const struct reject *rejects, size_t n, int64_t run,
                  struct error *err) {
  if (n > 0 && check_room(st, n, err) != 0) return -1;
  for (size_t i = 0; i < n; i++) {
    if (insert(st, &rejects[i], run, err) != 0) return -1;
    if (rejects[i].key.len > 0) marks_add(&st->marks, state_hash(st->state, rejects[i].key));
  }
  return 0;
}

int reject_clear(struct stream *st, struct slice key, struct error *err) {
  if (key.len == 0 || !st->marks.is_any) return 0;
  if (!marks_has(&st->marks, state_hash(st->state, key))) return 0;
  return drop_of_key(st, key, err);
}

/* ---- for people ---- */

int reject_read(struct arena *handed, struct statement *sql, struct reject *to, struct error *err) {
  *to = (struct reject){.number = column_int(sql, 0),
                        .content = (uint64_t)column_int(sql, 2),
                        .line = column_int(sql, 5),
                        .status = (int)column_int(sql, 9),
                        .at_ms = column_int(sql, 10),
                        .is_retry = (int)column_int(sql, 14) != 0};
  const struct {
    int column;
    struct slice *to;
  } texts[] = {{1, &to->key},  {3, &to->row},     {4, &to->file},
               {6, &to->code}, {7, &to->message}, {8, &to->field},
               {11, &to->run}, {12, &to->stream}, {13, &to->base_url}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (handed_column(handed, sql, texts[i].column, texts[i].to, err) != 0) return -1;
  return 0;
}

static struct statement *choose(struct state *s, const char *text,
                                const struct reject_filter *filter, struct error *err) {
  struct statement *sql = db_prepare(&s->db, text, err);
  if (!sql) return NULL;
  bind_text(sql, 1, filter->stream);
  bind_text(sql, 2, filter->base_url);
  bind_text(sql, 3, filter->run);
  bind_text(sql, 4, filter->key);
  if (filter->number)
    bind_int(sql, 5, filter->number);
  else
    bind_null(sql, 5);
  return sql;
}

int reject_list(struct state *s, const struct reject_filter *filter, int64_t after,
                struct reject *to, size_t cap, size_t *n, struct error *err) {
  struct statement *sql = choose(s, sql_list, filter, err);
  if (!sql) return -1;
  arena_clear(&s->handed);
  bind_int(sql, 6, after);
  bind_int(sql, 7, (int64_t)cap);
  int is_row = 0;
  for (*n = 0; *n < cap && (is_row = db_step(&s->db, sql, err)) > 0; ++*n) {
    if (reject_read(&s->handed, sql, &to[*n], err) != 0 ||
        db_expect_behind(&s->db, after, to[*n].number, err) != 0) {
      is_row = -1;
      break;
    }
    after = to[*n].number;
  }
  statement_reset(sql);
  return is_row < 0 ? -1 : 0;
}

int reject_count(struct state *s, const struct reject_filter *filter, int64_t *rows,
                 struct error *err) {
  struct statement *sql = choose(s, sql_count, filter, err);
  if (!sql) return -1;
  int is_row = db_step(&s->db, sql, err);
  if (is_row < 0) return -1;
  *rows = is_row ? column_int(sql, 0) : 0;
  if (is_row) statement_reset(sql);
  return 0;
}

static int change(struct state *s, const char *text, const struct reject_filter *filter,
                  int64_t *rows, struct error *err) {
  if (state_begin_write(s, err) != 0) return -1;
  struct statement *sql = choose(s, text, filter, err);
  if (!sql || db_run_counted(&s->db, sql, rows, err) != 0) {
    db_rollback(&s->db);
    return -1;
  }
  return db_commit(&s->db, err);
}

int reject_retry(struct state *s, const struct reject_filter *filter, int64_t *rows,
                 struct error *err) {
  return change(s, sql_retry, filter, rows, err);
}

int reject_drop(struct state *s, const struct reject_filter *filter, int64_t *rows,
                struct error *err) {
  return change(s, sql_drop, filter, rows, err);
}

/* NAME is the member's name with what stands around it. */
static void put_text(struct buf *b, const char *name, struct slice text) {
  buf_add_text(b, name);
  if (text.len > 0)
    json_put_string(b, text);
  else
    buf_add_text(b, "null");
}

static void put_number(struct buf *b, const char *name, int64_t n) {
  buf_add_text(b, name);
  if (n != 0)
    buf_printf(b, "%" PRId64, n);
  else
    buf_add_text(b, "null");
}

void reject_put_json(struct buf *b, const struct reject *r) {
  char at[CLOCK_TEXT_SIZE];
  clock_format(r->at_ms, at);
  put_text(b, "{\"run\":", r->run);
  put_text(b, ",\"stream\":", r->stream);
  put_text(b, ",\"key\":", r->key);
  buf_add_text(b, ",\"row\":");
  buf_add_slice(b, r->row.len ? r->row : SLICE("null"));
  put_text(b, ",\"source\":{\"file\":", r->file);
  put_number(b, ",\"line\":", r->line);
  put_text(b, "},\"code\":", r->code);
  put_text(b, ",\"message\":", r->message);
  put_text(b, ",\"field\":", r->field);
  put_number(b, ",\"status\":", r->status);
  buf_printf(b, ",\"at\":\"%s\"}\n", at);
}
