/* Every allocation of ours, and of SQLite's one in forty (HOKO_EACH=1: every), fails
 * once: the failure is told and the state is as before the step or as after it. */
#include "disk.h"
#include "memory_fault.h"
#include "story.h"

#include <sqlite3.h>

static char *content[STORY_STEPS + 1]; /* before step I */

/* ---- SQLite's own memory ---- */

static sqlite3_mem_methods usual;
static struct {
  unsigned left; /* allocations until the one that fails, 0: none does */
  bool is_met;
} fault;

static bool is_next(void) {
  if (fault.left == 0 || --fault.left > 0) return false;
  return fault.is_met = true;
}

static void *take(int len) { return is_next() ? NULL : usual.xMalloc(len); }
static void *take_more(void *ptr, int len) { return is_next() ? NULL : usual.xRealloc(ptr, len); }

static void install_memory(void) {
  assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &usual), SQLITE_OK);
  sqlite3_mem_methods ours = usual;
  ours.xMalloc = take;
  ours.xRealloc = take_more;
  assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &ours), SQLITE_OK);
}

static void sqlite_fault_begin(unsigned n) {
  fault.left = n;
  fault.is_met = false;
}

static bool sqlite_fault_end(void) {
  fault.left = 0;
  return fault.is_met;
}

/* ---- the story under each failure ---- */

static void write_down(void) {
  for (int last = 0; last <= STORY_STEPS; last++) {
    struct scene x;
    scene_folder(&x);
    for (int i = 0; i < last; i++) OK(&x, story_step(&x, i));
    state_close(x.s);
    x.s = NULL;
    content[last] = story_content(&x);
    scene_end(&x);
    disk_clear();
  }
}

/* Tells the story while allocation N fails; whether it came to that. */
static bool tell_with(unsigned n, void (*fault_begin)(unsigned n), bool (*fault_end)(void)) {
  struct scene x;
  int step = 0;
  scene_folder(&x);
  fault_begin(n);
  while (step < STORY_STEPS && story_step(&x, step) == 0) step++;
  bool is_met = fault_end();
  if (step < STORY_STEPS) assert_int_equal(x.err.code, ERROR_MEMORY);
  if (!is_met) assert_int_equal(step, STORY_STEPS);
  if (step == 0) x.s = NULL;
  state_close(x.s);
  x.s = NULL;
  char *now = story_content(&x);
  int after = step < STORY_STEPS ? step + 1 : step;
  if (strcmp(now, content[step]) != 0 && strcmp(now, content[after]) != 0)
    fail_msg("allocation %u, step %d failed: %s\n%.3000s", n, step, x.err.message, now);
  free(now);
  scene_open_as(&x, false);
  story_check(&x);
  scene_end(&x);
  return is_met;
}

static void c4_each_allocation_of_ours_may_fail(void **state) {
  unsigned n = 1;
  (void)state;
  while (tell_with(n, memory_fault_begin, memory_fault_end)) n++;
  assert_true(n > 20);
}

static void c4_allocations_of_sqlites_may_fail(void **state) {
  unsigned n = 1;
  bool is_each = getenv("HOKO_EACH") != NULL;
  (void)state;
  while (tell_with(n, sqlite_fault_begin, sqlite_fault_end)) {
    n += is_each ? 1 : 1 + n / 40;
    disk_clear();
  }
  assert_true(n > 1000);
}

/* A transaction that could not be ended for want of memory must not swallow what is
 * written, and told to be written, later. */
static void c4_a_failed_look_up_takes_no_later_write_with_it(void **state) {
  bool is_met = true;
  (void)state;
  for (unsigned n = 1; is_met; n++) {
    struct scene x;
    struct known k = {.key = SLICE("a")};
    struct store_value v = {SLICE("job"), SLICE("cursor"), SLICE("7")};
    struct buf value = BUF_WITH_LIMIT(64);
    bool is_there;
    scene_begin(&x);
    scene_ack(&x, "a", 1, "\"A\"");
    sqlite_fault_begin(n);
    int result = stream_find(x.st, &k, 1, &x.err);
    is_met = sqlite_fault_end();
    if (result != 0) assert_int_equal(x.err.code, ERROR_MEMORY);
    OK(&x, stream_made_clear(x.st, &x.err));
    OK(&x, store_set(x.s, &v, 1, &x.err));
    scene_reopen(&x);
    OK(&x, store_get(x.s, SLICE("job"), SLICE("cursor"), &value, &is_there, &x.err));
    assert_true(is_there);
    buf_free(&value);
    scene_end(&x);
    disk_clear();
  }
}

static int begin(void **state) {
  (void)state;
  write_down();
  return 0;
}

static int begin_on_disk(void **state) {
  disk_install();
  return begin(state);
}

static int end(void **state) {
  (void)state;
  for (int i = 0; i <= STORY_STEPS; i++) free(content[i]);
  disk_clear();
  return 0;
}

int main(void) {
  const struct CMUnitTest ours[] = {
      cmocka_unit_test(c4_each_allocation_of_ours_may_fail),
  };
  const struct CMUnitTest sqlites[] = {
      cmocka_unit_test(c4_allocations_of_sqlites_may_fail),
      cmocka_unit_test(c4_a_failed_look_up_takes_no_later_write_with_it),
  };
  install_memory();
  int failed = cmocka_run_group_tests(ours, begin, end);
  return failed + cmocka_run_group_tests(sqlites, begin_on_disk, end);
}
