#include "scene.h"

#include <sqlite3.h>

static struct reject a_reject(const char *key, uint64_t content) {
  return (struct reject){.key = slice_of(key),
                         .content = content,
                         .row = SLICE("{\"name\":\"\"}"),
                         .file = SLICE("data/p.csv"),
                         .line = 12,
                         .code = SLICE("empty"),
                         .message = SLICE("name is \"empty\""),
                         .field = SLICE("name"),
                         .at_ms = SCENE_NOW_MS};
}

static void reject(struct scene *x, const char *key, uint64_t content) {
  struct reject r = a_reject(key, content);
  struct commit c = {.rejects = &r, .rejects_len = 1};
  OK(x, stream_commit(x->st, &c, &x->err));
}

static size_t list(struct scene *x, const struct reject_filter *filter, struct reject *to,
                   size_t cap) {
  size_t n;
  OK(x, reject_list(x->s, filter, 0, to, cap, &n, &x->err));
  return n;
}

static int64_t count(struct scene *x) {
  int64_t rows;
  OK(x, reject_count(x->s, &(struct reject_filter){0}, &rows, &x->err));
  return rows;
}

static void a_rejected_key_stays_so_while_its_content_does(void **state) {
  struct scene x;
  (void)state;
  scene_begin(&x);
  assert_false(scene_find(&x, "a").is_rejected);
  reject(&x, "a", 77);
  for (int round = 0; round < 2; round++) {
    struct known k = scene_find(&x, "a");
    assert_true(k.is_rejected);
    assert_true(k.rejected_content == 77);
    assert_false(scene_find(&x, "b").is_rejected);
    scene_reopen(&x);
  }
  scene_end(&x);
}

static void a_row_refused_before_it_was_one_is_never_unchanged(void **state) {
  struct scene x;
  (void)state;
  scene_begin(&x);
  reject(&x, "a", 0);
  assert_false(scene_find(&x, "a").is_rejected);
  assert_int_equal(count(&x), 1);
  scene_end(&x);
}

static void a_key_is_in_the_list_once_with_its_last_reason(void **state) {
  struct scene x;
  struct reject r[2];
  (void)state;
  scene_begin(&x);
  reject(&x, "a", 77);
  reject(&x, "a", 78);
  assert_int_equal(list(&x, &(struct reject_filter){0}, r, 2), 1);
  assert_true(r[0].content == 78);
  scene_end(&x);
}

static void a_row_without_key_is_in_the_list_once(void **state) {
  struct scene x;
  (void)state;
  scene_begin(&x);
  reject(&x, "", 0);
  reject(&x, "", 0);
  assert_int_equal(count(&x), 1);
  struct reject other = a_reject("", 0);
  other.row = SLICE("{\"name\":3}");
  struct commit c = {.rejects = &other, .rejects_len = 1};
  OK(&x, stream_commit(x.st, &c, &x.err));
  assert_int_equal(count(&x), 2);
  scene_end(&x);
}

static void an_acknowledged_row_leaves_the_list_by_itself(void **state) {
  struct scene x;
  (void)state;
  scene_begin(&x);
  reject(&x, "a", 77);
  reject(&x, "b", 78);
  reject(&x, "c", 79);
  scene_reopen(&x);
  scene_ack(&x, "a", 1, "\"A\"");
  assert_int_equal(count(&x), 2);
  assert_false(scene_find(&x, "a").is_rejected);
  struct slice cleared[] = {SLICE("b"), SLICE("never rejected")};
  struct commit c = {.cleared = cleared, .cleared_len = 2};
  OK(&x, stream_commit(x.st, &c, &x.err));
  assert_int_equal(count(&x), 1);
  assert_true(scene_find(&x, "c").is_rejected);
  scene_end(&x);
}

static void a_retried_reject_stays_in_the_list_and_is_sent(void **state) {
  struct scene x;
  struct reject r[1];
  int64_t rows;
  (void)state;
  scene_begin(&x);
  reject(&x, "a", 77);
  reject(&x, "b", 78);
  OK(&x, reject_retry(x.s, &(struct reject_filter){.key = SLICE("a")}, &rows, &x.err));
  assert_int_equal(rows, 1);
  assert_false(scene_find(&x, "a").is_rejected);
  assert_true(scene_find(&x, "b").is_rejected);
  assert_int_equal(list(&x, &(struct reject_filter){.key = SLICE("a")}, r, 1), 1);
  assert_true(r[0].is_retry);
  reject(&x, "a", 77); /* refused again */
  assert_true(scene_find(&x, "a").is_rejected);
  scene_end(&x);
}

