#include "scene.h"

#include "state/schema.h"

#include <sys/stat.h>

static int64_t number(struct scene *x, struct db *db, const char *sql) {
  int64_t n;
  OK(x, db_number(db, sql, 0, &n, &x->err));
  return n;
}

/* A hoko of the future: one step more than the first had. */
static const char *future[] = {NULL, "ALTER TABLE partner ADD COLUMN note TEXT"};
static const char *broken[] = {NULL, "ALTER TABLE nothing ADD COLUMN note TEXT"};

static const char partner_a[] =
    "INSERT INTO stream VALUES (1, 'crm', 'https://hoko.to/api', 0, 0, 0);"
    "INSERT INTO partner VALUES (4294967297, 'a', x'01000000000000000000000000000000', '\"A\"',"
    " NULL, NULL, 7, NULL, 42, 0);";

/* A state as the first hoko made it, with one partner. */
static void open_older(struct scene *x, struct db *db) {
  char folder[80];
  ONLY_OF_FILES();
  scene_folder(x);
  snprintf(folder, sizeof folder, "%s/.hoko", x->dir);
  assert_int_equal(mkdir(folder, 0700), 0);
  future[0] = broken[0] = schema_steps[0];
  OK(x, db_open(db, x->path, DB_SHARED, &x->err));
  OK(x, schema_apply(db, schema_steps, 1, &x->err));
  OK(x, db_exec(db, partner_a, &x->err));
}

static void an_older_state_is_brought_up_with_a_copy_beside(void **state) {
  struct scene x;
  struct db db, copy;
  char path[128];
  (void)state;
  open_older(&x, &db);
  OK(&x, schema_apply(&db, future, 2, &x.err));
  assert_int_equal(number(&x, &db, "PRAGMA user_version"), 2);
  assert_int_equal(number(&x, &db, "SELECT count(*) FROM partner WHERE note IS NULL"), 1);
  db_close(&db);

  snprintf(path, sizeof path, "%s.v1.backup", x.path);
  OK(&x, db_open(&copy, path, DB_LOOKED, &x.err));
  assert_int_equal(number(&x, &copy, "PRAGMA user_version"), 1);
  assert_int_equal(number(&x, &copy, "SELECT count(*) FROM partner"), 1);
  db_close(&copy);
  scene_end(&x);
}

static void a_step_that_fails_leaves_the_state_as_it_was(void **state) {
  struct scene x;
  struct db db;
  (void)state;
  open_older(&x, &db);
  assert_int_equal(schema_apply(&db, broken, 2, &x.err), -1);
  assert_says(x.err.message, "making version 2 of the state");
  assert_int_equal(number(&x, &db, "PRAGMA user_version"), 1);
  assert_int_equal(number(&x, &db, "SELECT count(*) FROM partner"), 1);
  db_close(&db);
  scene_open(&x);
  scene_end(&x);
}

static void who_may_not_write_refuses_an_older_state(void **state) {
  struct scene x;
  struct db db;
  (void)state;
  open_older(&x, &db);
  assert_int_equal(schema_require(&db, 2, &x.err), -1);
  assert_says(x.err.message, "version 1 of an older hoko");
  assert_says(x.err.hint, "hoko state check");
  db_close(&db);
  scene_end(&x);
}

static void what_the_first_hoko_kept_is_all_there(void **state) {
  struct scene x;
  struct db db;
  struct explained e;
  (void)state;
  open_older(&x, &db);
  db_close(&db);
  scene_open(&x);
  OK(&x, stream_explain(x.st, SLICE("a"), &e, &x.err));
  assert_true(e.is_known);
  assert_int_equal(e.line, 42);
  assert_int_equal(e.why, WHY_UNTOLD);
  assert_slice(e.field[ROW_NAME], "\"A\"");
  scene_end(&x);
}

static void run_at_server(const struct scene *x, const char *sql) {
  char command[700];
  snprintf(command, sizeof command, "psql -Xqv ON_ERROR_STOP=1 -d '%s' -c '%s'", x->url, sql);
  assert_int_equal(system(command), 0);
}

static void expect_refused(struct scene *x, bool is_reader, const char *message, const char *hint) {
  struct state_options o = {.url = x->url, .clock = &scene_clock, .is_reader = is_reader};
  assert_int_equal(state_open(&x->s, &o, &x->err), -1);
  assert_int_equal(x->err.code, ERROR_STATE);
  assert_says(x->err.message, message);
  assert_says(x->err.hint, hint);
  x->s = NULL;
}

static void a_server_of_the_first_hoko_is_read_once_it_is_brought_up(void **state) {
  struct scene x;
  struct explained e;
  (void)state;
  if (!scene_server()) skip();
  scene_begin(&x);
  scene_ack(&x, "a", 1, "\"A\"");
  scene_close(&x);
  run_at_server(&x, "ALTER TABLE hoko.partner DROP COLUMN why; UPDATE hoko.state SET version = 1");
  expect_refused(&x, true, "version 1 of an older hoko", "hoko state check");
  scene_open(&x);
  OK(&x, stream_explain(x.st, SLICE("a"), &e, &x.err));
  assert_true(e.is_known);
  scene_end(&x);
}

static void a_server_of_a_newer_hoko_is_refused_to_all(void **state) {
  struct scene x;
  (void)state;
  if (!scene_server()) skip();
  scene_begin(&x);
  scene_close(&x);
  run_at_server(&x, "UPDATE hoko.state SET version = 1000");
  expect_refused(&x, true, "version 1000, made by a newer hoko", "install that hoko");
  expect_refused(&x, false, "version 1000, made by a newer hoko", "install that hoko");
  scene_end(&x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_the_first_hoko_kept_is_all_there),
      cmocka_unit_test(a_server_of_the_first_hoko_is_read_once_it_is_brought_up),
      cmocka_unit_test(a_server_of_a_newer_hoko_is_refused_to_all),
      cmocka_unit_test(an_older_state_is_brought_up_with_a_copy_beside),
      cmocka_unit_test(a_step_that_fails_leaves_the_state_as_it_was),
      cmocka_unit_test(who_may_not_write_refuses_an_older_state),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
