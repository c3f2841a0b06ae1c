/* A year of a thousand jobs in seconds: policy.h driven as the daemon drives it, with a
 * virtual clock and a disk that is only what was committed, while the daemon crashes
 * between any two steps, the clock is set, the machine sleeps, schedules are edited,
 * jobs paused, keys lost and Hoko is down.  What is demanded:
 *
 *   - each occurrence of a cron schedule has exactly one row, a run's or that of an
 *     occurrence that did not start (P1), and no other instant has one
 *   - an interval's occurrences follow each other without gap or repetition
 *   - a job never runs twice at once, an attempt is never started twice (P2), nothing
 *     starts before its time, paused or without a key (P3)
 *   - failures and recoveries are told in turn (P5)
 *
 * The seed is printed; the same seed is the same year. */
#include "base/number.h"
#include "schedule/policy.h"
#include "schedule/watch.h"
#include "schedule_ledger.h"
#include "schedule_tree.h"
#include "schedule_wishes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LEN(rows) (sizeof(rows) / sizeof(rows)[0])
#define NEVER INT64_MAX

enum {
  SECOND_MS = 1000,
  MINUTE_MS = 60000,
  HOUR_MS = 60 * MINUTE_MS,
  DAY_MS = 24 * HOUR_MS,
  SLOTS = 40,
};
#define BEGIN_MS INT64_C(1767225600000) /* 2026-01-01T00:00Z */

struct job {
  struct policy disk; /* what was committed, and so all that the daemon knows */
  struct policy_rules rules;
  struct ledger ledger;
  int64_t anchor_ms;   /* of an interval: the last start, or occurrence that did not */
  int64_t deadline_ms; /* of passed time */
  int64_t run_ends_ms; /* NEVER: it does not run */
  int run_exit;
  bool is_there, is_ready, may_tell_again;
  int64_t ready_ms;
  enum policy_alert told;
};

struct counts {
  int64_t runs, not_run[POLICY_EDITED + 1], retracted, alerts, retries, by_hand;
  int64_t crashes, jumps, sleeps, edits, occurrences;
};

struct sim {
  uint64_t seed;
  struct schedule_chance chance;
  struct schedule_wishes wishes;
  struct job *jobs;
  size_t jobs_len;
  int64_t passed_ms, shift_ms;  /* wall clock = passed + shift */
  int64_t chaos_ms, restart_ms; /* of passed time; restart NEVER: the daemon is up */
  bool is_hoko_down, is_key_lost;
  struct watch watch;
  size_t active;             /* runs */
  struct schedule_tree tree; /* when each job has something to do */
  struct counts n;
};

static _Noreturn void violated(const struct sim *s, const struct job *j, const char *what) {
  printf("job %zu at %" PRId64 " ms: %s (seed %" PRIu64 ")\n", (size_t)(j - s->jobs),
         s->passed_ms + s->shift_ms, what, s->seed);
  exit(1);
}

static void demand(const struct sim *s, const struct job *j, bool truth, const char *what) {
  if (!truth) violated(s, j, what);
}

static int64_t draw(struct sim *s, int64_t n) { return schedule_draw(&s->chance, n); }

static int64_t wall_ms(const struct sim *s) { return s->passed_ms + s->shift_ms; }
static bool is_up(const struct sim *s) { return s->restart_ms == NEVER; }

static void note_next(struct sim *s, struct job *j) {
  int64_t next = j->deadline_ms < j->run_ends_ms ? j->deadline_ms : j->run_ends_ms;
  schedule_tree_set(&s->tree, (size_t)(j - s->jobs), next);
}

/* ---- the daemon ---- */

static void crash(struct sim *s) {
  s->n.crashes++;
  s->active = 0;
  s->restart_ms = s->passed_ms + 1 + (draw(s, 8) == 0 ? draw(s, DAY_MS) : draw(s, MINUTE_MS));
  for (size_t i = 0; i < s->jobs_len; i++) {
    s->jobs[i].deadline_ms = s->jobs[i].run_ends_ms = NEVER;
    note_next(s, &s->jobs[i]);
  }
}

