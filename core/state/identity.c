/* How keys are found.  A source mostly keeps its order, so the partner behind the one
 * that was found last is expected next: one walk over rows that lie together, 0.2 µs
 * each.  A key that is not the expected one is searched by the index (key_index.h); if
 * it stands elsewhere, the walk goes on behind it.  After JUMPS_MAX such jumps in one
 * call the order is taken as lost and the rest is searched together, sorted by hash
 * and then by partner, so that pages are read once. */
#include "state/identity.h"

#include "state/key_index.h"
#include "state/marks.h"

#include <stdlib.h>

enum { JUMPS_MAX = 16 };

/* Column order of both look-ups. */
enum { COLUMN_NUMBER, COLUMN_KEY, COLUMN_ID, COLUMN_GONE, COLUMN_FIELDS };

static const char sql_walk[] =
    "SELECT number, key, id, gone, name, email, phone FROM partner"
    " WHERE number > ?1 AND number <= (?2 << 32) + 4294967295 ORDER BY number LIMIT ?3";
static const char sql_partner[] =
    "SELECT number, key, id, gone, name, email, phone FROM partner WHERE number = ?";
static const char sql_reject[] =
    "SELECT content FROM reject WHERE stream = ? AND key = ? AND retry = 0";
static const char sql_held_key[] = "SELECT 1 FROM held WHERE stream = ? AND key = ?";
static const char sql_held_content[] =
    "SELECT 1 FROM held WHERE stream = ? AND content = ? AND key IS NULL";
static const char sql_made[] = "SELECT contents FROM made WHERE stream = ? ORDER BY number";

struct found {
  struct probe *probes;
  size_t probes_len, probes_cap;
  struct candidates candidates;
};

void found_free(struct found *f) {
  if (!f) return;
  free(f->probes);
  free(f->candidates.list);
  free(f);
}

static int make_room(struct stream *st, size_t n, struct error *err) {
  if (!st->found) st->found = calloc(1, sizeof *st->found);
  struct found *f = st->found;
  if (f && f->probes_cap < n) {
    free(f->probes);
    f->probes = malloc(n * sizeof *f->probes);
    f->probes_cap = f->probes ? n : 0;
  }
  if (f && f->probes_cap >= n) return 0;
  return error_set(err, ERROR_MEMORY, "no memory to look up %zu keys", n);
}

/* Takes over the partner that stands in SQL. */
static int take_partner(struct stream *st, struct statement *sql, struct known *k,
                        struct error *err) {
  if (handed_id(&st->state->db, sql, COLUMN_ID, &k->id, err) != 0) return -1;
  k->seq = stream_seq_of(column_int(sql, COLUMN_NUMBER));
  k->is_gone = (int)column_int(sql, COLUMN_GONE) != 0;
  for (int f = 0; f < ROW_FIELDS; f++)
    if (handed_column(&st->handed, sql, COLUMN_FIELDS + f, &k->field[f], err) != 0) return -1;
  return 0;
}

/* ---- searching ---- */

static int compare_candidates(const void *a, const void *b) {
  const struct candidate *x = a, *y = b;
  return (x->seq > y->seq) - (x->seq < y->seq);
}

/* Candidates on their way to the keys that they may belong to. */
struct trying {
  struct stream *st;
  const struct candidate *list;
  struct known *k;
};

static void bind_candidate(void *user, struct statement *sql, size_t i) {
  const struct trying *t = user;
  bind_int(sql, 1, stream_number_of(t->st, t->list[i].seq));
}

/* Without a row it was forgotten since it was indexed. */
static int try_candidate(void *user, struct statement *sql, size_t i, struct error *err) {
  const struct trying *t = user;
  struct known *k = &t->k[t->list[i].at];
  return slice_equal(column_slice(sql, COLUMN_KEY), k->key) ? take_partner(t->st, sql, k, err) : 0;
}

