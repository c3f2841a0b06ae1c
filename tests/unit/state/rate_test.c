#include "scene.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/wait.h>

static bool add_one(void *user, struct rate *r) {
  (void)user;
  r->next_ms++;
  return true;
}

static bool set_all(void *user, struct rate *r) {
  *r = *(const struct rate *)user;
  return true;
}

static bool look(void *user, struct rate *r) {
  *(struct rate *)user = *r;
  r->limit = 99; /* not written: the answer is no */
  return false;
}

static struct rate read_rate(struct scene *x, struct slice scope) {
  struct rate r;
  OK(x, rate_change(x->s, scope, look, &r, &x->err));
  return r;
}

static void what_is_known_of_a_limit_outlives_the_process(void **state) {
  struct scene x;
  struct rate set = {INT64_MAX, -5, 100, 0, 1700000000000, 1}, none = {0};
  (void)state;
  scene_begin(&x);
  struct rate first = read_rate(&x, SLICE("k1"));
  assert_memory_equal(&first, &none, sizeof none);
  OK(&x, rate_change(x.s, SLICE("k1"), set_all, &set, &x.err));
  scene_reopen(&x);
  struct rate seen = read_rate(&x, SLICE("k1"));
  assert_memory_equal(&seen, &set, sizeof set);
  seen = read_rate(&x, SLICE("k1"));
  assert_memory_equal(&seen, &set, sizeof set);
  seen = read_rate(&x, SLICE("k2"));
  assert_memory_equal(&seen, &none, sizeof none);
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
    for (int i = 0; i < EACH; i++) OK(&x, rate_change(x.s, SLICE("k"), add_one, NULL, &x.err));
    scene_close(&x);
    _exit(0);
  }
  for (int p = 0; p < PROCESSES; p++) {
    int status;
    assert_int_equal(waitpid(pids[p], &status, 0), pids[p]);
    assert_int_equal(status, 0);
  }
  scene_open(&x);
  assert_int_equal(read_rate(&x, SLICE("k")).next_ms, PROCESSES * EACH);
  scene_end(&x);
}

static void a_damaged_file_is_as_none(void **state) {
  static const char *const texts[] = {"", "x", "hoko-rate 1 2 3", "hoko-rate 1 2 3 4 5 6 7 end\n",
                                      "hoko-rate 1 2 3 4 5 x end\n", "hoko-rate 1 2 3 4 5 6 en",
                                      "hoko-rate 1 2 3 4 5 99999999999999999999 end\n"};
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct scene x;
    char pattern[128];
    glob_t found;
    scene_begin(&x);
    OK(&x, rate_change(x.s, SLICE("k"), add_one, NULL, &x.err));
    snprintf(pattern, sizeof pattern, "%s/.hoko/locks/rate-*", x.dir);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, 1);
    int fd = open(found.gl_pathv[0], O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, texts[i], strlen(texts[i])), strlen(texts[i]));
    close(fd);
    globfree(&found);
    struct rate none = {0}, seen = read_rate(&x, SLICE("k"));
    assert_memory_equal(&seen, &none, sizeof none);
    scene_end(&x);
  }
}

static void a_state_in_memory_keeps_a_limit_too(void **state) {
  struct scene x = {.url = "sqlite::memory:"};
  (void)state;
  scene_open(&x);
  OK(&x, rate_change(x.s, SLICE("k"), add_one, NULL, &x.err));
  OK(&x, rate_change(x.s, SLICE("k"), add_one, NULL, &x.err));
  assert_int_equal(read_rate(&x, SLICE("k")).next_ms, 2);
  scene_close(&x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_known_of_a_limit_outlives_the_process),
      cmocka_unit_test(processes_that_share_a_state_lose_no_change),
      cmocka_unit_test(a_damaged_file_is_as_none),
      cmocka_unit_test(a_state_in_memory_keeps_a_limit_too),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