static void rejects_are_chosen_by_stream_url_run_and_key(void **state) {
  struct scene x;
  struct reject r[4];
  struct run_record run = {.run = "01JD0000000000000000000001", .script = SLICE("s.lua")};
  (void)state;
  scene_begin(&x);
  OK(&x, run_record_begin(x.s, &run, &x.err));
  reject(&x, "a", 1);
  struct reject of_run = a_reject("b", 2);
  struct commit c = {.rejects = &of_run, .rejects_len = 1, .run = run.number};
  OK(&x, stream_commit(x.st, &c, &x.err));
  stream_close(x.st);
  OK(&x, scene_stream(&x, "other", false));
  reject(&x, "a", 3);
  const struct {
    struct reject_filter filter;
    size_t rows;
  } cases[] = {
      {{.run = {0}}, 3},
      {{.stream = SLICE("crm")}, 2},
      {{.stream = SLICE("crm"), .key = SLICE("a")}, 1},
      {{.key = SLICE("a")}, 2},
      {{.run = slice_of(run.run)}, 1},
      {{.base_url = SLICE("https://hoko.to/api")}, 3},
      {{.base_url = SLICE("https://elsewhere")}, 0},
      {{.number = 2}, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_int_equal(list(&x, &cases[i].filter, r, 4), cases[i].rows);
  int64_t rows;
  OK(&x, reject_drop(x.s, &cases[1].filter, &rows, &x.err));
  assert_int_equal(rows, 2);
  assert_int_equal(count(&x), 1);
  scene_end(&x);
}

static void rejects_come_in_pages(void **state) {
  struct scene x;
  struct reject r[2];
  size_t n;
  (void)state;
  scene_begin(&x);
  reject(&x, "a", 1);
  reject(&x, "b", 2);
  reject(&x, "c", 3);
  assert_int_equal(list(&x, &(struct reject_filter){0}, r, 2), 2);
  OK(&x, reject_list(x.s, &(struct reject_filter){0}, r[1].number, r, 2, &n, &x.err));
  assert_int_equal(n, 1);
  assert_slice(r[0].key, "c");
  scene_end(&x);
}

static void one_more_than_a_million_is_an_error_that_tells_the_way_out(void **state) {
  ONLY_OF_FILES();
  static const char fill[] =
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999999)"
      " INSERT INTO reject (stream, content, row_hash, line, status, at, retry)"
      " SELECT 1, 0, i, 0, 0, 0, 0 FROM n";
  struct scene x;
  sqlite3 *db;
  int64_t rows;
  (void)state;
  scene_begin(&x);
  assert_int_equal(sqlite3_open(x.path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, fill, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
  reject(&x, "the last", 1);
  struct reject r = a_reject("one more", 2);
  struct commit c = {.rejects = &r, .rejects_len = 1};
  assert_int_equal(stream_commit(x.st, &c, &x.err), -1);
  assert_int_equal(x.err.code, ERROR_STATE);
  assert_says(x.err.message, "1000000 rejects");
  assert_says(x.err.hint, "hoko rejects drop --stream 'crm'");
  OK(&x, reject_drop(x.s, &(struct reject_filter){.number = 7}, &rows, &x.err));
  OK(&x, stream_commit(x.st, &c, &x.err)); /* there is room again, and it is seen */
  scene_end(&x);
}

static void a_reject_is_a_line_of_the_contract(void **state) {
  struct scene x;
  struct reject r[2];
  struct buf line = BUF_WITH_LIMIT(4096);
  (void)state;
  scene_begin(&x);
  reject(&x, "a\"b", 77);
  assert_int_equal(list(&x, &(struct reject_filter){0}, r, 2), 1);
  reject_put_json(&line, &r[0]);
  assert_string_equal(buf_text(&line),
                      "{\"run\":null,\"stream\":\"crm\",\"key\":\"a\\\"b\",\"row\":{\"name\":\"\"},"
                      "\"source\":{\"file\":\"data/p.csv\",\"line\":12},\"code\":\"empty\","
                      "\"message\":\"name is \\\"empty\\\"\",\"field\":\"name\",\"status\":null,"
                      "\"at\":\"1970-01-20T16:13:20.000Z\"}\n");
  buf_clear(&line);
  reject_put_json(&line, &(struct reject){.status = 400, .code = SLICE("refused")});
  assert_string_equal(buf_text(&line),
                      "{\"run\":null,\"stream\":null,\"key\":null,\"row\":null,"
                      "\"source\":{\"file\":null,\"line\":null},\"code\":\"refused\","
                      "\"message\":null,\"field\":null,\"status\":400,"
                      "\"at\":\"1970-01-01T00:00:00.000Z\"}\n");
  buf_free(&line);
  scene_end(&x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_rejected_key_stays_so_while_its_content_does),
      cmocka_unit_test(a_row_refused_before_it_was_one_is_never_unchanged),
      cmocka_unit_test(a_key_is_in_the_list_once_with_its_last_reason),
      cmocka_unit_test(a_row_without_key_is_in_the_list_once),
      cmocka_unit_test(an_acknowledged_row_leaves_the_list_by_itself),
      cmocka_unit_test(a_retried_reject_stays_in_the_list_and_is_sent),
      cmocka_unit_test(rejects_are_chosen_by_stream_url_run_and_key),
      cmocka_unit_test(rejects_come_in_pages),
      cmocka_unit_test(one_more_than_a_million_is_an_error_that_tells_the_way_out),
      cmocka_unit_test(a_reject_is_a_line_of_the_contract),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
