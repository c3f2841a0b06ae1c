/* C4: every allocation of an upsert and of settling fails once; the next run goes on, and
 * nothing is lost or twice. */
#include "memory_fault.h"
#include "scene.h"

#include <stdio.h>

enum { ROWS = 30, ROUNDS_MAX = 6, WINDOW_MS = 15 * 60 * 1000 };

static const char bad[] = "N00007";

struct story {
  bool is_applied; /* what was not answered */
  int64_t skew_ms; /* of the server's clock */
  unsigned first;  /* so many runs without a fault come before the one that has it */
};

static void begin_story(struct scene *x, const struct story *story) {
  x->options.batch_rows = 8;
  x->options.concurrency = 2;
  x->options.wants_objects = true;
  x->refuses = bad;
  x->skew_ms = story->skew_ms;
  scene_meets(
      x, (struct scene_fate){.nth = 2, .end = EXCHANGE_BROKEN, .is_applied = story->is_applied});
  scene_meets(x, (struct scene_fate){.nth = 3, .end = EXCHANGE_ANSWERED, .status = 503});
  scene_rows(x, ROWS);
}

/* What the end of a process does to its stream: what is under way becomes held. */
static void reopen(struct scene *x) {
  struct stream_options stream = {.name = SLICE("s"),
                                  .base_url = SLICE("http://x"),
                                  .script = SLICE("s.lua"),
                                  .run = SLICE("r")};
  x->fates_len = 0;
  scene_next(x);
  stream_close(x->stream);
  OK(x, stream_open(&x->stream, x->state, &stream, &x->err));
  x->now_ms += WINDOW_MS + 60000;
}

/* As a run: settles, sends, and looks again. */
static int run(struct scene *x) {
  struct settled settled;
  if (scene_settle(x, false, &settled)) return -1;
  if (scene_sync(x)) return -1;
  if (sync_error(x->sync)) return -1;
  return scene_settle(x, true, &settled);
}

static bool is_all_done(struct scene *x) {
  const struct tally *t = sync_tally(x->sync);
  return t->unchanged == ROWS - 1 && t->rejected == 1;
}

static void go_on(struct scene *x) {
  for (int i = 0; i < ROUNDS_MAX; i++) {
    reopen(x);
    scene_rows(x, ROWS);
    OK(x, run(x));
    if (is_all_done(x)) return;
  }
  fail_msg("it never comes to its end");
}

static void expect_each_once(const struct scene *x) {
  char name[32];
  for (int i = 0; i < ROWS; i++) {
    (void)snprintf(name, sizeof name, "N%05d", i);
    assert_int_equal(scene_named(x, name), strcmp(name, bad) == 0 ? 0 : 1);
  }
}

static void fail_each(struct story story) {
  bool is_met = true;
  for (unsigned n = 1; is_met; n++) {
    struct scene *x = scene_begin();
    begin_story(x, &story);
    for (unsigned i = 0; i < story.first; i++) {
      OK(x, run(x));
      reopen(x);
      scene_rows(x, ROWS);
    }
    memory_fault_begin(n);
    int result = run(x);
    is_met = memory_fault_end();
    if (result && !x->sync) assert_int_equal(x->err.code, ERROR_MEMORY);
    go_on(x);
    expect_each_once(x);
    scene_end(x);
  }
}

static void c4_each_allocation_of_a_first_run_may_fail(void **unused) {
  (void)unused;
  fail_each((struct story){.is_applied = true});
}

static void c4_each_allocation_of_a_run_that_settles_may_fail(void **unused) {
  (void)unused;
  fail_each((struct story){.is_applied = true, .first = 1});
}

/* Behind a clock that is an hour late a listing has to be made anew, further back. */
static void c4_each_allocation_of_a_run_that_sends_again_may_fail(void **unused) {
  (void)unused;
  fail_each((struct story){.first = 1, .skew_ms = -60 * 60 * 1000});
}

static void c4_each_allocation_of_a_run_of_one_cause_may_fail(void **unused) {
  (void)unused;
  bool is_met = true;
  for (unsigned n = 1; is_met; n++) {
    struct scene *x = scene_begin();
    x->refuses = "N";
    scene_rows(x, ROWS);
    memory_fault_begin(n);
    int result = run(x);
    is_met = memory_fault_end();
    if (result && !x->sync) assert_int_equal(x->err.code, ERROR_MEMORY);
    for (int i = 0; i < ROUNDS_MAX; i++) {
      reopen(x);
      scene_rows(x, ROWS);
      OK(x, run(x));
    }
    assert_int_equal(sync_tally(x->sync)->rejected, ROWS);
    assert_int_equal(x->partners_len, 0);
    scene_end(x);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(c4_each_allocation_of_a_first_run_may_fail),
      cmocka_unit_test(c4_each_allocation_of_a_run_that_settles_may_fail),
      cmocka_unit_test(c4_each_allocation_of_a_run_that_sends_again_may_fail),
      cmocka_unit_test(c4_each_allocation_of_a_run_of_one_cause_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
