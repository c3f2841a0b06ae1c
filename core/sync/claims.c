#include "sync/claims.h"

#include <stdlib.h>

enum { CAP_FIRST = 1024 };

int claims_add(struct claims *c, const struct uuid *id, struct error *err) {
  if (c->len == c->cap && c->cap < CLAIMS_MADE_MAX) {
    size_t cap = c->cap ? 2 * c->cap : CAP_FIRST;
    struct uuid *more = realloc(c->ids, cap * sizeof *more);
    if (!more) return error_set(err, ERROR_MEMORY, "out of memory for the ids of %zu creates", cap);
    c->ids = more;
    c->cap = cap;
  }
  c->ids[c->added++ % CLAIMS_MADE_MAX] = *id;
  if (c->len < c->cap) c->len++;
  return 0;
}

void claims_free(struct claims *c) {
  free(c->ids);
  *c = (struct claims){0};
}

static int compare_ids(const void *a, const void *b) {
  const struct uuid *one = a, *other = b;
  return memcmp(one->bytes, other->bytes, sizeof one->bytes);
}

int claims_mark(const struct claims *made, struct stream *st, const struct looked *partners,
                size_t len, bool *is_claimed, struct error *err) {
  size_t made_len = made ? made->len : 0, known_len = 0;
  struct uuid *ids = malloc((CLAIMS_KNOWN_MAX + made_len) * sizeof *ids);
  if (!ids) return error_set(err, ERROR_MEMORY, "out of memory for the ids of a stream");
  int rc = stream_sample(st, ids, CLAIMS_KNOWN_MAX, &known_len, err);
  if (rc == 0) {
    if (made_len) memcpy(ids + known_len, made->ids, made_len * sizeof *ids);
    qsort(ids, known_len + made_len, sizeof *ids, compare_ids);
    for (size_t i = 0; i < len; i++)
      is_claimed[i] =
          bsearch(&partners[i].id, ids, known_len + made_len, sizeof *ids, compare_ids) != NULL;
  }
  free(ids);
  return rc;
}