/* Finds the keys of the probes that were collected. */
static int search(struct stream *st, struct known *k, struct error *err) {
  struct found *f = st->found;
  struct candidates *c = &f->candidates;
  c->len = 0;
  probes_sort(f->probes, f->probes_len);
  if (key_index_find(st, f->probes, f->probes_len, c, err) != 0) return -1;
  f->probes_len = 0;
  if (c->len == 0) return 0;
  struct statement *sql = db_prepare(&st->state->db, sql_partner, err);
  if (!sql) return -1;
  qsort(c->list, c->len, sizeof *c->list, compare_candidates);
  struct trying trying = {st, c->list, k};
  const struct db_each each = {bind_candidate, try_candidate, &trying};
  return db_for_each(&st->state->db, sql, c->len, &each, err);
}

static void collect(struct stream *st, const struct known *k, size_t at) {
  struct found *f = st->found;
  f->probes[f->probes_len++] = (struct probe){state_hash(st->state, k[at].key), (uint32_t)at};
}

/* ---- walking ---- */

struct walk {
  struct statement *sql;
  bool has_row; /* SQL stands on the partner that is expected */
  size_t left;  /* keys from the one in hand on: each takes one row at most */
  int jumps;
};

static int walk_next(struct stream *st, struct walk *w, struct error *err) {
  int is_row = db_step(&st->state->db, w->sql, err);
  w->has_row = is_row > 0;
  return is_row < 0 ? -1 : 0;
}

/* Puts the walk on the partner behind SEQ. */
static int walk_from(struct stream *st, struct walk *w, uint32_t seq, struct error *err) {
  statement_reset(w->sql);
  bind_int(w->sql, 1, stream_number_of(st, seq));
  bind_int(w->sql, 2, st->number);
  bind_int(w->sql, 3, (int64_t)w->left);
  return walk_next(st, w, err);
}

/* K[AT] is not the partner that was expected.  A new one leaves the walk where it is;
 * at the end of the walk it counts as a jump, since there all may be new. */
static int step_aside(struct stream *st, struct walk *w, struct known *k, size_t at,
                      struct error *err) {
  collect(st, k, at);
  if (w->jumps >= JUMPS_MAX) return 0;
  if (search(st, k, err) != 0) return -1;
  bool is_new = k[at].seq == 0;
  if (!is_new || !w->has_row) w->jumps++;
  return is_new ? 0 : walk_from(st, w, k[at].seq, err);
}

/* Where the next look-up is to expect its first key. */
static void remember_place(struct stream *st, const struct known *k, size_t n) {
  while (n > 0 && k[n - 1].seq == 0) n--;
  if (n > 0) st->walked_to = k[n - 1].seq;
}

static int find_keys(struct stream *st, struct known *k, size_t n, struct error *err) {
  struct walk w = {.sql = db_prepare(&st->state->db, sql_walk, err), .left = n};
  if (!w.sql || walk_from(st, &w, st->walked_to, err) != 0) return -1;
  st->found->probes_len = 0;
  int result = 0;
  for (size_t i = 0; result == 0 && i < n; i++) {
    w.left = n - i;
    if (k[i].key.len == 0) continue;
    if (w.has_row && slice_equal(column_slice(w.sql, COLUMN_KEY), k[i].key)) {
      result = take_partner(st, w.sql, &k[i], err);
      if (result == 0) result = walk_next(st, &w, err);
    } else {
      result = step_aside(st, &w, k, i, err);
    }
  }
  if (result == 0) result = search(st, k, err);
  if (result == 0) remember_place(st, k, n);
  statement_reset(w.sql);
  return result;
}

/* ---- rejected, held, made ---- */

static int look_at_reject(struct stream *st, struct known *k, struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_reject, err);
  if (!sql) return -1;
  bind_int(sql, 1, st->number);
  bind_text(sql, 2, k->key);
  int is_row = db_step(db, sql, err);
  if (is_row <= 0) return is_row;
  k->rejected_content = (uint64_t)column_int(sql, 0);
  k->is_rejected = k->rejected_content != 0;
  statement_reset(sql);
  return 0;
}

