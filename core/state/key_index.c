#include "state/key_index.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>

/* A bucket grows up to BUCKET_LEN entries of 8 bytes on average before there are twice as many:
 * 3.2 KiB, so that nearly all fit a page of 4 KiB.  TAIL_MAX and a commit of 10,000 rows more
 * are within three quarters of 2^18: a map of 3 MiB. */
enum { ENTRY_SIZE = 8, BUCKET_LEN = 400, BITS_MAX = 22, TAIL_MAX = 180000 };

/* Once WHOLE_AFTER keys were searched all buckets are read and kept, as the one array that
 * they are cut from: 5 ms a million, and the page cache is the partners' alone.  Up to
 * 16 MiB, two million partners; beyond that buckets are read one by one. */
enum { WHOLE_AFTER = 500, WHOLE_SIZE = 16 << 20 };

static const char sql_whole[] = "SELECT entries FROM key_index WHERE number BETWEEN ?1 << 32"
                                " AND (?1 << 32) + 4294967295 ORDER BY number";
static const char sql_bucket[] = "SELECT entries FROM key_index WHERE number = ?";
static const char sql_write[] = "INSERT INTO key_index (number, entries) VALUES (?, ?)"
                                " ON CONFLICT (number) DO UPDATE SET entries = excluded.entries";
static const char sql_tail[] = "SELECT number, key FROM partner WHERE number > ?1"
                               " AND number <= (?2 << 32) + 4294967295";
static const char sql_indexed[] =
    "UPDATE stream SET indexed_to = ?, index_bits = ? WHERE number = ?";

/* An entry as one number: entries sort by hash, then by partner. */
static uint64_t entry_of(uint64_t hash, uint32_t seq) { return (hash & 0xffffffff00000000) | seq; }

static uint64_t entry_at(const char *entries, size_t i) {
  uint64_t e;
  memcpy(&e, entries + i * ENTRY_SIZE, sizeof e);
  return le64toh(e);
}

static uint32_t bucket_of(uint64_t hash_or_entry, unsigned bits) {
  return bits ? (uint32_t)(hash_or_entry >> (64 - bits)) : 0;
}

void key_index_init(struct key_index *x) {
  x->tail = MAP_WITH_LIMIT(2 * TAIL_MAX);
  x->whole = BUF_WITH_LIMIT(WHOLE_SIZE);
}

void key_index_free(struct key_index *x) {
  map_free(&x->tail);
  buf_free(&x->whole);
}

static void empty_whole(struct key_index *x) {
  buf_clear(&x->whole);
  x->searched = 0;
}

void key_index_reset(struct key_index *x, uint32_t indexed_to, unsigned bits) {
  x->indexed_to = indexed_to;
  x->bits = bits < BITS_MAX ? bits : BITS_MAX;
  x->is_tail_loaded = false;
  map_clear(&x->tail);
  empty_whole(x);
}

/* ---- finding ---- */

static int compare_probes(const void *a, const void *b) {
  const struct probe *x = a, *y = b;
  return (x->hash > y->hash) - (x->hash < y->hash);
}

void probes_sort(struct probe *probes, size_t n) {
  if (n > 1) qsort(probes, n, sizeof *probes, compare_probes);
}

static int add_candidate(struct candidates *to, uint32_t seq, uint32_t at, struct error *err) {
  if (to->len == to->cap) {
    size_t cap = to->cap ? to->cap * 2 : 1024;
    struct candidate *list = realloc(to->list, cap * sizeof *list);
    if (!list) return error_set(err, ERROR_MEMORY, "no memory to look up keys");
    to->list = list;
    to->cap = cap;
  }
  to->list[to->len++] = (struct candidate){seq, at};
  return 0;
}

/* The first entry of the sorted ENTRIES that is not below LEAST. */
static size_t lower_bound(const char *entries, size_t len, uint64_t least) {
  size_t from = 0;
  while (len > 0) {
    size_t half = len / 2;
    if (entry_at(entries, from + half) < least) {
      from += half + 1;
      len -= half + 1;
    } else {
      len = half;
    }
  }
  return from;
}

/* Moves *ENTRIES to where the next probe, which is not smaller, is looked for. */
static int find_in_entries(struct slice *entries, const struct probe *probe, struct candidates *to,
                           struct error *err) {
  size_t len = entries->len / ENTRY_SIZE;
  size_t from = lower_bound(entries->ptr, len, entry_of(probe->hash, 0));
  for (size_t i = from; i < len; i++) {
    uint64_t entry = entry_at(entries->ptr, i);
    if (entry >> 32 != probe->hash >> 32) break;
    if (add_candidate(to, (uint32_t)entry, probe->at, err) != 0) return -1;
  }
  if (from > 0)
    *entries = (struct slice){entries->ptr + from * ENTRY_SIZE, (len - from) * ENTRY_SIZE};
  return 0;
}

