#include "state/marks.h"

#include <stdlib.h>

enum { WORDS_LEN = (1 << 20) / 64, UNDER_WAY_MAX = 1 << 22 };

static const char sql_keys[] =
    "SELECT key FROM reject WHERE stream = ?1 AND key IS NOT NULL"
    " UNION ALL SELECT key FROM held WHERE stream = ?1 AND key IS NOT NULL";
static const char sql_contents[] = "SELECT content FROM held WHERE stream = ?1 AND key IS NULL";

static const char sql_intents[] = "SELECT rows FROM intent WHERE stream = ?";

void marks_free(struct marks *m) {
  free(m->words);
  map_free(&m->under_way);
  *m = (struct marks){0};
}

void marks_add(struct marks *m, uint64_t hash) {
  if (!m->is_loaded) return;
  m->words[(hash & 0xfffff) / 64] |= UINT64_C(1) << (hash % 64);
  m->is_any = true;
}

static bool is_this(const void *user, uint32_t value) {
  (void)user;
  (void)value;
  return true; /* 64 bits of a keyed hash are the create */
}

bool marks_is_under_way(const struct marks *m, uint64_t hash) {
  return m->under_way.len > 0 && map_find(&m->under_way, hash, is_this, NULL) != MAP_FREE;
}

/* A writer holds what an earlier run left under way; a reader can only know of it. */
static int read_intents(struct stream *st, struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_intents, err);
  if (!sql) return -1;
  int is_row;
  bind_int(sql, 1, st->number);
  while ((is_row = db_step(db, sql, err)) > 0) {
    struct slice rows = column_slice(sql, 0);
    for (struct row row; row_take(&rows, &row);) {
      uint64_t hash =
          row.key.len ? state_hash(st->state, row.key) : state_row_hash(st->state, &row);
      marks_add(&st->marks, hash);
      if (map_add(&st->marks.under_way, hash, 0) == 0) continue;
      statement_reset(sql);
      return error_set(err, ERROR_MEMORY, "no memory for what is under way in stream %s", st->name);
    }
  }
  return is_row;
}

/* Held rows without key are marked by their content. */
static int read_marks(struct stream *st, struct error *err) {
  struct db *db = &st->state->db;
  struct statement *keys = db_prepare(db, sql_keys, err);
  struct statement *contents = keys ? db_prepare(db, sql_contents, err) : NULL;
  if (!contents) return -1;
  int is_row;
  bind_int(keys, 1, st->number);
  while ((is_row = db_step(db, keys, err)) > 0)
    marks_add(&st->marks, state_hash(st->state, column_slice(keys, 0)));
  if (is_row < 0) return -1;
  bind_int(contents, 1, st->number);
  while ((is_row = db_step(db, contents, err)) > 0)
    marks_add(&st->marks, (uint64_t)column_int(contents, 0));
  if (is_row < 0 || !st->is_reader) return is_row;
  return read_intents(st, err);
}

int marks_load(struct stream *st, struct error *err) {
  if (st->marks.is_loaded) return 0;
  st->marks.words = calloc(WORDS_LEN, sizeof *st->marks.words);
  if (!st->marks.words)
    return error_set(err, ERROR_MEMORY, "no memory for the rejects of stream %s", st->name);
  st->marks.is_loaded = true;
  st->marks.under_way = MAP_WITH_LIMIT(UNDER_WAY_MAX);
  if (read_marks(st, err) == 0) return 0;
  marks_free(&st->marks);
  return -1;
}
