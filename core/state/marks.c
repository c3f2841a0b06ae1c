#include "state/marks.h"

#include <stdlib.h>

enum { WORDS_LEN = (1 << 20) / 64 };

static const char sql_keys[] =
    "SELECT key FROM reject WHERE stream = ?1 AND key IS NOT NULL"
    " UNION ALL SELECT key FROM held WHERE stream = ?1 AND key IS NOT NULL";
static const char sql_contents[] = "SELECT content FROM held WHERE stream = ?1 AND key IS NULL";

void marks_free(struct marks *m) {
  free(m->words);
  *m = (struct marks){0};
}

void marks_add(struct marks *m, uint64_t hash) {
  if (!m->is_loaded) return;
  m->words[(hash & 0xfffff) / 64] |= UINT64_C(1) << (hash % 64);
  m->is_any = true;
}

/* Held rows without key are marked by their content. */
static int read_marks(struct stream *st, struct error *err) {
  struct db *db = &st->state->db;
  sqlite3_stmt *keys = db_prepare(db, sql_keys, err);
  sqlite3_stmt *contents = keys ? db_prepare(db, sql_contents, err) : NULL;
  if (!contents) return -1;
  int is_row;
  bind_int(keys, 1, st->number);
  while ((is_row = db_step(db, keys, err)) > 0)
    marks_add(&st->marks, state_hash(st->state, column_slice(keys, 0)));
  if (is_row < 0) return -1;
  bind_int(contents, 1, st->number);
  while ((is_row = db_step(db, contents, err)) > 0)
    marks_add(&st->marks, (uint64_t)sqlite3_column_int64(contents, 0));
  return is_row;
}

int marks_load(struct stream *st, struct error *err) {
  if (st->marks.is_loaded) return 0;
  st->marks.words = calloc(WORDS_LEN, sizeof *st->marks.words);
  if (!st->marks.words)
    return error_set(err, ERROR_MEMORY, "no memory for the rejects of stream %s", st->name);
  st->marks.is_loaded = true;
  if (read_marks(st, err) == 0) return 0;
  marks_free(&st->marks);
  return -1;
}
