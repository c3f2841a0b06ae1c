#include "scene.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/wait.h>

/* As the limiter's is: bytes that mean nothing here. */
struct record {
  int64_t count, other[40];
};

static bool add_one(void *user, void *record) {
  struct record *r = record;
  (void)user;
  r->count++;
  return true;
}

static bool set_all(void *user, void *record) {
  memcpy(record, user, sizeof(struct record));
  return true;
}

static bool look(void *user, void *record) {
  struct record *r = record;
  memcpy(user, record, sizeof(struct record));
  r->count = 99; /* not written: the answer is no */
  return false;
}

static int change(struct scene *x, struct slice scope, bool (*with)(void *user, void *record),
                  void *user) {
  return rate_change(x->s, scope, sizeof(struct record), with, user, &x->err);
}

static struct record read_record(struct scene *x, struct slice scope) {
  struct record r;
  OK(x, change(x, scope, look, &r));
  return r;
}

static void what_is_known_of_a_limit_outlives_the_process(void **state) {
  struct scene x;
  struct record set = {.count = INT64_MAX, .other = {-5, 100}}, none = {0};
  (void)state;
  scene_begin(&x);
  struct record first = read_record(&x, SLICE("k1"));
  assert_memory_equal(&first, &none, sizeof none);
  OK(&x, change(&x, SLICE("k1"), set_all, &set));
  scene_reopen(&x);
  for (int i = 0; i < 2; i++) {
    struct record seen = read_record(&x, SLICE("k1"));
    assert_memory_equal(&seen, &set, sizeof set);
  }
  struct record other = read_record(&x, SLICE("k2"));
  assert_memory_equal(&other, &none, sizeof none);
  scene_end(&x);
}

static void processes_that_share_a_state_lose_no_change(void **state) {
  enum { PROCESSES = 3, EACH = 300 };
  struct scene x;
  pid_t pids[PROCESSES];
  (void)state;
  scene_folder(&x);
  for (int p = 0; p < PROCESSES; p++) {
    if ((pids[p] = fork()) != 0) continue;
    scene_open_as(&x, false);
    for (int i = 0; i < EACH; i++) OK(&x, change(&x, SLICE("k"), add_one, NULL));
    scene_close(&x);
    _exit(0);
  }
  for (int p = 0; p < PROCESSES; p++) {
    int status;
    assert_int_equal(waitpid(pids[p], &status, 0), pids[p]);
    assert_int_equal(status, 0);
  }
  scene_open(&x);
  assert_int_equal(read_record(&x, SLICE("k")).count, PROCESSES * EACH);
  scene_end(&x);
}

/* Changes byte AT of the file behind scope "k", or cuts it there. */
static void damage(const struct scene *x, off_t at, bool is_cut) {
  char pattern[128], byte;
  glob_t found;
  (void)snprintf(pattern, sizeof pattern, "%s/.hoko/locks/rate-*", x->dir);
  assert_int_equal(glob(pattern, 0, NULL, &found), 0);
  assert_int_equal(found.gl_pathc, 1);
  int fd = open(found.gl_pathv[0], O_RDWR);
  assert_int_equal(pread(fd, &byte, 1, at), 1);
  byte ^= 1;
  if (is_cut)
    assert_int_equal(ftruncate(fd, at), 0);
  else
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
  close(fd);
  globfree(&found);
}

static void a_damaged_file_is_as_none(void **state) {
  ONLY_OF_FILES();
  struct scene x;
  struct record none = {0};
  (void)state;
  scene_begin(&x);
  for (off_t at = 0; at < (off_t)(32 + sizeof none); at++) {
    for (int is_cut = 0; is_cut < 2; is_cut++) {
      OK(&x, change(&x, SLICE("k"), add_one, NULL));
      damage(&x, at, is_cut);
      struct record seen = read_record(&x, SLICE("k"));
      assert_memory_equal(&seen, &none, sizeof none);
    }
  }
  scene_end(&x);
}

static void a_record_of_another_size_is_as_none(void **state) {
  struct scene x;
  struct record seen = {.count = 1};
  (void)state;
  scene_begin(&x);
  OK(&x, change(&x, SLICE("k"), add_one, NULL));
  OK(&x, rate_change(x.s, SLICE("k"), sizeof seen - 8, add_one, NULL, &x.err));
  seen = read_record(&x, SLICE("k"));
  assert_int_equal(seen.count, 0);
  scene_end(&x);
}

static void a_state_in_memory_keeps_a_limit_too(void **state) {
  struct scene x = {.url = "sqlite::memory:"};
  (void)state;
  scene_open(&x);
  OK(&x, change(&x, SLICE("k"), add_one, NULL));
  OK(&x, change(&x, SLICE("k"), add_one, NULL));
  assert_int_equal(read_record(&x, SLICE("k")).count, 2);
  scene_close(&x);
}

static void its_clock_is_the_machines_or_the_servers(void **state) {
  struct scene x;
  int64_t ahead_ns;
  (void)state;
  scene_begin(&x);
  OK(&x, rate_clock(x.s, &ahead_ns, &x.err));
  int64_t off_ms = (clock_mono_ns(&clock_real) + ahead_ns) / 1000000 - clock_wall_ms(&clock_real);
  if (scene_server())
    assert_in_range(off_ms + 1000, 0, 2000);
  else
    assert_int_equal(ahead_ns, 0);
  scene_end(&x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_known_of_a_limit_outlives_the_process),
      cmocka_unit_test(processes_that_share_a_state_lose_no_change),
      cmocka_unit_test(a_damaged_file_is_as_none),
      cmocka_unit_test(a_record_of_another_size_is_as_none),
      cmocka_unit_test(a_state_in_memory_keeps_a_limit_too),
      cmocka_unit_test(its_clock_is_the_machines_or_the_servers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