/* Writes the rows of A, as a part of its commit. */
static void record(struct sim *s, struct job *j, const struct policy_action *a) {
  bool is_scheduled =
      a->kind == POLICY_START && (a->start == POLICY_ON_TIME || a->start == POLICY_CAUGHT_UP);
  if (a->kind == POLICY_RETRACT) {
    demand(s, j, j->rules.cron != NULL, "an interval that is taken back");
    s->n.retracted++;
    ledger_retract(&j->ledger, &j->rules, a->at_ms);
  }
  if (a->kind == POLICY_NOT_RUN) s->n.not_run[a->cause] += a->count;
  if (a->kind != POLICY_NOT_RUN && !is_scheduled) return;
  int64_t count = is_scheduled ? 1 : a->count, at_ms = a->at_ms;
  if (!j->rules.cron) {
    demand(s, j, at_ms == j->anchor_ms + j->rules.every_ms, "an interval that is not its length");
    j->anchor_ms = is_scheduled ? wall_ms(s) : at_ms + (count - 1) * j->rules.every_ms;
    s->n.occurrences += count;
    return;
  }
  for (; count > 0; count--, at_ms = policy_each(&j->rules, at_ms))
    demand(s, j, ledger_add(&j->ledger, at_ms, is_scheduled), "P1: a second row");
}

/* One transaction; the daemon may die before it and behind it.  false: it did. */
static bool commit(struct sim *s, struct job *j, const struct policy *copy,
                   const struct policy_action *a) {
  int64_t fate = draw(s, 100000);
  if (fate == 0) crash(s);
  if (!is_up(s)) return false;
  j->disk = *copy;
  record(s, j, a);
  if (fate == 1) crash(s);
  return is_up(s);
}

static int draw_exit(struct sim *s) {
  static const int failures[] = {1, 2, 3, 4, 6, 7, 8, 143};
  if (s->is_key_lost) return 5;
  if (s->is_hoko_down) return 6;
  return draw(s, 50) == 0 ? failures[draw(s, LEN(failures))] : 0;
}

static void check_start(struct sim *s, struct job *j, const struct policy *before,
                        const struct policy_action *a) {
  demand(s, j, j->run_ends_ms == NEVER, "P2: a second run at once");
  demand(s, j, s->active < SLOTS, "a run without a slot");
  if (a->start == POLICY_BY_HAND) return;
  demand(s, j, a->attempt > 0 || a->at_ms <= wall_ms(s), "P3: before its time");
  demand(s, j, !before->is_paused && !before->is_keyless, "P3: paused, or without a key");
  demand(s, j, (a->attempt == 0) == (a->start != POLICY_RETRY), "an attempt of the wrong number");
  if (a->start != POLICY_RETRY) return;
  demand(s, j, a->at_ms == before->run_ms && a->attempt == before->attempt + 1,
         "P2: an attempt that is not the next");
}

static void spawn(struct sim *s, struct job *j, const struct policy_action *a) {
  s->n.runs++;
  if (a->start == POLICY_RETRY) s->n.retries++;
  if (a->start == POLICY_BY_HAND) s->n.by_hand++;
  s->active++;
  j->run_exit = draw_exit(s);
  j->run_ends_ms =
      s->passed_ms + 1 + (draw(s, 30) == 0 ? draw(s, 2 * HOUR_MS) : draw(s, 20 * SECOND_MS));
}

static bool do_start(struct sim *s, struct job *j, const struct policy *copy,
                     const struct policy_action *a) {
  bool is_scheduled = a->start == POLICY_ON_TIME || a->start == POLICY_CAUGHT_UP;
  if (is_scheduled && j->rules.cron && ledger_has(&j->ledger, a->at_ms)) {
    ledger_keep(&j->ledger, a->at_ms);
    policy_already(&j->disk, a);
    return true;
  }
  check_start(s, j, &j->disk, a);
  if (a->start == POLICY_BY_HAND && !j->rules.cron && j->anchor_ms + j->rules.every_ms > wall_ms(s))
    j->anchor_ms = copy->settled_ms;
  if (!commit(s, j, copy, a)) return false;
  spawn(s, j, a);
  return true;
}

