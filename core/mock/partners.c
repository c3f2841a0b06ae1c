#include "mock/partners.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/random.h"

#include <assert.h>
#include <stdlib.h>

static const uint32_t NO_TEXT = UINT32_MAX; /* the length of null */
static const size_t TEXT_MAX = (size_t)64 << 30;

/* The texts of a partner stand behind each other in the heap.  When new ones do
 * not fit there they go to the heap's end, and the old place is lost until
 * partners_free(): a mock lives for minutes, and most updates do not grow. */
struct record {
  struct uuid id;
  uint64_t text_at;
  uint32_t text_cap;
  uint32_t len[PARTNER_FIELDS]; /* NO_TEXT: null */
  int64_t created_s, updated_s;
  uint32_t request; /* the last that named it */
  bool is_deleted;
};

struct partners {
  struct record *list;
  size_t len, cap;
  uint32_t *order; /* those not deleted, oldest first */
  size_t order_len;
  struct map by_id;
  struct hash_key key;
  struct buf text;
  uint32_t request;
  int64_t last_s; /* createdAt never goes back, even if the clock does */
};

static int no_memory(struct error *err) {
  return error_set(err, ERROR_MEMORY, "no memory for more partners");
}

struct partners *partners_new(struct error *err) {
  struct partners *p = calloc(1, sizeof *p);
  if (!p) {
    (void)no_memory(err);
    return NULL;
  }
  p->by_id = MAP_WITH_LIMIT(PARTNERS_MAX);
  p->text = BUF_WITH_LIMIT(TEXT_MAX);
  random_bytes(&p->key, sizeof p->key);
  return p;
}

void partners_free(struct partners *p) {
  if (!p) return;
  map_free(&p->by_id);
  buf_free(&p->text);
  free(p->list);
  free(p->order);
  free(p);
}

/* Finding */

size_t partners_len(const struct partners *p) { return p->order_len; }

uint32_t partners_at(const struct partners *p, size_t place) {
  assert(place < p->order_len);
  return p->order[place];
}

struct wanted {
  const struct record *list;
  const struct uuid *id;
};

static bool is_wanted(const void *user, uint32_t index) {
  const struct wanted *w = user;
  return uuid_equal(&w->list[index].id, w->id);
}

static uint64_t hash_of(const struct partners *p, const struct uuid *id) {
  return hash_bytes(&p->key, id->bytes, sizeof id->bytes);
}

/* Deleted ones too. */
static uint32_t find_any(const struct partners *p, const struct uuid *id) {
  const struct wanted w = {p->list, id};
  return map_find(&p->by_id, hash_of(p, id), is_wanted, &w);
}

uint32_t partners_find(const struct partners *p, const struct uuid *id) {
  uint32_t index = find_any(p, id);
  return index == MAP_FREE || p->list[index].is_deleted ? PARTNERS_NONE : index;
}

static struct slice text_of(const struct partners *p, const struct record *at, int field) {
  uint64_t start = at->text_at;
  if (at->len[field] == NO_TEXT) return (struct slice){NULL, 0};
  for (int f = 0; f < field; f++)
    if (at->len[f] != NO_TEXT) start += at->len[f];
  return (struct slice){p->text.ptr + start, at->len[field]};
}

struct partner partners_get(const struct partners *p, uint32_t index) {
  const struct record *at = &p->list[index];
  struct partner view = {.id = at->id, .created_s = at->created_s, .updated_s = at->updated_s};
  for (int f = 0; f < PARTNER_FIELDS; f++) view.text[f] = text_of(p, at, f);
  return view;
}

/* Applying: first all that can fail, then all that changes. */

/* Finds what row ROW (from 0) of the present request names. */
static int find_once(struct partners *p, const struct uuid *id, size_t row, uint32_t *index,
                     struct error *err) {
  *index = partners_find(p, id);
  if (*index == PARTNERS_NONE) return error_set(err, ERROR_DATA, "row %zu: an unknown id", row + 1);
  if (p->list[*index].request == p->request)
    return error_set(err, ERROR_DATA, "row %zu: an id stands twice", row + 1);
  p->list[*index].request = p->request;
  return 0;
}

