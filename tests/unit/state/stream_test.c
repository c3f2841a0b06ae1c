#include "scene.h"

#include <signal.h>
#include <sys/wait.h>

/* Another process that holds stream "crm" of X until it is killed. */
static pid_t begin_holder(const struct scene *x) {
  int ready[2];
  assert_int_equal(pipe(ready), 0);
  pid_t pid = fork();
  if (pid == 0) {
    struct scene mine = *x;
    scene_open(&mine);
    if (write(ready[1], "!", 1) == 1) pause();
    _exit(1);
  }
  char byte;
  assert_int_equal(read(ready[0], &byte, 1), 1);
  close(ready[0]);
  close(ready[1]);
  return pid;
}

static void end_holder(pid_t pid) {
  kill(pid, SIGKILL);
  assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_second_run_is_told_who_writes_the_stream(void **state) {
  struct scene x;
  char pid_text[32];
  (void)state;
  scene_folder(&x);
  pid_t pid = begin_holder(&x);
  scene_open_as(&x, false);
  assert_int_equal(scene_stream(&x, "crm", false), -1);
  assert_int_equal(x.err.code, ERROR_STATE);
  snprintf(pid_text, sizeof pid_text, "process %d:", (int)pid);
  assert_says(x.err.message, pid_text);
  assert_says(x.err.message, "scripts/crm.lua");
  assert_says(x.err.message, "since 1970-01-20T16:13:20.000Z");
  assert_says(x.err.hint, "--wait 5m");
  OK(&x, scene_stream(&x, "other", false));
  end_holder(pid);
  scene_end(&x);
}

static void a_dead_holder_has_lost_the_stream(void **state) {
  struct scene x;
  (void)state;
  scene_folder(&x);
  end_holder(begin_holder(&x));
  scene_open(&x);
  scene_end(&x);
}

struct waiting {
  pid_t holder;
  int calls;
  int64_t pid_told;
};

static bool kill_holder(void *user, const struct holder *who, int64_t waited_ms) {
  struct waiting *w = user;
  assert_true(waited_ms >= 0);
  w->calls++;
  w->pid_told = who->pid;
  if (w->calls == 1) end_holder(w->holder);
  return true;
}

static void who_waits_gets_the_stream_when_it_is_free(void **state) {
  struct scene x;
  (void)state;
  scene_folder(&x);
  struct waiting w = {.holder = begin_holder(&x)};
  struct stream_options o = {.name = SLICE("crm"),
                             .base_url = SLICE("https://hoko.to/api"),
                             .wait_ms = 60000,
                             .on_wait = kill_holder,
                             .user = &w};
  scene_open_as(&x, false);
  OK(&x, stream_open(&x.st, x.s, &o, &x.err));
  assert_int_equal(w.calls, 1);
  assert_int_equal(w.pid_told, w.holder);
  scene_end(&x);
}

static bool give_up(void *user, const struct holder *who, int64_t waited_ms) {
  (void)who;
  (void)waited_ms;
  ++*(int *)user;
  return false;
}

static void who_gives_up_waiting_is_told_who_has_it(void **state) {
  struct scene x;
  int calls = 0;
  (void)state;
  scene_folder(&x);
  pid_t pid = begin_holder(&x);
  struct stream_options o = {.name = SLICE("crm"),
                             .base_url = SLICE("https://hoko.to/api"),
                             .wait_ms = 60000,
                             .on_wait = give_up,
                             .user = &calls};
  scene_open_as(&x, false);
  assert_int_equal(stream_open(&x.st, x.s, &o, &x.err), -1);
  assert_int_equal(calls, 1);
  assert_says(x.err.message, "is being written by process");
  end_holder(pid);
  scene_end(&x);
}

static void a_run_cannot_open_its_stream_twice(void **state) {
  struct scene x;
  (void)state;
  scene_begin(&x);
  struct stream *first = x.st;
  assert_int_equal(scene_stream(&x, "crm", false), -1);
  assert_says(x.err.message, "is being written by this run");
  OK(&x, scene_stream(&x, "crm", true)); /* a reader needs no lock */
  stream_close(first);
  OK(&x, scene_stream(&x, "crm", false));
  scene_end(&x);
}

static void another_base_url_is_another_stream(void **state) {
  struct scene x;
  struct stream *other;
  (void)state;
  scene_begin(&x);
  assert_string_equal(stream_other_url(x.st), "");
  scene_ack(&x, "a", 1, "\"A\"");
  struct stream_options o = {.name = SLICE("crm"), .base_url = SLICE("http://127.0.0.1:9/api")};
  OK(&x, stream_open(&other, x.s, &o, &x.err));
  assert_string_equal(stream_other_url(other), "https://hoko.to/api");
  x.st = other;
  assert_int_equal(scene_find(&x, "a").seq, 0);
  scene_end(&x);
}

static void a_name_too_long_is_refused(void **state) {
  struct scene x;
  char name[STATE_TEXT_SIZE + 1];
  (void)state;
  scene_begin(&x);
  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  assert_int_equal(scene_stream(&x, name, false), -1);
  assert_int_equal(scene_stream(&x, "", false), -1);
  assert_int_equal(x.err.code, ERROR_USAGE);
  scene_end(&x);
}

static bool is_known(struct scene *x, const char *fingerprint) {
  bool known;
  OK(x, stream_key_is_known(x->st, slice_of(fingerprint), &known, &x->err));
  return known;
}

static void keys_that_wrote_a_stream_are_remembered(void **state) {
  struct scene x;
  (void)state;
  scene_begin(&x);
  assert_false(is_known(&x, "f1"));
  OK(&x, stream_key_add(x.st, SLICE("f1"), &x.err));
  OK(&x, stream_key_add(x.st, SLICE("f1"), &x.err));
  scene_reopen(&x);
  assert_true(is_known(&x, "f1"));
  assert_false(is_known(&x, "f2"));
  stream_close(x.st);
  OK(&x, scene_stream(&x, "other", false));
  assert_false(is_known(&x, "f1"));
  scene_end(&x);
}

static void a_sample_is_of_the_latest_that_are_not_gone(void **state) {
  struct scene x;
  struct uuid ids[3];
  size_t n;
  (void)state;
  scene_begin(&x);
  OK(&x, stream_sample(x.st, ids, 3, &n, &x.err));
  assert_int_equal(n, 0);
  for (uint32_t i = 1; i <= 5; i++) {
    char key[8];
    snprintf(key, sizeof key, "k%u", i);
    uint32_t seq = scene_ack(&x, key, i, "\"A\"");
    struct commit c = {.gone = &seq, .gone_len = i == 4};
    OK(&x, stream_commit(x.st, &c, &x.err));
  }
  OK(&x, stream_sample(x.st, ids, 3, &n, &x.err));
  assert_int_equal(n, 3);
  struct uuid expected[] = {scene_id(5), scene_id(3), scene_id(2)};
  assert_memory_equal(ids, expected, sizeof expected);
  scene_end(&x);
}

static void streams_are_listed_with_their_counts(void **state) {
  struct scene x;
  struct stream_info list[4], one;
  size_t n;
  (void)state;
  scene_begin(&x);
  uint32_t seq = scene_ack(&x, "a", 1, "\"A\"");
  scene_ack(&x, "b", 2, "\"B\"");
  struct reject r = {.code = SLICE("refused")};
  struct commit c = {.gone = &seq, .gone_len = 1, .rejects = &r, .rejects_len = 1};
  OK(&x, stream_commit(x.st, &c, &x.err));
  OK(&x, stream_info(x.st, &one, &x.err));
  stream_close(x.st);
  OK(&x, scene_stream(&x, "another", false));
  OK(&x, stream_list(x.s, list, 4, &n, &x.err));
  assert_int_equal(n, 2);
  assert_string_equal(list[0].name, "another");
  assert_int_equal(list[0].partners, 0);
  assert_string_equal(list[1].name, "crm");
  assert_string_equal(list[1].base_url, "https://hoko.to/api");
  assert_int_equal(list[1].partners, 2);
  assert_int_equal(list[1].gone, 1);
  assert_int_equal(list[1].rejects, 1);
  assert_int_equal(list[1].held, 0);
  assert_int_equal(list[1].made_ms, SCENE_NOW_MS);
  assert_memory_equal(&one, &list[1], sizeof one);
  OK(&x, stream_list(x.s, list, 1, &n, &x.err));
  assert_int_equal(n, 1);
  scene_end(&x);
}

static void two_processes_write_two_streams_of_one_state(void **state) {
  enum { EACH = 50 };
  struct scene x;
  int status;
  (void)state;
  scene_folder(&x);
  scene_open_as(&x, false);
  scene_close(&x);
  pid_t pid = fork();
  scene_open_as(&x, false);
  OK(&x, scene_stream(&x, pid == 0 ? "left" : "right", false));
  for (uint32_t i = 0; i < EACH; i++) {
    char key[16];
    snprintf(key, sizeof key, "k%u", i);
    scene_ack(&x, key, i, "\"A\"");
    scene_find(&x, key);
  }
  scene_close(&x);
  if (pid == 0) _exit(0);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_int_equal(status, 0);
  struct stream_info list[2];
  size_t n;
  scene_open_as(&x, true);
  OK(&x, stream_list(x.s, list, 2, &n, &x.err));
  assert_int_equal(n, 2);
  assert_int_equal(list[0].partners, EACH);
  assert_int_equal(list[1].partners, EACH);
  scene_end(&x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_second_run_is_told_who_writes_the_stream),
      cmocka_unit_test(a_dead_holder_has_lost_the_stream),
      cmocka_unit_test(who_waits_gets_the_stream_when_it_is_free),
      cmocka_unit_test(who_gives_up_waiting_is_told_who_has_it),
      cmocka_unit_test(a_run_cannot_open_its_stream_twice),
      cmocka_unit_test(another_base_url_is_another_stream),
      cmocka_unit_test(a_name_too_long_is_refused),
      cmocka_unit_test(keys_that_wrote_a_stream_are_remembered),
      cmocka_unit_test(a_sample_is_of_the_latest_that_are_not_gone),
      cmocka_unit_test(streams_are_listed_with_their_counts),
      cmocka_unit_test(two_processes_write_two_streams_of_one_state),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
