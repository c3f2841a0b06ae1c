/* Which keys have some ids.  There is no index of ids, since keeping one up costs each
 * run more than the rare deletion by id costs to look through all partners. */
#include "state/handle.h"

#include <stdlib.h>

enum { FRAME = 10000 }; /* partners that are read at once; also in sql_ids */

static const char sql_ids[] =
    "SELECT partner.number, partner.id FROM partner CROSS JOIN stream"
    " WHERE stream.number = partner.number >> 32 AND partner.number > ?1"
    " AND stream.base_url = ?2 AND partner.gone = 0 ORDER BY partner.number LIMIT 10000";
/* A key that was bound to another partner meanwhile is not meant. */
static const char sql_doubt[] =
    "UPDATE partner SET name = NULL, email = NULL, phone = NULL WHERE number = ? AND id = ?";
static const char sql_deleted[] =
    "UPDATE partner SET gone = 1, why = ?3 WHERE number = ?1 AND id = ?2";

/* ---- finding ---- */

struct place_of_id {
  struct uuid id;
  uint32_t at;
};

static int compare(const void *a, const void *b) {
  const struct place_of_id *x = a, *y = b;
  return memcmp(x->id.bytes, y->id.bytes, sizeof x->id.bytes);
}

static struct place_of_id *sorted(const struct uuid *ids, size_t n) {
  struct place_of_id *list = calloc(n + 1, sizeof *list);
  if (!list) return NULL;
  for (uint32_t i = 0; i < n; i++) list[i] = (struct place_of_id){ids[i], i};
  qsort(list, n, sizeof *list, compare);
  return list;
}

static int add(struct bindings *b, const struct binding *one, struct error *err) {
  if (b->len == b->cap) {
    size_t cap = b->cap ? 2 * b->cap : 256;
    struct binding *more = realloc(b->list, cap * sizeof *more);
    if (!more) return error_set(err, ERROR_MEMORY, "no memory for the keys of %zu partners", cap);
    b->list = more;
    b->cap = cap;
  }
  b->list[b->len++] = *one;
  return 0;
}

struct looking {
  struct state *s;
  struct slice base_url;
  const struct place_of_id *ids; /* sorted */
  size_t ids_len;
  int64_t after; /* the last partner read */
  struct bindings *to;
};

static int take_partner(struct looking *l, struct statement *sql, struct error *err) {
  struct place_of_id wanted = {.at = 0};
  int64_t number = column_int(sql, 0);
  if (db_expect_behind(&l->s->db, l->after, number, err) != 0) return -1;
  if (handed_id(&l->s->db, sql, 1, &wanted.id, err) != 0) return -1;
  const struct place_of_id *found = bsearch(&wanted, l->ids, l->ids_len, sizeof *l->ids, compare);
  l->after = number;
  return found ? add(l->to, &(struct binding){number, found->id, found->at}, err) : 0;
}

/* 1: there may be more; 0: it was the last frame. */
static int look_at_frame(struct looking *l, struct error *err) {
  struct statement *sql = db_prepare(&l->s->db, sql_ids, err);
  if (!sql) return -1;
  bind_int(sql, 1, l->after);
  bind_text(sql, 2, l->base_url);
  int is_row, rows = 0;
  for (; (is_row = db_step(&l->s->db, sql, err)) > 0; rows++) {
    if (take_partner(l, sql, err) == 0) continue;
    statement_reset(sql);
    return -1;
  }
  return is_row < 0 ? -1 : rows == FRAME;
}

int bindings_find(struct bindings *b, struct state *s, struct slice base_url,
                  const struct uuid *ids, size_t n, struct error *err) {
  struct place_of_id *list = sorted(ids, n);
  struct looking looking = {.s = s, .base_url = base_url, .ids = list, .ids_len = n, .to = b};
  *b = (struct bindings){.list = NULL};
  if (!list) return error_set(err, ERROR_MEMORY, "no memory to look for %zu partners", n);
  int is_more = n > 0;
  while (is_more > 0) is_more = look_at_frame(&looking, err);
  free(list);
  if (is_more == 0) return 0;
  bindings_free(b);
  return -1;
}

/* ---- changing ---- */

static int run_for(struct state *s, const char *text, const struct binding *one,
                   struct error *err) {
  struct statement *sql = db_prepare(&s->db, text, err);
  if (!sql) return -1;
  bind_int(sql, 1, one->number);
  bind_blob(sql, 2, one->id.bytes, sizeof one->id.bytes);
  if (text == sql_deleted) bind_int(sql, 3, WHY_DELETED);
  return db_run(&s->db, sql, err);
}

static int run_for_each(struct state *s, const char *text, const struct binding *list, size_t n,
                        struct error *err) {
  if (n == 0) return 0;
  if (state_begin_write(s, err) != 0) return -1;
  for (size_t i = 0; i < n; i++) {
    if (run_for(s, text, &list[i], err) == 0) continue;
    db_rollback(&s->db);
    return -1;
  }
  return db_commit(&s->db, err);
}

int bindings_doubt(struct state *s, const struct binding *list, size_t n, struct error *err) {
  return run_for_each(s, sql_doubt, list, n, err);
}

int bindings_deleted(struct state *s, const struct binding *list, size_t n, struct error *err) {
  return run_for_each(s, sql_deleted, list, n, err);
}

void bindings_free(struct bindings *b) {
  free(b->list);
  *b = (struct bindings){.list = NULL};
}
