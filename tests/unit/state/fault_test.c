/* Every write, sync and truncation fails once, alone, and in turn; and the power goes
 * at any of them.  HOKO_POWER_CUTS=5000 cuts it so often, HOKO_SEED=N begins there. */
#include "disk.h"
#include "story.h"

static char *content[STORY_STEPS + 1]; /* before step I */

static void tell_whole_story(struct scene *x) {
  for (int i = 0; i < STORY_STEPS; i++) OK(x, story_step(x, i));
}

/* Fills in content[]: the state is opened anew for each step, which reads it only. */
static void write_down(void) {
  for (int last = 0; last <= STORY_STEPS; last++) {
    struct scene x;
    scene_folder(&x);
    disk_clear();
    disk_fail(0, DISK_SOUND);
    for (int i = 0; i < last; i++) OK(&x, story_step(&x, i));
    state_close(x.s);
    x.s = NULL;
    content[last] = story_content(&x);
    scene_end(&x);
  }
}

static int begin(void **state) {
  (void)state;
  disk_install();
  write_down();
  return 0;
}

static int end(void **state) {
  (void)state;
  for (int i = 0; i <= STORY_STEPS; i++) free(content[i]);
  disk_clear();
  return 0;
}

/* The step that failed, or STORY_STEPS. */
static int tell_until_it_fails(struct scene *x) {
  for (int i = 0; i < STORY_STEPS; i++)
    if (story_step(x, i) != 0) return i;
  return STORY_STEPS;
}

/* After STEP failed the state is as before it or as after it. */
static void expect_before_or_after(struct scene *x, int step) {
  char *now = story_content(x);
  int after = step < STORY_STEPS ? step + 1 : step;
  /* Closing the stream is a step that cannot fail: what it does not index the next one reads. */
  if (strcmp(now, content[step]) != 0 && strcmp(now, content[after]) != 0)
    fail_msg("after step %d failed: %s\n%.3000s", step, x->err.message, now);
  free(now);
}

static void expect_sound(struct scene *x) {
  scene_open_as(x, false);
  story_check(x);
  OK(x, scene_stream(x, "crm", false));
}

static void fail_each(enum disk_failure how, const char *message) {
  bool is_met = true;
  for (unsigned n = 1; is_met; n++) {
    struct scene x;
    scene_folder(&x);
    disk_clear();
    disk_fail(n, how);
    int step = tell_until_it_fails(&x);
    is_met = disk_is_met();
    if (!is_met) assert_int_equal(step, STORY_STEPS);
    if (step < STORY_STEPS) {
      assert_int_equal(x.err.code, ERROR_STATE);
      assert_says(x.err.message, message);
      assert_true(x.err.hint[0] != '\0');
    }
    if (step == 0) x.s = NULL;
    state_close(x.s);
    x.s = NULL;
    expect_before_or_after(&x, step);
    expect_sound(&x);
    scene_end(&x);
  }
}

static void c3_a_full_disk_leaves_the_state_as_before_or_after(void **state) {
  (void)state;
  fail_each(DISK_FULL_ONCE, "the disk is full: nothing more can be written to /tmp/hoko-state-");
}

static void c3_an_io_error_leaves_the_state_as_before_or_after(void **state) {
  (void)state;
  fail_each(DISK_ERROR_ONCE, "/.hoko/state.db");
}

/* Whoever keeps the state open after a failure sees what is on the disk, not what it hoped. */
static void c3_a_failed_commit_is_forgotten_in_memory_too(void **state) {
  bool is_met = true;
  (void)state;
  for (unsigned n = 1; is_met; n++) {
    struct scene x;
    scene_folder(&x);
    disk_clear();
    for (int i = 0; i < 10; i++) OK(&x, story_step(&x, i));
    disk_fail(n, DISK_ERROR_ONCE);
    int result = story_step(&x, 10);
    is_met = disk_is_met();
    bool is_there = scene_find(&x, "m7").seq > 0;
    if (result == 0) assert_true(is_there);
    OK(&x, story_step(&x, 10)); /* again: a key has one partner all the same */
    assert_int_equal(scene_find(&x, "m7").seq, 5 + 8); /* and no number is left out */
    story_check(&x);
    scene_end(&x);
  }
}

static uint64_t number_from(const char *name, uint64_t otherwise) {
  const char *text = getenv(name);
  return text ? strtoull(text, NULL, 10) : otherwise;
}

static void cut_once(uint64_t seed, unsigned ops) {
  struct scene x;
  scene_folder(&x);
  disk_clear();
  disk_fail(1 + (unsigned)(seed * 2654435761 % ops), DISK_DEAD);
  int step = tell_until_it_fails(&x);
  if (step == 0) x.s = NULL;
  state_close(x.s);
  x.s = NULL;
  if (!disk_is_met()) fail_msg("seed %llu: the power stayed", (unsigned long long)seed);
  disk_cut(seed);
  expect_before_or_after(&x, step);
  expect_sound(&x);
  scene_end(&x);
}

