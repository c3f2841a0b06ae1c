/* Queries of SQLite; those of PostgreSQL are tried with a server, in tests/system/sql_test.py. */
#include "memory_fault.h"
#include "state/query.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

struct scene {
  char dir[64], file[96];
  int looks; /* until it is not wanted any more; negative: always wanted */
  struct query *q;
  struct buf frame;
  struct error err;
};

static bool is_wanted(void *user) {
  struct scene *x = user;
  return x->looks < 0 || x->looks-- > 0;
}

static int setup(void **state) {
  static struct scene x;
  x = (struct scene){
      .dir = "/tmp/hoko-query-XXXXXX", .looks = -1, .frame = BUF_WITH_LIMIT(QUERY_FRAME_MAX)};
  if (!mkdtemp(x.dir)) return -1;
  (void)snprintf(x.file, sizeof x.file, "%s/a.db", x.dir);
  sqlite3 *db;
  int rc =
      sqlite3_open(x.file, &db) || sqlite3_exec(db,
                                                "CREATE TABLE p (code INTEGER, name TEXT);"
                                                "INSERT INTO p VALUES (1, 'Al Noor'), (2, NULL)",
                                                NULL, NULL, NULL);
  sqlite3_close(db);
  *state = &x;
  return rc;
}

static int teardown(void **state) {
  struct scene *x = *state;
  query_close(x->q);
  buf_free(&x->frame);
  return unlink(x->file) || rmdir(x->dir);
}

static int open_with(struct scene *x, const char *sql, const struct cell *params,
                     size_t params_len) {
  struct dsn dsn;
  if (dsn_parse(&dsn, "sqlite:a.db", &x->err)) return -1;
  struct query_options o = {.dsn = &dsn,
                            .file = x->file,
                            .sql = sql,
                            .params = params,
                            .params_len = params_len,
                            .clock = &clock_real,
                            .is_wanted = is_wanted,
                            .user = x};
  int rc = query_open(&x->q, &o, &x->err);
  dsn_free(&dsn);
  return rc;
}

static void reopen(struct scene *x) {
  query_close(x->q);
  x->q = NULL;
  buf_clear(&x->frame);
}

static struct cell next_cell(struct slice *rest) {
  struct cell c;
  assert_true(cell_take(rest, &c));
  return c;
}

static void rows_come_as_cells_with_the_names_of_their_columns(void **state) {
  struct scene *x = *state;
  const struct cell params[] = {{.kind = CELL_INTEGER, .integer = 1},
                                {.kind = CELL_TEXT, .text = SLICE("x")}};
  assert_int_equal(
      open_with(x, "SELECT code, name, ?2 AS x, 0.5 AS f FROM p WHERE code >= ?1 ORDER BY code",
                params, 2),
      0);
  assert_int_equal(query_columns_len(x->q), 4);
  assert_string_equal(query_column(x->q, 3), "f");
  assert_int_equal(query_step(x->q, &x->frame, &x->err), QUERY_ENDED);
  struct slice rest = buf_slice(&x->frame);
  assert_int_equal(next_cell(&rest).integer, 1);
  assert_true(slice_is(next_cell(&rest).text, "Al Noor"));
  assert_true(slice_is(next_cell(&rest).text, "x"));
  assert_true(next_cell(&rest).real == 0.5);
  assert_int_equal(next_cell(&rest).integer, 2);
  assert_int_equal(next_cell(&rest).kind, CELL_NULL);
  assert_int_equal(query_step(x->q, &x->frame, &x->err), QUERY_ENDED);
}

static void a_frame_is_filled_and_no_more(void **state) {
  struct scene *x = *state;
  assert_int_equal(
      open_with(x,
                "WITH RECURSIVE c(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM c) SELECT i FROM c",
                NULL, 0),
      0);
  assert_int_equal(query_step(x->q, &x->frame, &x->err), QUERY_FULL);
  assert_in_range(x->frame.len, QUERY_FRAME_FULL, QUERY_FRAME_FULL + 9);
  size_t len = x->frame.len;
  assert_int_equal(query_step(x->q, &x->frame, &x->err), QUERY_FULL);
  assert_int_equal(x->frame.len, len);
}

static void a_step_that_takes_long_asks_whether_it_is_wanted(void **state) {
  struct scene *x = *state;
  assert_int_equal(
      open_with(
          x,
          "WITH RECURSIVE c(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM c) SELECT max(i) FROM c",
          NULL, 0),
      0);
  x->looks = 3;
  assert_int_equal(query_step(x->q, &x->frame, &x->err), QUERY_FAILED);
  assert_string_equal(x->err.message, "interrupted");
}

static void the_rows_before_a_failure_are_good_and_it_names_its_row(void **state) {
  struct scene *x = *state;
  assert_int_equal(open_with(x, "SELECT 'a' AS t UNION ALL SELECT CAST(x'ff' AS TEXT)", NULL, 0),
                   0);
  assert_int_equal(query_step(x->q, &x->frame, &x->err), QUERY_FAILED);
  assert_string_equal(x->err.message, "column 't' is not valid UTF-8");
  assert_int_equal(x->err.line, 2);
  assert_int_equal(x->frame.len, 6);
}

static void columns_must_be_told_apart(void **state) {
  struct scene *x = *state;
  assert_int_equal(open_with(x, "SELECT 1 AS a, 2 AS a", NULL, 0), -1);
  assert_string_equal(x->err.message, "columns 1 and 2 are both named 'a'");
}

static void each_allocation_that_fails_is_told(void **state) {
  struct scene *x = *state;
  const struct cell param = {.kind = CELL_TEXT, .text = SLICE("x")};
  for (unsigned n = 1; memory_fault_begin(n), true; n++) {
    bool is_open = open_with(x, "SELECT code, name, ? AS x FROM p", &param, 1) == 0;
    bool is_read = is_open && query_step(x->q, &x->frame, &x->err) == QUERY_ENDED;
    if (!memory_fault_end()) {
      assert_true(is_read);
      return;
    }
    assert_false(is_read);
    assert_int_equal(x->err.code, ERROR_MEMORY);
    reopen(x);
    buf_free(&x->frame);
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(rows_come_as_cells_with_the_names_of_their_columns),
      TEST(a_frame_is_filled_and_no_more),
      TEST(a_step_that_takes_long_asks_whether_it_is_wanted),
      TEST(the_rows_before_a_failure_are_good_and_it_names_its_row),
      TEST(columns_must_be_told_apart),
      TEST(each_allocation_that_fails_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