/* Told first, recorded then. */
static bool do_alert(struct sim *s, struct job *j, const struct policy *copy,
                     const struct policy_action *a) {
  demand(s, j, a->alert != j->told || j->may_tell_again, "P5: told twice");
  demand(s, j, a->alert == POLICY_ALERT_FAILURE || j->told != POLICY_ALERT_NONE,
         "P5: a recovery from nothing");
  s->n.alerts++;
  j->told = a->alert;
  j->may_tell_again = true;
  if (!commit(s, j, copy, a)) return false;
  j->may_tell_again = false;
  return true;
}

/* false: the daemon died. */
static bool act(struct sim *s, struct job *j, const struct policy *copy,
                const struct policy_action *a) {
  switch (a->kind) {
  case POLICY_START: return do_start(s, j, copy, a);
  case POLICY_ALERT: return do_alert(s, j, copy, a);
  case POLICY_STOP:
    if (!commit(s, j, copy, a)) return false;
    j->run_ends_ms = s->passed_ms + 1 + draw(s, 30 * SECOND_MS);
    j->run_exit = 143;
    return true;
  case POLICY_NOT_RUN:
  case POLICY_RETRACT: return commit(s, j, copy, a);
  case POLICY_WAIT: break;
  }
  j->disk = *copy;
  j->is_ready = a->is_ready;
  j->ready_ms = a->ready_ms;
  j->deadline_ms = a->wait_ms == NEVER ? NEVER : a->wait_ms - s->shift_ms;
  return true;
}

static void step(struct sim *s, struct job *j) {
  struct policy_action a = {.kind = POLICY_STOP};
  while (j->is_there && a.kind != POLICY_WAIT) {
    struct policy copy = j->disk;
    if (j->anchor_ms - wall_ms(s) > MINUTE_MS) j->anchor_ms = wall_ms(s);
    policy_next(&copy, &j->rules, wall_ms(s), s->active < SLOTS, &a);
    if (!act(s, j, &copy, &a)) return;
  }
  if (!j->is_there) j->deadline_ms = NEVER;
  demand(s, j, j->deadline_ms > s->passed_ms, "it does not wait");
  note_next(s, j);
}

static void step_all(struct sim *s) {
  for (size_t i = 0; i < s->jobs_len && is_up(s); i++) step(s, &s->jobs[i]);
}

/* Slots go to who waits longest. */
static void give_slots(struct sim *s) {
  while (is_up(s) && s->active < SLOTS) {
    struct job *oldest = NULL;
    for (size_t i = 0; i < s->jobs_len; i++) {
      struct job *j = &s->jobs[i];
      if (j->is_ready && (!oldest || j->ready_ms < oldest->ready_ms)) oldest = j;
    }
    if (!oldest) return;
    oldest->is_ready = false;
    step(s, oldest);
  }
}

static void end_run(struct sim *s, struct job *j) {
  struct policy copy = j->disk;
  struct policy_action none = {.kind = POLICY_WAIT};
  policy_ended(&copy, &j->rules, j->run_exit, wall_ms(s));
  if (!commit(s, j, &copy, &none)) return;
  j->run_ends_ms = NEVER;
  bool was_full = s->active-- == SLOTS;
  step(s, j);
  if (was_full) give_slots(s);
}

static void load(struct sim *s) {
  s->restart_ms = NEVER;
  watch_begin(&s->watch, wall_ms(s), s->passed_ms);
  for (size_t i = 0; i < s->jobs_len; i++) {
    struct job *j = &s->jobs[i];
    j->is_ready = false;
    if (j->disk.phase == POLICY_RUNNING || j->disk.phase == POLICY_STOPPING)
      policy_ended(&j->disk, &j->rules, POLICY_DIED, wall_ms(s));
    policy_wake(&j->disk, wall_ms(s));
  }
  step_all(s);
}

/* ---- what people do to it ---- */

/* false: the daemon died over it, and the old schedule holds. */
static bool drop_old(struct sim *s, struct job *j) {
  struct policy_action a;
  for (;;) {
    struct policy copy = j->disk;
    if (!policy_drop(&copy, &j->rules, wall_ms(s), &a)) return true;
    if (!commit(s, j, &copy, &a)) return false;
  }
}