static int find_on_disk(struct stream *st, const struct probe *probes, size_t n,
                        struct candidates *to, struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_bucket, err);
  if (!sql) return -1;
  for (size_t i = 0; i < n;) {
    uint32_t bucket = bucket_of(probes[i].hash, st->index.bits);
    bind_int(sql, 1, stream_number_of(st, bucket));
    int is_row = db_step(db, sql, err);
    if (is_row < 0) return -1;
    struct slice entries = is_row ? column_slice(sql, 0) : (struct slice){0};
    int result = 0;
    for (; result == 0 && i < n && bucket_of(probes[i].hash, st->index.bits) == bucket; i++)
      result = find_in_entries(&entries, &probes[i], to, err);
    statement_reset(sql);
    if (result != 0) return -1;
  }
  return 0;
}

/* Where it does not fit, or memory is short, the buckets are searched one by one. */
static int load_whole(struct stream *st, struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_whole, err);
  if (!sql) return -1;
  struct buf *whole = &st->index.whole;
  bind_int(sql, 1, st->number);
  int is_row;
  while (buf_ok(whole) && (is_row = db_step(db, sql, err)) != 0) {
    if (is_row < 0) {
      buf_clear(whole);
      return -1;
    }
    buf_add_slice(whole, column_slice(sql, 0));
  }
  statement_reset(sql);
  if (!buf_ok(whole)) empty_whole(&st->index);
  return 0;
}

static int find_in_whole(struct slice entries, const struct probe *probes, size_t n,
                         struct candidates *to, struct error *err) {
  for (size_t i = 0; i < n; i++)
    if (find_in_entries(&entries, &probes[i], to, err) != 0) return -1;
  return 0;
}

static int find_indexed(struct stream *st, const struct probe *probes, size_t n,
                        struct candidates *to, struct error *err) {
  struct key_index *x = &st->index;
  if (x->indexed_to == 0) return 0;
  x->searched += n;
  bool is_worth = x->searched >= WHOLE_AFTER && x->indexed_to <= WHOLE_SIZE / ENTRY_SIZE;
  if (x->whole.len == 0 && is_worth && load_whole(st, err) != 0) return -1;
  if (x->whole.len > 0) return find_in_whole(buf_slice(&x->whole), probes, n, to, err);
  return find_on_disk(st, probes, n, to, err);
}

/* What map_find() hands to each value of a hash: it collects and never says "this one". */
struct collecting {
  struct candidates *to;
  uint32_t at;
  int *result;
  struct error *err;
};

static bool collect(const void *user, uint32_t seq) {
  const struct collecting *c = user;
  if (*c->result == 0) *c->result = add_candidate(c->to, seq, c->at, c->err);
  return false;
}

static int find_in_tail(const struct map *tail, const struct probe *probes, size_t n,
                        struct candidates *to, struct error *err) {
  int result = 0;
  for (size_t i = 0; i < n; i++) {
    struct collecting c = {to, probes[i].at, &result, err};
    (void)map_find(tail, probes[i].hash, collect, &c);
  }
  return result;
}

static int load_tail(struct stream *st, struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_tail, err);
  if (!sql) return -1;
  map_clear(&st->index.tail);
  bind_int(sql, 1, stream_number_of(st, st->index.indexed_to));
  bind_int(sql, 2, st->number);
  int is_row;
  while ((is_row = db_step(db, sql, err)) > 0) {
    uint64_t hash = state_hash(st->state, column_slice(sql, 1));
    if (map_add(&st->index.tail, hash, stream_seq_of(column_int(sql, 0))) == 0) continue;
    statement_reset(sql);
    return error_set(err, ERROR_MEMORY, "no memory for the keys of stream %s", st->name);
  }
  st->index.is_tail_loaded = is_row == 0;
  return is_row;
}

int key_index_find(struct stream *st, const struct probe *probes, size_t n, struct candidates *to,
                   struct error *err) {
  if (!st->index.is_tail_loaded && load_tail(st, err) != 0) return -1;
  if (find_in_tail(&st->index.tail, probes, n, to, err) != 0) return -1;
  return find_indexed(st, probes, n, to, err);
}

/* ---- growing ---- */

void key_index_added(struct stream *st, uint64_t hash, uint32_t seq) {
  struct key_index *x = &st->index;
  if (x->is_tail_loaded && map_add(&x->tail, hash, seq) != 0) x->is_tail_loaded = false;
}

bool key_index_is_due(const struct stream *st) {
  return st->index.is_tail_loaded && st->index.tail.len >= TAIL_MAX;
}