static int reserve_records(struct partners *p, size_t more) {
  size_t cap = p->cap ? p->cap : 1024;
  while (cap < p->len + more) cap *= 2;
  if (cap == p->cap) return 0;
  struct record *list = realloc(p->list, cap * sizeof *list);
  if (!list) return -1;
  p->list = list;
  uint32_t *order = realloc(p->order, cap * sizeof *order);
  if (!order) return -1;
  p->order = order;
  p->cap = cap;
  return 0;
}

/* What the texts that C leaves at INDEX (PARTNERS_NONE: a new one) may take. */
static size_t text_max(const struct partners *p, uint32_t index, const struct change *c) {
  size_t sum = 0;
  for (int f = 0; f < PARTNER_FIELDS; f++) {
    sum += c->field[f].text.len;
    if (index != PARTNERS_NONE) sum += text_of(p, &p->list[index], f).len;
  }
  return sum;
}

static int reserve_text(struct partners *p, const struct change *list, size_t len,
                        const uint32_t *index) {
  size_t sum = 1; /* so that even a partner of empty texts points into a heap that exists */
  for (size_t i = 0; i < len; i++) sum += text_max(p, index[i], &list[i]);
  if (buf_room(&p->text, sum)) return 0;
  p->text.is_failed = false; /* what is in it stays good */
  return -1;
}

/* Enters LEN ids for the records to come. */
static int reserve_ids(struct partners *p, const struct uuid *ids, size_t len) {
  for (size_t i = 0; i < len; i++) {
    uint32_t index = (uint32_t)(p->len + i);
    bool is_free = find_any(p, &ids[i]) == MAP_FREE;
    p->list[index].id = ids[i];
    if (is_free && map_add(&p->by_id, hash_of(p, &ids[i]), index) == 0) continue;
    while (i-- > 0) (void)map_remove(&p->by_id, hash_of(p, &ids[i]), (uint32_t)(p->len + i));
    return -1;
  }
  return 0;
}

static int prepare(struct partners *p, const struct change *list, size_t len,
                   const struct uuid *new_ids, uint32_t *index, struct error *err) {
  size_t creates = 0;
  p->request++;
  for (size_t i = 0; i < len; i++) {
    index[i] = PARTNERS_NONE;
    creates += !list[i].has_id;
    if (list[i].has_id && find_once(p, &list[i].id, i, &index[i], err) < 0) return -1;
  }
  if (p->len + creates > PARTNERS_MAX || reserve_records(p, creates) < 0) return no_memory(err);
  if (reserve_text(p, list, len, index) < 0) return no_memory(err);
  if (reserve_ids(p, new_ids, creates) == 0) return 0;
  return error_set(err, ERROR_MEMORY, "no memory for more ids, or a new id is in use");
}

static bool is_same(const struct partners *p, const struct record *at, int field,
                    const struct change_text *wish) {
  if (wish->state == CHANGE_ABSENT) return true;
  if (wish->state == CHANGE_NULL) return at->len[field] == NO_TEXT;
  return at->len[field] != NO_TEXT && slice_equal(text_of(p, at, field), wish->text);
}

static struct slice text_after(const struct partners *p, const struct record *at, int field,
                               const struct change_text *wish) {
  switch (wish->state) {
  case CHANGE_ABSENT: return text_of(p, at, field);
  case CHANGE_NULL: break;
  case CHANGE_TEXT: return wish->text;
  }
  return (struct slice){NULL, 0};
}

/* Lays C's fields over those of AT: written afresh at the heap's end, then moved
 * to the old place if they fit there. */
static void write_texts(struct partners *p, struct record *at, const struct change *c) {
  size_t start = p->text.len;
  uint32_t len[PARTNER_FIELDS];
  for (int f = 0; f < PARTNER_FIELDS; f++) {
    struct slice s = text_after(p, at, f, &c->field[f]);
    len[f] = s.ptr ? (uint32_t)s.len : NO_TEXT;
    buf_add_slice(&p->text, s);
  }
  assert(buf_ok(&p->text)); /* reserved */
  size_t size = p->text.len - start;
  if (size <= at->text_cap) {
    memcpy(p->text.ptr + at->text_at, p->text.ptr + start, size);
    p->text.len = start;
  } else {
    at->text_at = start;
    at->text_cap = (uint32_t)size;
  }
  memcpy(at->len, len, sizeof len);
}

