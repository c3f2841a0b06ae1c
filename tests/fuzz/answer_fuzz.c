/* An answer in pieces says what it says whole; what is complete can be taken apart
 * again: each object gives the fields that were hashed. */
#include "api/answer.h"

#include "check.h"

static const struct answer_options options = {
    .partners_max = 50, .bytes_max = 64 << 10, .keeps_text = true, .key = {1, 2}};

static void feed(struct answer *a, struct slice body, size_t step) {
  struct error err;
  check(answer_init(a, &options, &err) == 0);
  bool goes_on = true;
  for (size_t at = 0; at < body.len && goes_on; at += step)
    goes_on =
        answer_feed(a, (struct slice){body.ptr + at, body.len - at < step ? body.len - at : step});
  answer_end(a);
}

static void check_object(const struct answer *a, size_t i) {
  struct row row;
  struct uuid id;
  struct slice text = answer_text(a, i);
  check(text.len > 2 && text.ptr[0] == '{' && text.ptr[text.len - 1] == '}');
  check(answer_object(text, &row) == 0);
  check(uuid_parse(row.id, &id) && uuid_equal(&id, &a->partners[i].id));
  for (int f = 0; f < ROW_FIELDS; f++) {
    if (row.field[f].len > ROW_FIELD_MAX) continue; /* longer than what is ever sent */
    check(answer_hash_field(&options.key, row.field[f]) == a->partners[i].field_hash[f]);
  }
}

static void check_equal(const struct answer *a, const struct answer *b) {
  check(a->state == b->state && a->partners_len == b->partners_len);
  check(slice_equal(buf_slice(&a->text), buf_slice(&b->text)));
  for (size_t i = 0; i < a->partners_len; i++) {
    check(uuid_equal(&a->partners[i].id, &b->partners[i].id));
    check(slice_equal(answer_text(a, i), answer_text(b, i)));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  if (len == 0) return 0;
  struct slice body = {(const char *)data + 1, len - 1};
  struct answer whole, pieces;
  struct row row;
  feed(&whole, body, body.len ? body.len : 1);
  feed(&pieces, body, 1u + data[0]);
  check(whole.state != ANSWER_OPEN && (whole.state == ANSWER_WRONG) == (whole.reason != NULL));
  if (whole.state == ANSWER_COMPLETE) {
    check_equal(&whole, &pieces);
    for (size_t i = 0; i < whole.partners_len; i++) check_object(&whole, i);
  }
  check(pieces.state == whole.state);
  (void)!answer_object(body, &row); /* any bytes */
  answer_free(&whole);
  answer_free(&pieces);
  return 0;
}
