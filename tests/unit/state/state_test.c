#include "scene.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sqlite3.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

static unsigned mode_of(const char *path) {
  struct stat st;
  assert_int_equal(stat(path, &st), 0);
  return st.st_mode & 0777;
}

static void run_sql(const char *path, const char *sql) {
  sqlite3 *db;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
}

static void expect_refused(struct scene *x, enum error_code code, const char *message,
                           const char *hint) {
  struct state_options o = {.url = x->url, .clock = &scene_clock};
  assert_int_equal(state_open(&x->s, &o, &x->err), -1);
  assert_int_equal(x->err.code, code);
  assert_says(x->err.message, message);
  assert_says(x->err.hint, hint);
  x->s = NULL;
}

static void folder_and_file_are_the_owners_alone(void **state) {
  struct scene x;
  char folder[96];
  (void)state;
  umask(0);
  scene_begin(&x);
  snprintf(folder, sizeof folder, "%s/.hoko", x.dir);
  assert_int_equal(mode_of(folder), 0700);
  assert_int_equal(mode_of(x.path), 0600);
  scene_ack(&x, "a", 1, "\"A\"");
  snprintf(folder, sizeof folder, "%s/.hoko/state.db-journal", x.dir);
  assert_int_equal(mode_of(folder), 0600);
  scene_end(&x);
}

static void the_journal_is_no_wal_and_syncs_are_extra(void **state) {
  struct scene x;
  unsigned char head[20];
  (void)state;
  scene_begin(&x);
  scene_ack(&x, "a", 1, "\"A\"");
  int fd = open(x.path, O_RDONLY);
  assert_int_equal(read(fd, head, sizeof head), sizeof head);
  close(fd);
  assert_int_equal(head[18], 1); /* the file format: 1 rollback journal, 2 WAL */
  assert_int_equal(head[19], 1);
  scene_end(&x);
}

static void a_wal_database_is_made_none_or_refused(void **state) {
  struct scene x;
  sqlite3 *db;
  (void)state;
  scene_begin(&x);
  scene_ack(&x, "a", 1, "\"A\"");
  scene_close(&x);
  run_sql(x.path, "PRAGMA journal_mode = WAL; CREATE TABLE t (x); DROP TABLE t");
  scene_open(&x);
  assert_true(scene_find(&x, "a").seq > 0);
  scene_close(&x);
  assert_int_equal(sqlite3_open(x.path, &db), SQLITE_OK);
  assert_int_equal(
      sqlite3_exec(db, "PRAGMA journal_mode = WAL; SELECT * FROM stream", NULL, NULL, NULL),
      SQLITE_OK);
  struct state_options o = {.url = x.url, .clock = &scene_clock, .is_reader = true};
  for (int i = 0; i < 2; i++, o.is_reader = false) {
    assert_int_equal(state_open(&x.s, &o, &x.err), -1);
    assert_int_equal(x.err.code, ERROR_STATE);
    assert_says(x.err.hint, "close what has it open");
  }
  sqlite3_close(db);
  x.s = NULL;
  scene_end(&x);
}

static void what_is_no_state_of_ours_is_refused(void **state) {
  static const struct {
    const char *sql, *message, *hint;
  } cases[] = {
      {"CREATE TABLE song (name)", "not one of hoko's", "--state sqlite:PATH"},
      {"PRAGMA application_id = 77; CREATE TABLE t (x)", "not one of hoko's", "--state"},
      {"PRAGMA user_version = 3; CREATE TABLE t (x)", "not one of hoko's", "--state"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct scene x;
    scene_begin(&x);
    scene_close(&x);
    unlink(x.path);
    run_sql(x.path, cases[i].sql);
    expect_refused(&x, ERROR_STATE, cases[i].message, cases[i].hint);
    scene_end(&x);
  }
}

static void a_state_of_a_newer_hoko_is_refused(void **state) {
  struct scene x;
  (void)state;
  scene_begin(&x);
  scene_close(&x);
  run_sql(x.path, "PRAGMA user_version = 1000");
  expect_refused(&x, ERROR_STATE, "version 1000, made by a newer hoko", "install that hoko");
  scene_end(&x);
}

static void write_at(const char *path, long at, const char *bytes, size_t len) {
  int fd = open(path, O_WRONLY);
  assert_int_equal(pwrite(fd, bytes, len, at), len);
  close(fd);
}

static void a_damaged_state_is_refused_with_what_to_do(void **state) {
  struct scene x;
  char zeros[1024] = {0};
  (void)state;
  scene_begin(&x);
  scene_ack(&x, "a", 1, "\"A\"");
  scene_close(&x);
  write_at(x.path, 0, "This is a letter to my uncle.", 29);
  expect_refused(&x, ERROR_STATE, "is no database or is damaged at its head", "hoko state backup");
  write_at(x.path, 0, "SQLite format 3\0", 16);
  write_at(x.path, 100, zeros, sizeof zeros);
  expect_refused(&x, ERROR_STATE, "damaged", "hoko state backup");
  scene_end(&x);
}

static void a_place_that_is_none_is_wrong_use(void **state) {
  static const char *const urls[] = {"", "sqlite:", "mysql:state", ".hoko/state.db"};
  (void)state;
  for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
    struct scene x = {0};
    snprintf(x.url, sizeof x.url, "%s", urls[i]);
    expect_refused(&x, ERROR_USAGE, "is no place for the state", "--state sqlite:PATH");
  }
}