static void edit(struct sim *s, struct job *j) {
  if (!j->is_there) return;
  s->n.edits++;
  schedule_wishes_draw_rest(&s->chance, &j->rules);
  if (draw(s, 2) == 0 || !drop_old(s, j)) return;
  ledger_end(&j->ledger, wall_ms(s));
  schedule_wishes_draw(&s->wishes, &s->chance, &j->rules);
  policy_reschedule(&j->disk, &j->rules, wall_ms(s));
  j->anchor_ms = j->disk.settled_ms;
  ledger_begin(&j->ledger, &j->rules, wall_ms(s));
  demand(s, j, policy_each(&j->rules, j->disk.settled_ms) > wall_ms(s), "P4: due by an edit");
}

/* Takes the job out of hoko.lua, or puts it in again. */
static void remove_or_add(struct sim *s, struct job *j) {
  if (j->run_ends_ms != NEVER) return;
  if (j->is_there) {
    if (!drop_old(s, j)) return;
    ledger_end(&j->ledger, wall_ms(s));
    j->is_there = j->is_ready = false;
    return;
  }
  schedule_wishes_draw(&s->wishes, &s->chance, &j->rules);
  policy_begin(&j->disk, wall_ms(s));
  j->is_there = true;
  j->told = POLICY_ALERT_NONE;
  j->anchor_ms = wall_ms(s);
  ledger_begin(&j->ledger, &j->rules, wall_ms(s));
}

static void key_works(struct sim *s) {
  s->is_key_lost = false;
  for (size_t i = 0; i < s->jobs_len; i++) policy_key_works(&s->jobs[i].disk, wall_ms(s));
  step_all(s);
}

static void set_clock(struct sim *s) {
  s->n.jumps++;
  if (draw(s, 2) == 0)
    s->shift_ms += draw(s, 8 * MINUTE_MS) - 4 * MINUTE_MS;
  else
    s->shift_ms += draw(s, 2 * DAY_MS) - DAY_MS;
}

/* One of the things that happen in a year. */
static void chaos(struct sim *s) {
  struct job *j = &s->jobs[draw(s, (int64_t)s->jobs_len)];
  switch (draw(s, 16)) {
  case 0: crash(s); return;
  case 1: set_clock(s); return;
  case 2:
    s->n.sleeps++;
    s->passed_ms += draw(s, 8 * HOUR_MS);
    return;
  case 3: s->is_hoko_down = true; return;
  case 4: s->is_key_lost = true; return;
  case 5:
  case 6:
  case 7:
    s->is_hoko_down = false;
    key_works(s);
    return;
  case 8: policy_pause(&j->disk); break;
  case 9:
  case 10: policy_resume(&j->disk); break;
  case 11: policy_request(&j->disk); break;
  case 12: remove_or_add(s, j); break;
  default: edit(s, j); break;
  }
  if (is_up(s)) step(s, j);
}

/* ---- the year ---- */

/* What the daemon does when it wakes, before anything else. */
static void look_at_clock(struct sim *s) {
  int64_t shift_ms;
  enum watch_verdict verdict = watch_look(&s->watch, wall_ms(s), s->passed_ms, &shift_ms);
  if (verdict == WATCH_STEADY && shift_ms == 0) return;
  for (size_t i = 0; i < s->jobs_len; i++) {
    struct job *j = &s->jobs[i];
    if (verdict == WATCH_SLEPT) policy_wake(&j->disk, wall_ms(s));
    if (verdict != WATCH_JUMPED) continue;
    policy_jumped(&j->disk, &j->rules, shift_ms, wall_ms(s));
    j->anchor_ms += shift_ms;
  }
  step_all(s);
}

static void turn(struct sim *s) {
  int64_t next_ms = is_up(s) ? schedule_tree_first_ms(&s->tree) : s->restart_ms;
  bool is_chaos = s->chaos_ms <= next_ms;
  watch_plan(&s->watch, is_chaos ? s->chaos_ms : next_ms);
  if (is_chaos) next_ms = s->chaos_ms;
  if (next_ms > s->passed_ms) s->passed_ms = next_ms;
  if (is_up(s)) look_at_clock(s);
  if (is_chaos) {
    s->chaos_ms += draw(s, 2 * HOUR_MS);
    if (is_up(s))
      chaos(s);
    else if (draw(s, 8) == 0)
      set_clock(s);
    return;
  }
  if (!is_up(s)) {
    if (s->passed_ms >= s->restart_ms) load(s);
    return;
  }
  if (schedule_tree_first_ms(&s->tree) > s->passed_ms) return;
  struct job *j = &s->jobs[schedule_tree_first(&s->tree)];
  if (j->run_ends_ms <= s->passed_ms)
    end_run(s, j);
  else
    step(s, j);
}

