#include "sync/held_rows.h"

#include <stdlib.h>

enum {
  ROWS_MAX = 1 << 20, /* of one settling; the rest stays held for the next */
  LIST_STEP = 256,
};

static int no_memory(struct error *err) {
  return error_set(err, ERROR_MEMORY, "out of memory for the held rows");
}

static int add(struct held_rows *h, const struct held *held, struct error *err) {
  if (h->len % LIST_STEP == 0) {
    struct held_row *more = realloc(h->at, (h->len + LIST_STEP) * sizeof *more);
    if (!more) return no_memory(err);
    h->at = more;
  }
  struct held_row *row = &h->at[h->len++];
  *row = (struct held_row){.number = held->number,
                           .sent_at_ms = held->sent_at_ms,
                           .at = h->records.len,
                           .is_keyed = held->row.key.len > 0};
  row_put(&h->records, &held->row);
  row->len = h->records.len - row->at;
  return buf_ok(&h->records) ? 0 : no_memory(err);
}

static int read_all(struct held_rows *h, struct stream *st, struct error *err) {
  struct held some[LIST_STEP];
  int64_t after = 0;
  size_t n;
  do {
    if (held_list(st, after, some, LIST_STEP, &n, err)) return -1;
    for (size_t i = 0; i < n; i++)
      if (add(h, &some[i], err)) return -1;
    if (n) after = some[n - 1].number;
  } while (n && h->len < ROWS_MAX);
  return 0;
}

int held_rows_read(struct held_rows *h, struct stream *st, const struct hash_key *key,
                   struct error *err) {
  *h = (struct held_rows){.records = BUF_WITH_LIMIT(SIZE_MAX >> 1)};
  if (read_all(h, st, err)) return -1;
  if (h->len == 0) return 0;
  h->pairs = calloc(h->len, sizeof *h->pairs);
  if (!h->pairs) return no_memory(err);
  for (size_t i = 0; i < h->len; i++) {
    struct row row = held_rows_row(h, i);
    h->pairs[i] = pair_row_of(&row, key);
  }
  return 0;
}

void held_rows_free(struct held_rows *h) {
  buf_free(&h->records);
  free(h->at);
  free(h->pairs);
  *h = (struct held_rows){0};
}

struct row held_rows_row(const struct held_rows *h, size_t i) {
  struct row row = {.line = 0};
  struct slice record = {h->records.ptr + h->at[i].at, h->at[i].len};
  if (!row_take(&record, &row)) row = (struct row){.line = 0}; /* it was read as a record: never */
  return row;
}

int64_t held_rows_oldest_ms(const struct held_rows *h) {
  int64_t oldest = INT64_MAX;
  for (size_t i = 0; i < h->len; i++)
    if (h->at[i].sent_at_ms < oldest) oldest = h->at[i].sent_at_ms;
  return oldest;
}
