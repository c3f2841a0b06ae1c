#include "sync/twins.h"

#include <stdlib.h>

static int by_content(const void *a, const void *b, void *user) {
  const struct looked *partners = user;
  uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
  uint64_t one = partners[i].exact, other = partners[j].exact;
  if (one != other) return one < other ? -1 : 1;
  return (i > j) - (i < j);
}

/* The first of ours in GROUP; LEN: none is. */
static size_t first_of_ours(const uint32_t *group, size_t len, const bool *is_ours) {
  size_t i = 0;
  while (i < len && !is_ours[group[i]]) i++;
  return i;
}

size_t twins_find(const struct looked *partners, size_t len, const bool *is_ours, uint32_t *scratch,
                  struct twin *to, size_t cap) {
  size_t found = 0;
  for (uint32_t i = 0; i < len; i++) scratch[i] = i;
  /* Only read: the comparison has no other way to see the partners. */
  qsort_r(scratch, len, sizeof *scratch, by_content, (void *)(uintptr_t)partners);
  for (size_t from = 0, end; from < len; from = end) {
    for (end = from + 1; end < len; end++)
      if (partners[scratch[end]].exact != partners[scratch[from]].exact) break;
    size_t ours = from + first_of_ours(scratch + from, end - from, is_ours);
    for (size_t i = from; ours < end && i < end; i++) {
      if (is_ours[scratch[i]]) continue; /* two rows of ours may be equal */
      if (found < cap)
        to[found] = (struct twin){partners[scratch[ours]].id, partners[scratch[i]].id};
      found++;
    }
  }
  return found;
}
