#include "sync/batch.h"

#include "api/request.h"
#include "state/state.h"

#include <assert.h>
#include <stdlib.h>

/* Merged rows leave their old records behind, so the buffer may hold more than a body's worth. */
enum { RECORDS_SPARE = 4 };

int batch_init(struct batch *b, uint32_t number, const struct batch_limits *limits,
               struct error *err) {
  *b = (struct batch){.number = number, .rows_cap = limits->rows_max, .body_max = limits->body_max};
  b->records = BUF_WITH_LIMIT(RECORDS_SPARE * limits->body_max + (1 << 20));
  b->rows = calloc(limits->rows_max, sizeof *b->rows);
  if (b->rows) return 0;
  return error_set(err, ERROR_MEMORY, "out of memory for a batch of %u rows", limits->rows_max);
}

void batch_free(struct batch *b) {
  buf_free(&b->records);
  buf_free(&b->exchange.text);
  free(b->rows);
}

int flight_init(struct flight *f, const struct batch_limits *limits, struct error *err) {
  struct answer_options options = {.partners_max = limits->rows_max,
                                   .bytes_max = limits->answer_bytes_max,
                                   .keeps_text = true,
                                   .key = limits->key};
  f->body = BUF_WITH_LIMIT(limits->body_max);
  return answer_init(&f->answer, &options, err);
}

void flight_free(struct flight *f) {
  buf_free(&f->body);
  answer_free(&f->answer);
}

void batch_begin(struct batch *b, enum batch_kind kind) {
  buf_clear(&b->records);
  b->kind = kind;
  b->state = BATCH_OPEN;
  b->rows_len = 0;
  b->body_bytes = 2; /* the brackets */
  b->ranges_len = 0;
  b->tries = 0;
  b->refused_rows = 0;
  b->has_success = b->is_split = b->is_again = false;
  b->is_unrecorded = false;
}

/* Appends the record; false: the buffer is at its limit and stays as it was. */
static bool put_record(struct batch *b, const struct row *row, struct batch_row *r) {
  size_t at = b->records.len;
  row_put(&b->records, row);
  if (!buf_ok(&b->records)) {
    b->records.is_failed = false;
    return false;
  }
  r->at = (uint32_t)at;
  r->len = (uint32_t)(b->records.len - at);
  return true;
}

static struct row masked(struct row row, uint8_t mask) {
  for (int f = 0; f < ROW_FIELDS; f++)
    if (!(mask & 1u << f)) row.field[f] = (struct slice){NULL, 0};
  return row;
}

/* An update by key has its id from the state, not from the row. */
static void give_id(const struct batch *b, const struct uuid *id, struct row *row,
                    char text[UUID_TEXT_LEN]) {
  if (b->kind != BATCH_UPDATE || row->id.len) return;
  uuid_format(id, text);
  row->id = (struct slice){text, UUID_TEXT_LEN};
}

bool batch_add(struct batch *b, const struct row *row, const struct batch_row *as) {
  char id[UUID_TEXT_LEN];
  struct row sent = masked(*row, as->mask);
  give_id(b, &as->id, &sent, id);
  size_t size = request_row_size(&sent, b->kind == BATCH_CREATE);
  if (b->rows_len == b->rows_cap || b->body_bytes + size > b->body_max) return false;
  struct batch_row *r = &b->rows[b->rows_len];
  *r = *as;
  if (!put_record(b, row, r)) return false;
  b->body_bytes += size;
  b->rows_len++;
  return true;
}

struct row batch_row(const struct batch *b, uint32_t i) {
  struct row row = {.line = 0};
  struct slice record = {b->records.ptr + b->rows[i].at, b->rows[i].len};
  bool is_whole = row_take(&record, &row);
  assert(is_whole); /* we wrote it */
  (void)is_whole;
  return row;
}

struct row batch_sent_row(const struct batch *b, uint32_t i) {
  return masked(batch_row(b, i), b->rows[i].mask);
}

static uint8_t fields_of(const struct row *row) {
  uint8_t mask = 0;
  for (int f = 0; f < ROW_FIELDS; f++)
    if (row->field[f].len) mask = (uint8_t)(mask | 1u << f);
  return mask;
}

bool batch_merge(struct batch *b, uint32_t i, const struct row *row, uint64_t ordinal) {
  struct buf joined = BUF_WITH_LIMIT(SIZE_MAX >> 1);
  struct batch_row *r = &b->rows[i];
  uint8_t mask = (uint8_t)(r->mask | fields_of(row));
  struct row under = batch_row(b, i), merged = row_merged(&under, row);
  struct row sent_before = masked(under, r->mask), sent_after = masked(merged, mask);
  bool is_create = b->kind == BATCH_CREATE;
  size_t before = request_row_size(&sent_before, is_create),
         after = request_row_size(&sent_after, is_create);
  if (b->body_bytes - before + after > b->body_max) return false;
  row_put(&joined, &merged); /* records may move while it grows */
  struct slice bytes = buf_slice(&joined);
  bool is_put = buf_ok(&joined) && row_take(&bytes, &merged) && put_record(b, &merged, r);
  buf_free(&joined);
  if (!is_put) return false;
  b->body_bytes += after - before;
  r->ordinal = ordinal;
  r->mask = mask;
  if (!is_create) r->why = WHY_MERGED;
  return true;
}

void batch_remove(struct batch *b, uint32_t i) {
  char id[UUID_TEXT_LEN];
  struct row sent = batch_sent_row(b, i);
  give_id(b, &b->rows[i].id, &sent, id);
  b->body_bytes -= request_row_size(&sent, b->kind == BATCH_CREATE);
  b->rows[i] = b->rows[--b->rows_len];
}

int batch_put_records(const struct batch *b, struct buf *to) {
  struct range range = batch_range(b);
  for (uint32_t i = range.from; i < range.to; i++)
    buf_add(to, b->records.ptr + b->rows[i].at, b->rows[i].len);
  return buf_ok(to) ? 0 : -1;
}

int batch_assemble(struct batch *b, struct error *err) {
  struct range range = batch_range(b);
  buf_clear(&b->flight->body);
  buf_add_char(&b->flight->body, '[');
  for (uint32_t i = range.from; i < range.to; i++) {
    char id[UUID_TEXT_LEN];
    struct row row = batch_sent_row(b, i);
    give_id(b, &b->rows[i].id, &row, id);
    request_put_row(&b->flight->body, &row, b->kind == BATCH_CREATE, i == range.from);
  }
  buf_add_char(&b->flight->body, ']');
  if (!buf_ok(&b->flight->body))
    return error_set(err, ERROR_MEMORY, "out of memory for a request of %zu bytes", b->body_bytes);
  return 0;
}