static int look_at_held(struct stream *st, struct known *k, uint64_t hash, struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, k->key.len ? sql_held_key : sql_held_content, err);
  if (!sql) return -1;
  bind_int(sql, 1, st->number);
  if (k->key.len)
    bind_text(sql, 2, k->key);
  else
    bind_int(sql, 2, (int64_t)k->content);
  int is_row = db_step(db, sql, err);
  k->is_held = is_row > 0 || marks_is_under_way(&st->marks, hash);
  if (is_row > 0) statement_reset(sql);
  return is_row < 0 ? -1 : 0;
}

static int look_at_marked(struct stream *st, struct known *k, size_t n, struct error *err) {
  if (marks_load(st, err) != 0) return -1;
  for (size_t i = 0; st->marks.is_any && i < n; i++) {
    uint64_t hash = k[i].key.len ? state_hash(st->state, k[i].key) : k[i].content;
    if (!marks_has(&st->marks, hash)) continue;
    if (k[i].key.len && look_at_reject(st, &k[i], err) != 0) return -1;
    if (look_at_held(st, &k[i], hash, err) != 0) return -1;
  }
  return 0;
}

static bool any_count(const void *user, uint32_t count) {
  (void)user;
  (void)count;
  return true;
}

/* Adds BY to how often CONTENT may still be told; the map's value is that number. */
static int count_made(struct map *made, uint64_t content, int by) {
  uint32_t count = map_find(made, content, any_count, NULL);
  if (count == MAP_FREE)
    count = 0;
  else
    (void)map_remove(made, content, count); /* it was just found */
  count += (uint32_t)by;
  return count > 0 ? map_add(made, content, count) : 0;
}

static int add_made(struct map *made, struct slice contents) {
  for (uint64_t content; contents.len >= sizeof content; contents.len -= sizeof content) {
    memcpy(&content, contents.ptr, sizeof content);
    contents.ptr += sizeof content;
    if (count_made(made, content, 1) != 0) return -1;
  }
  return 0;
}

static int load_made(struct stream *st, struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_made, err);
  if (!sql) return -1;
  map_clear(&st->made);
  bind_int(sql, 1, st->number);
  int is_row;
  while ((is_row = db_step(db, sql, err)) > 0) {
    if (add_made(&st->made, column_slice(sql, 0)) == 0) continue;
    statement_reset(sql);
    return error_set(err, ERROR_MEMORY, "no memory for the rows without key of stream %s",
                     st->name);
  }
  st->is_made_loaded = is_row == 0;
  return is_row;
}

static int look_at_made(struct stream *st, struct known *k, size_t n, struct error *err) {
  for (size_t i = 0; i < n; i++) {
    if (k[i].key.len || k[i].content == 0) continue;
    if (!st->is_made_loaded && load_made(st, err) != 0) return -1;
    k[i].is_made = map_find(&st->made, k[i].content, any_count, NULL) != MAP_FREE;
    if (k[i].is_made) (void)count_made(&st->made, k[i].content, -1); /* it only gets smaller */
  }
  return 0;
}

/* ---- all together ---- */

static int find_all(struct stream *st, struct known *k, size_t n, struct error *err) {
  if (stream_refresh(st, err) != 0) return -1;
  if (st->last_seq > 0 && find_keys(st, k, n, err) != 0) return -1;
  if (look_at_marked(st, k, n, err) != 0) return -1;
  return look_at_made(st, k, n, err);
}

int stream_find(struct stream *st, struct known *k, size_t n, struct error *err) {
  struct db *db = &st->state->db;
  arena_clear(&st->handed);
  for (size_t i = 0; i < n; i++) k[i] = (struct known){.key = k[i].key, .content = k[i].content};
  if (n == 0) return 0;
  if (make_room(st, n, err) != 0 || db_begin_read(db, err) != 0) return -1;
  int result = find_all(st, k, n, err);
  db_rollback(db); /* nothing was written: it only ends the reading */
  return result;
}
