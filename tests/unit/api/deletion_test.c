/* The body of a DELETE, and which answers to it count. */
#include "api/deletion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define A "7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11"
#define B "c2a9b7d4-88f1-4f6d-b0e6-91d27a5c4402"

static void a_body_is_an_array_of_ids(void **unused) {
  (void)unused;
  struct uuid ids[2];
  struct buf body = BUF_WITH_LIMIT(1024);
  assert_true(uuid_parse(SLICE(A), &ids[0]) && uuid_parse(SLICE(B), &ids[1]));
  deletion_put(&body, ids, 2);
  assert_true(slice_is(buf_slice(&body), "[\"" A "\",\"" B "\"]"));
  buf_free(&body);
}

static const struct {
  const char *body;
  int len; /* -1: it does not count */
} answers[] = {
    {"{\"deletedIds\":[\"" A "\",\"" B "\"]}", 2},
    {"{\"x\":{\"deletedIds\":[1]},\"deletedIds\":[\"" A "\"],\"y\":[[]]}", 1},
    {"{\"deletedIds\":[]}", 0},
    {"{\"deletedIds\":[\"" A "\",\"" B "\",\"" A "\"]}", -1}, /* more than were asked for */
    {"{\"deletedIds\":[\"no id\"]}", -1},
    {"{\"deletedIds\":[7]}", -1},
    {"{\"deletedIds\":\"" A "\"}", -1},
    {"{\"deletedIds\":[\"" A "\"", -1},
    {"{}", -1},
    {"[]", -1},
    {"", -1},
    {"<html>", -1},
};

static void only_a_whole_answer_counts(void **unused) {
  (void)unused;
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    struct uuid ids[2];
    size_t len;
    int rc = deletion_read(slice_of(answers[i].body), ids, 2, &len);
    if (rc ? answers[i].len != -1 : (int)len != answers[i].len)
      fail_msg("%s: %d", answers[i].body, rc);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_body_is_an_array_of_ids),
      cmocka_unit_test(only_a_whole_answer_counts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
