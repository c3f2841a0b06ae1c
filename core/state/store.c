#include "state/store.h"

static const char sql_get[] = "SELECT value FROM store WHERE scope = ? AND name = ?";
static const char sql_set[] = "INSERT INTO store (scope, name, value) VALUES (?, ?, ?)"
                              " ON CONFLICT (scope, name) DO UPDATE SET value = excluded.value";
static const char sql_delete[] = "DELETE FROM store WHERE scope = ? AND name = ?";

static void bind_name(struct statement *sql, struct slice scope, struct slice name) {
  bind_text_or_empty(sql, 1, scope);
  bind_text_or_empty(sql, 2, name);
}

int store_write(struct state *s, const struct store_value *values, size_t n, struct error *err) {
  for (size_t i = 0; i < n; i++) {
    const struct store_value *v = &values[i];
    struct statement *sql = db_prepare(&s->db, v->value.len ? sql_set : sql_delete, err);
    if (!sql) return -1;
    bind_name(sql, v->scope, v->name);
    if (v->value.len) bind_text(sql, 3, v->value);
    if (db_run(&s->db, sql, err) != 0) return -1;
  }
  return 0;
}

int store_set(struct state *s, const struct store_value *values, size_t values_len,
              struct error *err) {
  if (state_begin_write(s, err) != 0) return -1;
  if (store_write(s, values, values_len, err) == 0) return db_commit(&s->db, err);
  db_rollback(&s->db);
  return -1;
}

int store_get(struct state *s, struct slice scope, struct slice name, struct buf *to,
              bool *is_there, struct error *err) {
  struct statement *sql = db_prepare(&s->db, sql_get, err);
  if (!sql) return -1;
  bind_name(sql, scope, name);
  int is_row = db_step(&s->db, sql, err);
  if (is_row < 0) return -1;
  *is_there = is_row > 0;
  if (is_row == 0) return 0;
  buf_add_slice(to, column_slice(sql, 0));
  statement_reset(sql);
  return buf_ok(to)
             ? 0
             : error_set(err, ERROR_MEMORY, "no memory for the stored value %.*s", SLICE_ARG(name));
}
