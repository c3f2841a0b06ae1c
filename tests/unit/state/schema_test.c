#include "scene.h"

#include "state/schema.h"

static int64_t number(struct scene *x, struct db *db, const char *sql) {
  int64_t n;
  OK(x, db_number(db, sql, 0, &n, &x->err));
  return n;
}

/* A hoko of the future: one step more than this one has. */
static const char *future[] = {NULL, "ALTER TABLE partner ADD COLUMN note TEXT"};
static const char *broken[] = {NULL, "ALTER TABLE nothing ADD COLUMN note TEXT"};

static void open_older(struct scene *x, struct db *db) {
  scene_begin(x);
  scene_ack(x, "a", 1, "\"A\"");
  scene_close(x);
  future[0] = broken[0] = schema_steps[0];
  OK(x, db_open(db, x->path, DB_SHARED, &x->err));
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_older_state_is_brought_up_with_a_copy_beside),
      cmocka_unit_test(a_step_that_fails_leaves_the_state_as_it_was),
      cmocka_unit_test(who_may_not_write_refuses_an_older_state),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
