/* What a worker may ask of an upsert, and what no worker of ours asks. */
#include "host/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static int read_text(struct upsert_options *o, const char *json) {
  struct error err;
  int rc = upsert_options_read(o, slice_of(json), &err);
  if (rc) assert_int_equal(err.code, ERROR_INTERNAL);
  return rc;
}

static void what_is_not_told_has_its_default(void **unused) {
  struct upsert_options o;
  (void)unused;
  assert_int_equal(read_text(&o, "{}"), 0);
  assert_int_equal(o.batch_rows, 10000);
  assert_int_equal(o.batch_bytes, 4 << 20);
  assert_int_equal(o.concurrency, 4);
  assert_false(o.has_stream || o.has_key || o.send_all || o.dry_run || o.wants_objects);
}

static void each_option_is_taken(void **unused) {
  struct upsert_options o;
  (void)unused;
  assert_int_equal(
      read_text(
          &o, "{\"stream\":\"a\\u0062\",\"key_name\":\"ref\",\"verb\":\"create\",\"has_key\":true,"
              "\"send_all\":true,\"wants_objects\":true,\"wants_all_rejects\":true,"
              "\"wants_drops\":true,\"dry_run\":true,\"batch_rows\":7,\"batch_bytes\":2048,"
              "\"concurrency\":64}"),
      0);
  assert_true(o.has_stream && o.has_key && o.send_all && o.wants_objects && o.wants_all_rejects &&
              o.wants_drops && o.dry_run);
  assert_string_equal(o.stream, "ab");
  assert_string_equal(o.key_name, "ref");
  assert_string_equal(o.verb, "create");
  assert_int_equal(o.batch_rows, 7);
  assert_int_equal(o.batch_bytes, 2048);
  assert_int_equal(o.concurrency, 64);
}

static void null_is_as_if_it_were_not_there(void **unused) {
  struct upsert_options o;
  (void)unused;
  assert_int_equal(read_text(&o, "{\"stream\":null,\"batch_rows\":null,\"has_key\":null}"), 0);
  assert_false(o.has_stream || o.has_key);
  assert_int_equal(o.batch_rows, 10000);
}

static void anything_else_is_refused(void **unused) {
  static const char *const texts[] = {"",
                                      "null",
                                      "[]",
                                      "5",
                                      "{",
                                      "{\"batch_rows\"}",
                                      "{\"batch_rows\":}",
                                      "{\"batch_rows\":0}",
                                      "{\"batch_rows\":10001}",
                                      "{\"batch_rows\":-1}",
                                      "{\"batch_rows\":1.5}",
                                      "{\"batch_rows\":1e3}",
                                      "{\"batch_rows\":\"7\"}",
                                      "{\"batch_rows\":[7]}",
                                      "{\"batch_rows\":99999999999999999999}",
                                      "{\"batch_bytes\":1023}",
                                      "{\"batch_bytes\":67108865}",
                                      "{\"concurrency\":0}",
                                      "{\"concurrency\":65}",
                                      "{\"has_key\":1}",
                                      "{\"has_key\":\"true\"}",
                                      "{\"stream\":5}",
                                      "{\"stream\":{}}",
                                      "{\"stream\":\"\\ud800\"}",
                                      "{\"unknown\":1}",
                                      "{\"\":1}",
                                      "{\"stream\":\"a\" \"verb\":\"b\"}",
                                      "{\"verb\":\"a text of more than fifteen bytes\"}"};
  (void)unused;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct upsert_options o;
    if (read_text(&o, texts[i]) == 0) fail_msg("%s", texts[i]);
  }
}

static void the_longest_stream_fits_and_a_longer_one_does_not(void **unused) {
  struct upsert_options o;
  char json[600];
  (void)unused;
  for (int len = 511; len <= 512; len++) {
    (void)snprintf(json, sizeof json, "{\"stream\":\"%0*d\"}", len, 0);
    assert_int_equal(read_text(&o, json), len == 511 ? 0 : -1);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_not_told_has_its_default),
      cmocka_unit_test(each_option_is_taken),
      cmocka_unit_test(null_is_as_if_it_were_not_there),
      cmocka_unit_test(anything_else_is_refused),
      cmocka_unit_test(the_longest_stream_fits_and_a_longer_one_does_not),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