static void a_folder_that_cannot_be_written_is_named(void **state) {
  struct scene x;
  (void)state;
  scene_folder(&x);
  snprintf(x.url, sizeof x.url, "sqlite:/proc/nowhere/state.db");
  expect_refused(&x, ERROR_STATE, "/proc/nowhere", "");
  scene_end(&x);
}

static void a_reader_makes_nothing(void **state) {
  struct scene x;
  (void)state;
  scene_folder(&x);
  scene_open_as(&x, true);
  OK(&x, scene_stream(&x, "crm", true));
  assert_int_equal(scene_find(&x, "a").seq, 0);
  struct commit c = {0};
  assert_int_equal(stream_commit(x.st, &c, &x.err), -1);
  assert_int_equal(x.err.code, ERROR_INTERNAL);
  assert_int_not_equal(access(x.path, F_OK), 0);
  scene_end(&x);
}

static void a_reader_sees_what_a_writer_commits_meanwhile(void **state) {
  struct scene x, y;
  (void)state;
  scene_begin(&x);
  y = x;
  scene_open_as(&y, true);
  OK(&y, scene_stream(&y, "crm", true));
  assert_int_equal(scene_find(&y, "a").seq, 0);
  uint32_t seq = scene_ack(&x, "a", 1, "\"A\"");
  assert_int_equal(scene_find(&y, "a").seq, seq);
  assert_slice(scene_find(&y, "a").field[ROW_NAME], "\"A\"");
  scene_close(&y);
  scene_end(&x);
}

/* ---- another process is faster ---- */

/* The program's own part as that process. */
static int make_state(const char *url) {
  struct state_options o = {.url = url, .clock = &scene_clock};
  struct state *made;
  struct error err;
  if (state_open(&made, &o, &err) != 0) return 1;
  state_close(made);
  return 0;
}

static struct {
  const char *url;
  pid_t pid; /* 0: it has not come to it yet */
} other;

/* Between two of the questions that tell whose a file is, another process makes it ours, or
 * has to wait for the answers, as long as we look at that. */
static int on_statement(unsigned what, void *user, void *statement, void *text) {
  static char program[] = "state_test", task[] = "__make";
  (void)what, (void)user, (void)statement;
  if (other.pid || strcmp(text, "PRAGMA user_version") != 0) return 0;
  char *const argv[] = {program, task, (char *)(uintptr_t)other.url, NULL};
  assert_int_equal(posix_spawn(&other.pid, "/proc/self/exe", NULL, NULL, argv, environ), 0);
  struct pollfd ended = {.fd = pidfd_open(other.pid, 0), .events = POLLIN};
  assert_true(poll(&ended, 1, 500) >= 0);
  (void)close(ended.fd);
  return 0;
}

static int watch(sqlite3 *db, char **message, const struct sqlite3_api_routines *api) {
  (void)message, (void)api;
  return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, on_statement, NULL);
}

static void a_state_that_another_process_makes_meanwhile_is_ours(void **state) {
  struct scene x;
  int status;
  (void)state;
  scene_folder(&x);
  if (scene_server()) skip();
  other.url = x.url;
  assert_int_equal(sqlite3_auto_extension((void (*)(void))watch), SQLITE_OK);
  scene_open_as(&x, false);
  (void)sqlite3_cancel_auto_extension((void (*)(void))watch);
  assert_int_equal(waitpid(other.pid, &status, 0), other.pid);
  assert_int_equal(status, 0);
  scene_end(&x);
}

static void a_state_in_memory_is_as_good(void **state) {
  struct scene x = {.url = "sqlite::memory:"};
  (void)state;
  scene_open(&x);
  scene_ack(&x, "a", 1, "\"A\"");
  stream_close(x.st);
  OK(&x, scene_stream(&x, "crm", false));
  assert_true(scene_find(&x, "a").seq > 0);
  scene_close(&x);
}

static void a_rows_hash_is_of_its_fields_alone(void **state) {
  struct scene x;
  (void)state;
  scene_begin(&x);
  struct row a = {.key = SLICE("k"), .line = 3, .field = {SLICE("\"A\"")}};
  struct row b = {.key = SLICE("l"), .line = 4, .field = {SLICE("\"A\"")}};
  struct row c = {.key = SLICE("k"), .line = 3, .field = {{0}, SLICE("\"A\"")}};
  struct row none = {0};
  uint64_t hash = state_row_hash(x.s, &a);
  assert_true(hash == state_row_hash(x.s, &b));
  assert_true(hash != state_row_hash(x.s, &c));
  assert_true(state_row_hash(x.s, &none) != 0);
  scene_reopen(&x);
  assert_true(hash == state_row_hash(x.s, &a));
  scene_end(&x);
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "__make") == 0) return make_state(argv[2]);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(folder_and_file_are_the_owners_alone),
      cmocka_unit_test(the_journal_is_no_wal_and_syncs_are_extra),
      cmocka_unit_test(a_wal_database_is_made_none_or_refused),
      cmocka_unit_test(what_is_no_state_of_ours_is_refused),
      cmocka_unit_test(a_state_of_a_newer_hoko_is_refused),
      cmocka_unit_test(a_damaged_state_is_refused_with_what_to_do),
      cmocka_unit_test(a_place_that_is_none_is_wrong_use),
      cmocka_unit_test(a_folder_that_cannot_be_written_is_named),
      cmocka_unit_test(a_reader_makes_nothing),
      cmocka_unit_test(a_reader_sees_what_a_writer_commits_meanwhile),
      cmocka_unit_test(a_state_that_another_process_makes_meanwhile_is_ours),
      cmocka_unit_test(a_state_in_memory_is_as_good),
      cmocka_unit_test(a_rows_hash_is_of_its_fields_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