static uint32_t create(struct partners *p, const struct change *c, int64_t now_s) {
  uint32_t index = (uint32_t)p->len++;
  struct record *at = &p->list[index];
  *at = (struct record){.id = at->id,
                        .text_at = p->text.len,
                        .len = {NO_TEXT, NO_TEXT, NO_TEXT},
                        .created_s = c->created_s ? c->created_s : now_s,
                        .updated_s = c->updated_s ? c->updated_s : now_s,
                        .request = p->request};
  write_texts(p, at, c);
  p->order[p->order_len++] = index;
  return index;
}

static bool update(struct partners *p, uint32_t index, const struct change *c, int64_t now_s) {
  struct record *at = &p->list[index];
  bool is_changed = false;
  for (int f = 0; f < PARTNER_FIELDS; f++) is_changed |= !is_same(p, at, f, &c->field[f]);
  if (is_changed) write_texts(p, at, c);
  if (now_s > at->updated_s) at->updated_s = now_s;
  return is_changed;
}

int partners_apply(struct partners *p, const struct change *list, size_t len,
                   const struct uuid *new_ids, int64_t now_s, struct partners_done *done,
                   struct error *err) {
  if (prepare(p, list, len, new_ids, done->index, err) < 0) return -1;
  if (now_s < p->last_s) now_s = p->last_s;
  p->last_s = now_s;
  done->created = done->updated = done->unchanged = 0;
  for (size_t i = 0; i < len; i++)
    if (!list[i].has_id) {
      done->index[i] = create(p, &list[i], now_s);
      done->created++;
    } else if (update(p, done->index[i], &list[i], now_s)) {
      done->updated++;
    } else {
      done->unchanged++;
    }
  return 0;
}

int partners_delete(struct partners *p, const struct uuid *ids, size_t len, uint32_t *index,
                    struct error *err) {
  size_t kept = 0;
  p->request++;
  for (size_t i = 0; i < len; i++)
    if (find_once(p, &ids[i], i, &index[i], err) < 0) return -1;
  for (size_t i = 0; i < len; i++) p->list[index[i]].is_deleted = true;
  for (size_t i = 0; i < p->order_len; i++)
    if (!p->list[p->order[i]].is_deleted) p->order[kept++] = p->order[i];
  p->order_len = kept;
  return 0;
}

/* The whole */

static int by_creation(const void *a, const void *b, void *user) {
  const struct record *list = user;
  uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
  if (list[i].created_s != list[k].created_s) return list[i].created_s < list[k].created_s ? -1 : 1;
  return (i > k) - (i < k);
}

void partners_sort(struct partners *p) {
  if (p->order_len) qsort_r(p->order, p->order_len, sizeof *p->order, by_creation, p->list);
}

static int by_value(const void *a, const void *b) {
  uint64_t i = *(const uint64_t *)a, k = *(const uint64_t *)b;
  return (i > k) - (i < k);
}

static uint64_t content_hash(const struct partners *p, const struct record *at) {
  struct hash_key key = {p->key.k0 ^
                             ((uint64_t)at->len[PARTNER_NAME] << 32 | at->len[PARTNER_EMAIL]),
                         p->key.k1 ^ at->len[PARTNER_PHONE]};
  size_t size = 0;
  for (int f = 0; f < PARTNER_FIELDS; f++) size += text_of(p, at, f).len;
  return hash_bytes(&key, p->text.ptr + at->text_at, size);
}

/* Equal hashes are taken for equal content: among a million partners two that
 * differ share one in a run of some ten million. */
int64_t partners_twins(const struct partners *p) {
  int64_t twins = 0;
  uint64_t *hash = malloc((p->order_len + 1) * sizeof *hash);
  if (!hash) return -1;
  for (size_t i = 0; i < p->order_len; i++) hash[i] = content_hash(p, &p->list[p->order[i]]);
  qsort(hash, p->order_len, sizeof *hash, by_value);
  for (size_t i = 0, end; i < p->order_len; i = end) {
    for (end = i + 1; end < p->order_len && hash[end] == hash[i];) end++;
    if (end - i > 1) twins += (int64_t)(end - i);
  }
  free(hash);
  return twins;
}