static int compare_entries(const void *a, const void *b) {
  const uint64_t *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

/* The tail as a sorted array, to be freed. */
static uint64_t *sorted_tail(const struct map *tail, struct error *err) {
  uint64_t *entries = malloc((tail->len + 1) * sizeof *entries);
  if (!entries) {
    error_set(err, ERROR_MEMORY, "no memory to index keys");
    return NULL;
  }
  size_t len = 0;
  for (size_t i = 0; i < tail->cap; i++)
    if (tail->value[i] != MAP_FREE) entries[len++] = entry_of(tail->hash[i], tail->value[i]);
  assert(len == tail->len);
  qsort(entries, len, sizeof *entries, compare_entries);
  return entries;
}

/* One bucket's old and new entries on their way into those that take its place. */
struct merge {
  struct slice old;      /* sorted entries as on the disk */
  const uint64_t *added; /* sorted */
  size_t added_len;
  char *out; /* room for both */
};

static size_t merge_entries(const struct merge *m) {
  size_t old_len = m->old.len / ENTRY_SIZE, i = 0, j = 0, len = 0;
  while (i < old_len || j < m->added_len) {
    uint64_t old = i < old_len ? entry_at(m->old.ptr, i) : UINT64_MAX;
    bool is_old = j == m->added_len || (i < old_len && old <= m->added[j]);
    uint64_t entry = htole64(is_old ? old : m->added[j]);
    if (is_old)
      i++;
    else
      j++;
    memcpy(m->out + len++ * ENTRY_SIZE, &entry, sizeof entry);
  }
  return len;
}

/* Writes LEN sorted entries of BUCKET into those that it becomes when MORE bits choose;
 * also into those that stay empty, over what had their number before. */
static int write_split(struct stream *st, uint32_t bucket, unsigned more, const char *entries,
                       size_t len, struct error *err) {
  struct db *db = &st->state->db;
  unsigned bits = st->index.bits + more;
  struct statement *sql = db_prepare(db, sql_write, err);
  if (!sql) return -1;
  size_t from = 0;
  for (uint32_t part = bucket << more; part >> more == bucket; part++) {
    size_t to = from;
    while (to < len && bucket_of(entry_at(entries, to), bits) == part) to++;
    bind_int(sql, 1, stream_number_of(st, part));
    bind_blob(sql, 2, entries + from * ENTRY_SIZE, (to - from) * ENTRY_SIZE);
    if (db_run(db, sql, err) != 0) return -1;
    from = to;
  }
  return 0;
}

/* Merges ADDED into BUCKET and writes what comes of it. */
static int rewrite_bucket(struct stream *st, uint32_t bucket, struct merge *m, unsigned more,
                          struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_bucket, err);
  if (!sql) return -1;
  bind_int(sql, 1, stream_number_of(st, bucket));
  int is_row = db_step(db, sql, err);
  if (is_row < 0) return -1;
  m->old = is_row ? column_slice(sql, 0) : (struct slice){0};
  m->out = malloc(m->old.len + m->added_len * ENTRY_SIZE + 1);
  size_t len = m->out ? merge_entries(m) : 0;
  statement_reset(sql);
  int result = m->out ? write_split(st, bucket, more, m->out, len, err)
                      : error_set(err, ERROR_MEMORY, "no memory to index keys");
  free(m->out);
  return result;
}

/* So many bits that a bucket has BUCKET_LEN entries at most, on average. */
static unsigned bits_for(size_t entries, unsigned least) {
  unsigned bits = least;
  while (bits < BITS_MAX && entries >> bits > BUCKET_LEN) bits++;
  return bits;
}

/* From the last bucket to the first: with more bits a bucket's entries go to numbers
 * at or above its own, where everything has been read by then. */
static int write_entries(struct stream *st, const uint64_t *entries, size_t len, unsigned bits,
                         struct error *err) {
  unsigned old_bits = st->index.bits;
  for (uint32_t bucket = UINT32_C(1) << old_bits; bucket-- > 0;) {
    size_t from = len;
    while (from > 0 && bucket_of(entries[from - 1], old_bits) == bucket) from--;
    struct merge m = {.added = entries + from, .added_len = len - from};
    len = from;
    if (m.added_len == 0 && bits == old_bits) continue;
    if (rewrite_bucket(st, bucket, &m, bits - old_bits, err) != 0) return -1;
  }
  return 0;
}

int key_index_write(struct stream *st, struct error *err) {
  struct db *db = &st->state->db;
  struct key_index *x = &st->index;
  assert(x->is_tail_loaded);
  unsigned bits = bits_for(x->indexed_to + x->tail.len, x->bits);
  struct statement *sql = db_prepare(db, sql_indexed, err);
  uint64_t *entries = sql ? sorted_tail(&x->tail, err) : NULL;
  if (!entries) return -1;
  int result = write_entries(st, entries, x->tail.len, bits, err);
  free(entries);
  if (result != 0) return -1;
  bind_int(sql, 1, st->last_seq);
  bind_int(sql, 2, bits);
  bind_int(sql, 3, st->number);
  if (db_run(db, sql, err) != 0) return -1;
  x->bits = bits;
  x->indexed_to = st->last_seq;
  map_clear(&x->tail);
  empty_whole(x);
  return 0;
}

void key_index_forget(struct stream *st) {
  st->is_fresh = false;
  key_index_reset(&st->index, st->index.indexed_to, st->index.bits);
}

void key_index_try_save(struct stream *st) {
  struct db *db = &st->state->db;
  struct error err;
  if (!st->index.is_tail_loaded || db_begin_write(db, &err) != 0) return;
  if (key_index_write(st, &err) != 0)
    db_rollback(db);
  else if (db_commit(db, &err) == 0)
    return;
  key_index_forget(st);
}
