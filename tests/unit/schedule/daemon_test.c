/* The whole daemon on a clock that is set while it runs.
 *
 * This program is also its own runs: started as "__job" it claims the run and ends it well. */
#include "schedule/daemon.h"

#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { HOUR_MS = 3600000, DEADLINE_MS = 30000, STEP_MS = 20 };

/* A clock that the test sets, and its daemon in another process reads. */
struct set_clock {
  struct clock clock; /* first: its functions go back from it */
  _Atomic int64_t offset_ms;
};

struct scene {
  char dir[64], path[96], url[112];
  struct set_clock *clock;
  struct zones *zones;
  struct cron cron;
  struct daemon_wish wish;
  struct daemon_wishes wishes;
  pid_t daemon;
  sqlite3 *db;
};

static int64_t mono_ns(const struct clock *c) {
  (void)c;
  return clock_real.mono_ns(&clock_real);
}

static int64_t wall_ms(const struct clock *c) {
  const struct set_clock *s = (const struct set_clock *)(const void *)c;
  return clock_real.wall_ms(&clock_real) + atomic_load(&s->offset_ms);
}

/* ---- the daemon's surroundings ---- */

static int load(void *user, const struct daemon_wishes **to, struct error *err) {
  struct scene *x = user;
  (void)err;
  *to = &x->wishes;
  return 0;
}

static bool has_key_changed(void *user) {
  (void)user;
  return false;
}

static void no_line(void *user, enum log_level level, struct slice line) {
  (void)user, (void)level, (void)line;
}

static int serve(struct scene *x) {
  static const char *const words[] = {"daemon_test", "__job", NULL};
  struct log log = {.least = LOG_INFO, .sink = no_line, .clock = &x->clock->clock};
  const struct state_options in = {.url = x->url, .clock = &x->clock->clock};
  struct state *state;
  struct error err;
  char variable[160];
  (void)snprintf(variable, sizeof variable, "HOKO_TEST_STATE=%s", x->url);
  char *environment[] = {variable, NULL};
  if (state_open(&state, &in, &err) != 0) return 1;
  const struct daemon_options options = {.folder = x->dir,
                                         .state = state,
                                         .zones = x->zones,
                                         .clock = &x->clock->clock,
                                         .log = &log,
                                         .environment = environment,
                                         .run_words = words,
                                         .runs_max = 2,
                                         .grace_ms = 5000,
                                         .user = x,
                                         .load = load,
                                         .has_key_changed = has_key_changed};
  int result = daemon_run(&options, &err);
  if (result != 0) fprintf(stderr, "%s\n", err.message);
  state_close(state);
  return result == 0 ? 0 : 1;
}

/* "__job --run RUN -- JOB" */
static int run_as_job(char **argv) {
  const struct state_options in = {.url = getenv("HOKO_TEST_STATE"), .clock = &clock_real};
  struct run_record r = {.started_ms = clock_wall_ms(&clock_real), .outcome = SLICE("ok")};
  struct state *state;
  struct error err;
  (void)snprintf(r.run, sizeof r.run, "%s", argv[3]);
  if (state_open(&state, &in, &err) != 0) return 7;
  bool is_well = run_record_claim(state, &r, &err) == 0;
  r.ended_ms = r.started_ms;
  is_well = is_well && run_record_finish(state, &r, &err) == 0;
  state_close(state);
  return is_well ? 0 : 7;
}

/* ---- the scene ---- */

