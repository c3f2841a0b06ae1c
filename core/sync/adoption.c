#include "sync/adoption.h"

#include <stdlib.h>

enum { COMMIT_ROWS = 5000 };

/* What waits for the next commit. */
struct adoption {
  struct ack acks[COMMIT_ROWS];
  uint64_t made[COMMIT_ROWS];
  int64_t settled[COMMIT_ROWS];
  size_t acks_len, made_len, settled_len;
};

static int commit(const struct adoption_options *o, struct adoption *a, int64_t *adopted,
                  struct error *err) {
  struct commit c = {.acks = a->acks,
                     .acks_len = a->acks_len,
                     .made = a->made,
                     .made_len = a->made_len,
                     .settled = a->settled,
                     .settled_len = a->settled_len,
                     .run = o->run};
  if (a->settled_len == 0) return 0;
  if (stream_commit(o->stream, &c, err)) return -1;
  *adopted += (int64_t)a->settled_len;
  for (size_t i = 0; o->seen && i < a->acks_len; i++) seen_add(o->seen, a->acks[i].seq);
  a->acks_len = a->made_len = a->settled_len = 0;
  return 0;
}

static void adopt(const struct adoption_options *o, struct adoption *a, const struct held_rows *h,
                  size_t i) {
  struct row row = held_rows_row(h, i);
  a->settled[a->settled_len++] = h->at[i].number;
  if (!row.key.len) {
    a->made[a->made_len++] = state_row_hash(o->state, &row);
    return;
  }
  struct ack *ack = &a->acks[a->acks_len++];
  *ack = (struct ack){.line = row.line,
                      .key = row.key,
                      .id = o->partners[h->pairs[i].partner].id,
                      .sent_at_ms = h->at[i].sent_at_ms,
                      .why = WHY_FOUND};
  memcpy(ack->field, row.field, sizeof ack->field);
}

static void drop_found(struct held_rows *h) {
  size_t kept = 0;
  for (size_t i = 0; i < h->len; i++)
    if (h->pairs[i].what != PAIR_FOUND) held_rows_move(h, kept++, i);
  h->len = kept;
}

int adoption_commit(const struct adoption_options *o, struct held_rows *h, int64_t *adopted,
                    struct error *err) {
  struct adoption *a = calloc(1, sizeof *a);
  if (!a) return error_set(err, ERROR_MEMORY, "out of memory for settling %zu rows", h->len);
  int rc = 0;
  for (size_t i = 0; rc == 0 && i < h->len; i++) {
    if (h->pairs[i].what != PAIR_FOUND) continue;
    adopt(o, a, h, i);
    if (a->settled_len == COMMIT_ROWS) rc = commit(o, a, adopted, err);
  }
  if (rc == 0) rc = commit(o, a, adopted, err);
  if (rc == 0) drop_found(h);
  free(a);
  return rc;
}
