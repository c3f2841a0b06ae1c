/* What is taken lies within the bytes, and is the same when put and taken again. */
#include "base/row.h"

#include "check.h"

static void check_inside(struct slice all, struct slice part) {
  check(part.ptr >= all.ptr && part.len <= all.len);
  check((size_t)(part.ptr - all.ptr) <= all.len - part.len);
}

static void check_round(const struct row *r) {
  struct buf b = BUF_WITH_LIMIT(1 << 24);
  struct row back;
  row_put(&b, r);
  struct slice bytes = buf_slice(&b);
  check(bytes.len == row_size(r));
  check(row_take(&bytes, &back) && bytes.len == 0);
  check(back.line == r->line && slice_equal(back.key, r->key) && slice_equal(back.id, r->id));
  for (int f = 0; f < ROW_FIELDS; f++) check(slice_equal(back.field[f], r->field[f]));
  buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct slice bytes = {(const char *)data, len}, before = bytes;
  struct row r;
  while (row_take(&bytes, &r)) {
    check(bytes.ptr == before.ptr + row_size(&r) && bytes.len == before.len - row_size(&r));
    check_inside(before, r.key);
    check_inside(before, r.id);
    for (int f = 0; f < ROW_FIELDS; f++) check_inside(before, r.field[f]);
    check_round(&r);
    before = bytes;
  }
  check(slice_equal(bytes, before));
  return 0;
}