static void begin(struct scene *x) {
  struct error err;
  *x = (struct scene){.dir = "/tmp/hoko-daemon-XXXXXX"};
  assert_non_null(mkdtemp(x->dir));
  (void)snprintf(x->path, sizeof x->path, "%s/.hoko/state.db", x->dir);
  (void)snprintf(x->url, sizeof x->url, "sqlite:%s", x->path);
  x->clock =
      mmap(NULL, sizeof *x->clock, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  assert_ptr_not_equal(x->clock, MAP_FAILED);
  x->clock->clock = (struct clock){mono_ns, wall_ms};
  x->zones = zones_new(NULL);
  assert_int_equal(cron_parse(&x->cron, SLICE("* * * * * *"), &err), 0);
  x->wish = (struct daemon_wish){
      .name = "each",
      .script = "each.lua",
      .schedule = "* * * * * *",
      .timezone = "UTC",
      .rules = {.cron = &x->cron, .catch_up = POLICY_CATCH_UP_LAST, .window_ms = 24 * HOUR_MS}};
  assert_int_equal(zones_get(x->zones, SLICE("UTC"), &x->wish.rules.zone, &err), 0);
  x->wishes = (struct daemon_wishes){.at = &x->wish, .len = 1, .handed_fd = -1};
  x->daemon = fork();
  if (x->daemon == 0) _exit(serve(x));
}

static int64_t number(struct scene *x, const char *sql) {
  sqlite3_stmt *st;
  int64_t n = -1;
  if (!x->db && sqlite3_open_v2(x->path, &x->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
    (void)sqlite3_close(x->db);
    x->db = NULL;
    return -1;
  }
  (void)sqlite3_busy_timeout(x->db, DEADLINE_MS);
  if (sqlite3_prepare_v2(x->db, sql, -1, &st, NULL) != SQLITE_OK) return -1; /* not made yet */
  if (sqlite3_step(st) == SQLITE_ROW) n = sqlite3_column_int64(st, 0);
  (void)sqlite3_finalize(st);
  return n;
}

static int64_t good_runs(struct scene *x) {
  return number(x, "SELECT count(*) FROM run WHERE outcome = 'ok'");
}

static void wait_for_runs(struct scene *x, int64_t more) {
  int64_t wanted = more + (good_runs(x) > 0 ? good_runs(x) : 0);
  for (int waited = 0; good_runs(x) < wanted; waited += STEP_MS) {
    if (waited > DEADLINE_MS) fail_msg("%lld good runs did not come", (long long)wanted);
    (void)poll(NULL, 0, STEP_MS);
  }
}

static void set(struct scene *x, int64_t offset_ms) {
  atomic_store(&x->clock->offset_ms, offset_ms);
  assert_int_equal(kill(x->daemon, SIGHUP), 0); /* the system's clock would wake it by itself */
}

static void end(struct scene *x) {
  char command[128];
  int status;
  assert_int_equal(kill(x->daemon, SIGTERM), 0);
  assert_int_equal(waitpid(x->daemon, &status, 0), x->daemon);
  assert_int_equal(status, 0);
  assert_int_equal(number(x, "SELECT count(*) - count(DISTINCT due) FROM run"), 0);
  (void)sqlite3_close(x->db);
  zones_free(x->zones);
  (void)munmap(x->clock, sizeof *x->clock);
  (void)snprintf(command, sizeof command, "rm -rf '%s'", x->dir);
  assert_int_equal(system(command), 0);
}

static const char holes[] = "SELECT (max(due) - min(due)) / 1000 + 1 - count(*) FROM run";

/* ---- what is promised ---- */

static void
a_clock_set_forward_makes_rows_of_what_it_jumped_over_and_catches_up_once(void **state) {
  struct scene x;
  (void)state;
  begin(&x);
  wait_for_runs(&x, 2);
  set(&x, HOUR_MS);
  wait_for_runs(&x, 3);
  assert_in_range(number(&x, "SELECT count(*) FROM run WHERE outcome = 'missed'"), 3590, 3610);
  assert_int_equal(number(&x, holes), 0);
  end(&x);
}

static void a_clock_set_back_and_forth_starts_nothing_twice(void **state) {
  struct scene x;
  (void)state;
  begin(&x);
  wait_for_runs(&x, 3);
  set(&x, -HOUR_MS);
  wait_for_runs(&x, 3);
  set(&x, 0);
  wait_for_runs(&x, 3);
  assert_int_equal(number(&x, holes), 0);
  end(&x);
}

static void a_clock_set_back_a_little_runs_again_only_what_has_not_run(void **state) {
  struct scene x;
  (void)state;
  begin(&x);
  wait_for_runs(&x, 3);
  set(&x, -90000);
  wait_for_runs(&x, 2);
  set(&x, -3000); /* into what has run before */
  wait_for_runs(&x, 5);
  assert_int_equal(number(&x, holes), 0);
  end(&x);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_clock_set_forward_makes_rows_of_what_it_jumped_over_and_catches_up_once),
      cmocka_unit_test(a_clock_set_back_and_forth_starts_nothing_twice),
      cmocka_unit_test(a_clock_set_back_a_little_runs_again_only_what_has_not_run),
  };
  if (argc > 3 && strcmp(argv[1], "__job") == 0) return run_as_job(argv);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
