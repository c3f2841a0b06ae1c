#include "sync/rejects.h"

#include <stdlib.h>

static const int64_t WAIT_NS = 1000000000;

int rejects_init(struct rejects *r, struct error *err) {
  *r = (struct rejects){.at = calloc(REJECTS_MAX, sizeof *r->at),
                        .texts = ARENA_WITH_LIMIT(REJECTS_BYTES)};
  return r->at ? 0 : error_set(err, ERROR_MEMORY, "out of memory for rejects");
}

void rejects_free(struct rejects *r) {
  free(r->at);
  arena_free(&r->texts);
  *r = (struct rejects){0};
}

bool rejects_add(struct rejects *r, const struct reject *reject, int64_t now_ns) {
  struct reject *to = &r->at[r->len];
  if (r->len == REJECTS_MAX) return false;
  *to = *reject;
  struct slice *const texts[] = {&to->key,  &to->row,     &to->file,
                                 &to->code, &to->message, &to->field};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (!arena_copy(&r->texts, *texts[i], texts[i])) return false;
  if (r->len++ == 0) r->first_ns = now_ns;
  return true;
}

void rejects_clear(struct rejects *r) {
  r->len = 0;
  arena_clear(&r->texts);
}

int64_t rejects_due(const struct rejects *r) { return r->len ? r->first_ns + WAIT_NS : INT64_MAX; }
