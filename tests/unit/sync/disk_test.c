/* Each call of the disk fails once while an upsert and its settling run (C2, C3): that is told
 * or survived, the counts add up, and the runs that come make of it what it should have
 * been. */
#include "scene.h"

#include "disk.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 8 };

/* What a run is made of; each has rows "N00000" to "N00007". */
struct story {
  const char *name;
  bool has_key, is_held_before; /* an earlier run left creates whose outcome is unknown */
  const char *refuses;
  struct scene_fate fate[2];
};

static const struct story stories[] = {
    {.name = "creates by key", .has_key = true},
    {.name = "creates without one"},
    {.name = "a row that is refused", .has_key = true, .refuses = "N00003"},
    {.name = "an answer that is lost",
     .has_key = true,
     .fate = {{.nth = 1, .end = EXCHANGE_BROKEN, .is_applied = true}}},
    {.name = "one without key that is lost",
     .fate = {{.nth = 1, .end = EXCHANGE_BROKEN, .is_applied = true}}},
    {.name = "a limit and a bad day",
     .has_key = true,
     .fate = {{.nth = 1, .end = EXCHANGE_ANSWERED, .status = 429},
              {.nth = 2, .end = EXCHANGE_ANSWERED, .status = 503}}},
    {.name = "held rows that are sent again", .has_key = true, .is_held_before = true},
};

static struct scene *begin(const struct story *story, const char *url) {
  struct scene *x = scene_begin_at(url);
  x->options.has_key = story->has_key;
  x->options.batch_rows = 3;
  x->options.concurrency = 2;
  x->options.events.dropped = NULL;
  if (story->is_held_before) {
    x->fate[x->fates_len++] = (struct scene_fate){.nth = 1, .end = EXCHANGE_BROKEN};
    x->fate[x->fates_len++] = (struct scene_fate){.nth = 2, .end = EXCHANGE_BROKEN};
    scene_rows(x, ROWS);
    OK(x, scene_sync(x));
    scene_next_run(x);
    x->requests_len = x->fates_len = 0;
  }
  for (size_t i = 0; i < 2; i++)
    if (story->fate[i].nth) scene_meets(x, story->fate[i]);
  x->refuses = story->refuses;
  scene_rows(x, ROWS);
  return x;
}

/* A whole run: what is held is settled before and after the rows. */
static int run(struct scene *x) {
  struct settled settled;
  if (scene_settle(x, false, &settled) || scene_sync(x)) return -1;
  if (sync_error(x->sync)) {
    x->err = *sync_error(x->sync);
    return -1;
  }
  return scene_settle(x, true, &settled);
}

static void check(struct scene *x, const struct story *story, unsigned n) {
  for (int i = 0; i < ROWS; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "N%05d", i);
    bool is_refused = story->refuses && strcmp(story->refuses, name) == 0;
    size_t found = scene_named(x, name);
    if (found != (is_refused ? 0 : 1))
      fail_msg("%s, call %u: %s is there %zu times", story->name, n, name, found);
  }
}

/* Runs STORY as often as it takes, and looks what came of it. */
static void recover(struct scene *x, const struct story *story, unsigned n) {
  int64_t held = 1, oldest;
  for (int again = 0; held && again < 4; again++) {
    scene_next_run(x);
    scene_rows(x, ROWS);
    OK(x, run(x));
    OK(x, held_count(x->stream, &held, &oldest, &x->err));
  }
  if (held) fail_msg("%s, call %u: rows stay held", story->name, n);
  check(x, story, n);
  scene_end(x);
}

/* ---- disk ---------------------------------------------------------------- */

/* Whether it came to call N of the disk. */
static bool disk_fails_at(const struct story *story, const char *url, enum disk_failure how,
                          unsigned n) {
  struct scene *x = begin(story, url);
  disk_fail(n, how);
  int rc = run(x);
  if (rc != 0 && x->err.code != ERROR_STATE)
    fail_msg("%s, call %u: %s", story->name, n, x->err.message);
  if (how == DISK_DEAD) scene_die(x);
  bool is_met = disk_is_met();
  if (how == DISK_DEAD) disk_cut(n);
  recover(x, story, n);
  disk_clear();
  return is_met;
}

static void each_call_fails(enum disk_failure how) {
  char folder[] = "/tmp/hoko-sync-XXXXXX", url[64], command[64];
  assert_non_null(mkdtemp(folder));
  (void)snprintf(url, sizeof url, "sqlite:%s/s.db", folder);
  for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
    unsigned n = 1;
    while (disk_fails_at(&stories[i], url, how, n)) n += 1 + n / 16; /* they repeat themselves */
    assert_true(n > 20);
  }
  (void)snprintf(command, sizeof command, "rm -r %s", folder);
  assert_int_equal(system(command), 0);
}

static void c3_the_disk_may_be_full_at_each_call(void **state) {
  (void)state;
  each_call_fails(DISK_FULL_ONCE);
}

static void c3_each_call_of_the_disk_may_fail(void **state) {
  (void)state;
  each_call_fails(DISK_ERROR_ONCE);
}

static void c2_the_power_may_go_at_each_call(void **state) {
  (void)state;
  each_call_fails(DISK_DEAD);
}

static int install(void **state) {
  (void)state;
  disk_install();
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(c3_the_disk_may_be_full_at_each_call),
      cmocka_unit_test(c3_each_call_of_the_disk_may_fail),
      cmocka_unit_test(c2_the_power_may_go_at_each_call),
  };
  return cmocka_run_group_tests(tests, install, NULL);
}
