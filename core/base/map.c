#include "base/map.h"

#include <stdlib.h>

enum { FIRST_CAP = 16 };

/* Linear probing in a table of 2^n places, at most three quarters full; a removal
 * moves later entries up, so that there are no tombstones and a search ends at
 * the first free place. */

static size_t place_of(const struct map *m, uint64_t hash) { return (size_t)hash & (m->cap - 1); }
static size_t place_after(const struct map *m, size_t at) { return (at + 1) & (m->cap - 1); }

static void put(struct map *m, uint64_t hash, uint32_t value) {
  size_t at = place_of(m, hash);
  while (m->value[at] != MAP_FREE) at = place_after(m, at);
  m->hash[at] = hash;
  m->value[at] = value;
}

static int grow(struct map *m) {
  size_t cap = m->cap ? m->cap * 2 : FIRST_CAP;
  if (cap > SIZE_MAX / sizeof *m->hash) return -1;
  struct map larger = {.cap = cap, .limit = m->limit};
  larger.hash = malloc(cap * sizeof *larger.hash);
  larger.value = malloc(cap * sizeof *larger.value);
  if (!larger.hash || !larger.value) {
    map_free(&larger);
    return -1;
  }
  map_clear(&larger);
  for (size_t i = 0; i < m->cap; i++)
    if (m->value[i] != MAP_FREE) put(&larger, m->hash[i], m->value[i]);
  larger.len = m->len;
  map_free(m);
  *m = larger;
  return 0;
}

void map_free(struct map *m) {
  free(m->hash);
  free(m->value);
  *m = MAP_WITH_LIMIT(m->limit);
}

void map_clear(struct map *m) {
  for (size_t i = 0; i < m->cap; i++) m->value[i] = MAP_FREE;
  m->len = 0;
}

int map_add(struct map *m, uint64_t hash, uint32_t value) {
  if (m->len >= m->limit) return -1;
  if (m->len >= m->cap / 4 * 3 && grow(m) != 0) return -1;
  put(m, hash, value);
  m->len++;
  return 0;
}

uint32_t map_find(const struct map *m, uint64_t hash,
                  bool (*is_it)(const void *user, uint32_t value), const void *user) {
  if (m->len == 0) return MAP_FREE;
  for (size_t at = place_of(m, hash); m->value[at] != MAP_FREE; at = place_after(m, at))
    if (m->hash[at] == hash && is_it(user, m->value[at])) return m->value[at];
  return MAP_FREE;
}

/* Closes the gap at GAP: whatever stands behind it and would not be found any more
 * moves into it. */
static void close_gap(struct map *m, size_t gap) {
  for (size_t at = place_after(m, gap); m->value[at] != MAP_FREE; at = place_after(m, at)) {
    size_t from_home = (at - place_of(m, m->hash[at])) & (m->cap - 1);
    size_t from_gap = (at - gap) & (m->cap - 1);
    if (from_home < from_gap) continue;
    m->hash[gap] = m->hash[at];
    m->value[gap] = m->value[at];
    gap = at;
  }
  m->value[gap] = MAP_FREE;
}

bool map_remove(struct map *m, uint64_t hash, uint32_t value) {
  if (m->len == 0) return false;
  for (size_t at = place_of(m, hash); m->value[at] != MAP_FREE; at = place_after(m, at)) {
    if (m->hash[at] != hash || m->value[at] != value) continue;
    close_gap(m, at);
    m->len--;
    return true;
  }
  return false;
}
