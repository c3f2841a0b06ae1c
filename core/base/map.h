/* map.h - an open-addressing table from 64-bit hashes to 32-bit values.
 *
 * Several values may stand under one hash: the caller tells them apart by what
 * the value refers to.  Grows by doubling up to LIMIT entries. */
#ifndef HOKO_BASE_MAP_H
#define HOKO_BASE_MAP_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct map {
  uint64_t *hash;
  uint32_t *value; /* MAP_FREE: no entry */
  size_t len, cap, limit;
};

enum { MAP_FREE = UINT32_MAX >> 1 }; /* values are below this */

#define MAP_WITH_LIMIT(entries) ((struct map){.limit = (entries)})

void map_free(struct map *m);
void map_clear(struct map *m);
/* -1: at the limit, or no memory. */
MUST_USE int map_add(struct map *m, uint64_t hash, uint32_t value);
/* Calls IS_IT for each value under HASH; returns the first it says true of, or MAP_FREE. */
uint32_t map_find(const struct map *m, uint64_t hash,
                  bool (*is_it)(const void *user, uint32_t value), const void *user);
/* Removes the entry (HASH, VALUE); false: there was none. */
bool map_remove(struct map *m, uint64_t hash, uint32_t value);

#endif