static void begin(struct sim *s) {
  struct error err;
  if (schedule_wishes_open(&s->wishes, &err) != 0) {
    printf("%s: %s\n", err.message, err.hint);
    exit(1);
  }
  s->jobs = calloc(s->jobs_len, sizeof *s->jobs);
  if (!s->jobs) abort();
  s->shift_ms = BEGIN_MS;
  s->restart_ms = NEVER;
  schedule_tree_clear(&s->tree);
  watch_begin(&s->watch, wall_ms(s), 0);
  for (size_t i = 0; i < s->jobs_len; i++) {
    s->jobs[i].run_ends_ms = NEVER;
    schedule_wishes_draw_rest(&s->chance, &s->jobs[i].rules);
    remove_or_add(s, &s->jobs[i]);
  }
  step_all(s);
}

static void finish(struct sim *s) {
  for (size_t i = 0; i < s->jobs_len; i++) {
    struct job *j = &s->jobs[i];
    int64_t wrong_ms;
    if (j->is_there) ledger_end(&j->ledger, j->disk.settled_ms);
    int64_t occurrences = ledger_check(&j->ledger, &wrong_ms);
    if (occurrences < 0) {
      printf("at %" PRId64 " ms\n", wrong_ms);
      violated(s, j, "P1: an occurrence without a row, or a row without one");
    }
    s->n.occurrences += occurrences;
    ledger_free(&j->ledger);
  }
  schedule_wishes_close(&s->wishes);
  free(s->jobs);
}

static void report(const struct sim *s, int64_t days, double seconds) {
  printf("%zu jobs for %" PRId64 " days, seed %" PRIu64 ", %.1f s\n", s->jobs_len, days, s->seed,
         seconds);
  printf("%" PRId64 " crashes, %" PRId64 " times the clock was set, %" PRId64 " sleeps, %" PRId64
         " edits, %" PRId64 " alerts\n",
         s->n.crashes, s->n.jumps, s->n.sleeps, s->n.edits, s->n.alerts);
  printf("%" PRId64 " runs (%" PRId64 " retries, %" PRId64 " by hand)", s->n.runs, s->n.retries,
         s->n.by_hand);
  for (int i = 0; i <= POLICY_EDITED; i++)
    printf(", %" PRId64 " %s", s->n.not_run[i], policy_cause_name((enum policy_cause)i));
  printf("\n%" PRId64 " occurrences, each with one row; %zu jobs: %zu passed, 0 failed\n",
         s->n.occurrences, s->jobs_len, s->jobs_len);
}

/* Argument I, or FALLBACK where it is not given; -1: it is no number. */
static int64_t argument(int argc, char **argv, int i, int64_t fallback) {
  int64_t n = -1;
  if (i >= argc) return fallback;
  return number_int64(slice_of(argv[i]), 0, INT64_MAX, &n) == 0 ? n : -1;
}

int main(int argc, char **argv) {
  int64_t days = argument(argc, argv, 1, 365), jobs = argument(argc, argv, 2, 1000);
  int64_t seed = argument(argc, argv, 3, (int64_t)time(NULL));
  static struct sim s;
  if (days < 1 || jobs < 1 || jobs > SCHEDULE_TREE_LEAVES || seed < 0) {
    printf("schedule_sim [DAYS [JOBS [SEED]]]\n");
    return 2;
  }
  clock_t begun = clock();
  s = (struct sim){.seed = (uint64_t)seed, .chance = {(uint64_t)seed}, .jobs_len = (size_t)jobs};
  begin(&s);
  while (s.passed_ms < days * DAY_MS) turn(&s);
  finish(&s);
  report(&s, days, (double)(clock() - begun) / CLOCKS_PER_SEC);
  return 0;
}