static void c2_a_power_cut_leaves_the_state_as_before_or_after(void **state) {
  uint64_t cuts = number_from("HOKO_POWER_CUTS", 300), first = number_from("HOKO_SEED", 1);
  struct scene x;
  (void)state;
  scene_folder(&x);
  disk_clear();
  disk_fail(0, DISK_SOUND);
  tell_whole_story(&x);
  unsigned ops = disk_count();
  scene_end(&x);
  assert_true(ops > 100);
  for (uint64_t seed = first; seed < first + cuts; seed++) {
    print_message("seed %llu\r", (unsigned long long)seed);
    cut_once(seed, ops);
  }
}

static unsigned calls_of_step(int step) {
  struct scene x;
  scene_folder(&x);
  disk_clear();
  disk_fail(0, DISK_SOUND);
  for (int i = 0; i < step; i++) OK(&x, story_step(&x, i));
  disk_fail(0, DISK_SOUND);
  OK(&x, story_step(&x, step));
  unsigned calls = disk_count();
  scene_end(&x);
  return calls;
}

/* A process dies at the N-th call of STEP, the power stays. */
static void kill_in_step(struct scene *x, int step, unsigned n) {
  scene_folder(x);
  disk_clear();
  disk_fail(0, DISK_SOUND);
  for (int i = 0; i < step; i++) OK(x, story_step(x, i));
  disk_fail(n, DISK_DEAD);
  (void)!story_step(x, step);
  state_close(x->s);
  x->s = NULL;
  (void)disk_is_met();
}

/* Another process writes, and dies at its N-th call.  Whether it came to that. */
static bool write_and_die(struct scene *x, unsigned n) {
  struct ack ack = {.key = SLICE("late"), .id = scene_id(99), .field = {SLICE("\"Late\"")}};
  struct commit c = {.acks = &ack, .acks_len = 1};
  struct state_options o = {.url = x->url, .clock = &scene_clock};
  disk_fail(n, DISK_DEAD);
  if (state_open(&x->s, &o, &x->err) != 0)
    x->s = NULL;
  else if (scene_stream(x, "crm", false) == 0)
    (void)!stream_commit(x->st, &c, &x->err);
  bool is_met = disk_has_failed();
  state_close(x->s);
  x->s = NULL;
  (void)disk_is_met();
  return is_met;
}

/* A process dies behind the truncation of its journal and before that is synced.  What the
 * next one writes into the journal may then lie over the old one's when the power goes. */
static void c2_a_power_cut_after_a_kill_leaves_the_state_sound(void **state) {
  enum { STEP = 4, CUTS = 8 };
  const unsigned calls = calls_of_step(STEP);
  (void)state;
  for (unsigned n = calls - 2; n <= calls; n++) {
    bool is_met = true;
    for (unsigned m = 1; is_met; m++)
      for (uint64_t seed = 1; seed <= CUTS; seed++) {
        struct scene x;
        kill_in_step(&x, STEP, n);
        is_met = write_and_die(&x, m);
        disk_cut(seed * 1000 + m);
        expect_sound(&x);
        scene_end(&x);
      }
  }
}

/* Who opens a stream sends by what it finds there, so that may not be taken back. */
static void c2_what_a_stream_was_opened_with_outlasts_a_power_cut(void **state) {
  enum { STEP = 4, CUTS = 20 };
  const unsigned calls = calls_of_step(STEP);
  (void)state;
  for (unsigned n = 1; n <= calls; n++)
    for (uint64_t seed = 1; seed <= CUTS; seed++) {
      struct scene x;
      kill_in_step(&x, STEP, n);
      scene_open(&x);
      scene_close(&x);
      char *seen = story_content(&x);
      disk_cut(seed);
      char *now = story_content(&x);
      if (strcmp(now, seen) != 0) fail_msg("call %u, seed %u", n, (unsigned)seed);
      free(seen);
      free(now);
      scene_end(&x);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(c3_a_full_disk_leaves_the_state_as_before_or_after),
      cmocka_unit_test(c3_an_io_error_leaves_the_state_as_before_or_after),
      cmocka_unit_test(c3_a_failed_commit_is_forgotten_in_memory_too),
      cmocka_unit_test(c2_a_power_cut_after_a_kill_leaves_the_state_sound),
      cmocka_unit_test(c2_what_a_stream_was_opened_with_outlasts_a_power_cut),
      cmocka_unit_test(c2_a_power_cut_leaves_the_state_as_before_or_after),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
