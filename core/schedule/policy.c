/* Occurrences are settled in the order of their time, so one number, settled_ms,
 * tells which have a row, and those that wait need no list: they are what the
 * schedule has between settled_ms and now.
 *
 *                  START                    ended, may be retried
 *        IDLE ───────────────► RUNNING ─────────────────────────────► RETRYING
 *         ▲                    │  │  ▲                                │   │
 *         ├──────── ended ─────┘  │  └─ START of the attempt or of ───┘   │
 *         │                  STOP │     the next occurrence               │
 *         └── ended ── STOPPING ◄─┘                        pause ─────────┘►IDLE
 *
 * P1  An occurrence up to settled_ms has one row, one behind has none.
 * P2  A run is under way from the commit of its START to that of its end, and it is
 *     the only one of its job.
 * P3  Nothing of a schedule starts before its time, past its window, while paused
 *     or without a key; what is asked for by hand starts whenever P2 allows.
 * P4  A change of rules, and a clock that was set, make nothing start twice.
 * P5  Each failure behind a success is told once, and each success behind a failure. */
#include "schedule/policy.h"

#include "base/exit_code.h"
#include "schedule/next.h"

#include <assert.h>

enum {
  DAY_MS = 86400000,
  REWIND_MS = 60000, /* a clock that is set back by less is waited for */
};

struct occurrence {
  int64_t at_ms, due_ms; /* INT64_MAX: none comes; due: with its jitter */
  bool is_moved;
};

/* Walks a schedule's occurrences. */
struct walk {
  const struct policy_rules *rules;
  struct next_walk cron;
  int64_t every_after_ms;
};

const char *policy_cause_name(enum policy_cause cause) {
  static const char *const name[] = {
      [POLICY_MISSED] = "missed",     [POLICY_PAST_WINDOW] = "past-window",
      [POLICY_SKIPPED] = "skipped",   [POLICY_REPLACED] = "replaced",
      [POLICY_PAUSED] = "paused",     [POLICY_KEYLESS] = "no-key",
      [POLICY_EDITED] = "rescheduled"};
  return name[cause];
}

/* splitmix64 (Steele, Lea, Flood 2014): evenly spread and the same after a restart. */
static int64_t jitter_ms(const struct policy_rules *r, int64_t at_ms) {
  if (r->jitter_ms <= 0) return 0;
  uint64_t n = r->jitter_seed + (uint64_t)at_ms * 0x9e3779b97f4a7c15;
  n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9;
  n = (n ^ n >> 27) * 0x94d049bb133111eb;
  return (int64_t)((n ^ n >> 31) % ((uint64_t)r->jitter_ms + 1));
}

static int64_t floor_seconds(int64_t ms) { return ms / 1000 - (ms % 1000 < 0 ? 1 : 0); }

static void walk_begin(struct walk *w, const struct policy_rules *r, int64_t after_ms) {
  *w = (struct walk){.rules = r, .every_after_ms = after_ms};
  if (r->cron) next_begin(&w->cron, r->cron, r->zone, floor_seconds(after_ms));
}

static struct occurrence walk_step(struct walk *w) {
  const struct policy_rules *r = w->rules;
  struct occurrence o = {.at_ms = INT64_MAX, .due_ms = INT64_MAX};
  struct next next;
  if (r->cron) {
    if (!next_step(&w->cron, &next)) return o;
    o = (struct occurrence){.at_ms = next.at_s * 1000, .is_moved = next.is_moved};
  } else {
    if (r->every_ms <= 0) return o;
    o.at_ms = w->every_after_ms += r->every_ms;
  }
  o.due_ms = o.at_ms + jitter_ms(r, o.at_ms);
  return o;
}

int64_t policy_each(const struct policy_rules *r, int64_t at_ms) {
  struct walk w;
  walk_begin(&w, r, at_ms);
  return walk_step(&w).at_ms;
}

static bool is_under_way(const struct policy *p) {
  return p->phase == POLICY_RUNNING || p->phase == POLICY_STOPPING;
}

/* What came due while nobody could start it, and so is the matter of catch_up. */
static bool is_backlog(const struct policy *p, const struct occurrence *o) {
  return p->is_keyless || o->due_ms < p->awake_ms;
}

/* Whether O, which is due, will not start; NEXT is the occurrence behind it. */
static bool is_lost(const struct policy *p, const struct policy_rules *r, int64_t now_ms,
                    const struct occurrence *o, const struct occurrence *next,
                    enum policy_cause *cause) {
  bool is_late = is_backlog(p, o), is_all = is_late && r->catch_up == POLICY_CATCH_UP_ALL;
  bool is_last = next->due_ms > now_ms || !is_backlog(p, next);
  *cause = POLICY_PAUSED;
  if (p->is_paused) return true;
  *cause = p->is_keyless ? POLICY_KEYLESS : POLICY_MISSED;
  if (is_late && r->catch_up == POLICY_CATCH_UP_NONE) return true;
  if (is_late && r->catch_up == POLICY_CATCH_UP_LAST && !is_last) return true;
  *cause = POLICY_PAST_WINDOW;
  if (now_ms - o->due_ms > r->window_ms) return true;
  if (p->is_keyless || is_all) return false;
  *cause = POLICY_SKIPPED;
  if (r->overlap == POLICY_OVERLAP_SKIP && is_under_way(p)) return true;
  *cause = POLICY_REPLACED;
  return r->overlap == POLICY_OVERLAP_REPLACE && next->due_ms <= now_ms;
}

/* Takes the due occurrences that are lost for one and the same cause. */
static bool take_lost(struct policy *p, const struct policy_rules *r, int64_t now_ms,
                      struct policy_action *a) {
  struct walk w;
  walk_begin(&w, r, p->settled_ms);
  struct occurrence o = walk_step(&w);
  *a = (struct policy_action){.kind = POLICY_NOT_RUN, .at_ms = o.at_ms};
  while (o.due_ms <= now_ms && a->count < POLICY_SPAN_MAX) {
    struct occurrence next = walk_step(&w);
    enum policy_cause cause;
    if (!is_lost(p, r, now_ms, &o, &next, &cause)) break;
    if (a->count > 0 && cause != a->cause) break;
    a->cause = cause;
    a->last_ms = p->settled_ms = o.at_ms;
    a->count++;
    o = next;
  }
  return a->count > 0;
}

static void start(struct policy *p, struct policy_action *a, enum policy_start how, int64_t at_ms,
                  int64_t attempt) {
  assert(!is_under_way(p)); /* P2 */
  p->phase = POLICY_RUNNING;
  p->run_ms = at_ms;
  p->attempt = attempt;
  p->is_by_hand = how == POLICY_BY_HAND;
  *a = (struct policy_action){
      .kind = POLICY_START, .start = how, .at_ms = at_ms, .attempt = attempt};
}

static void start_occurrence(struct policy *p, const struct policy_rules *r, int64_t now_ms,
                             const struct occurrence *o, struct policy_action *a) {
  assert(now_ms >= o->due_ms && now_ms - o->due_ms <= r->window_ms && !p->is_paused); /* P3 */
  start(p, a, o->due_ms < p->awake_ms ? POLICY_CAUGHT_UP : POLICY_ON_TIME, o->at_ms, 0);
  a->is_moved = o->is_moved;
  p->settled_ms = r->cron || now_ms < o->at_ms ? o->at_ms : now_ms;
}

/* A run by hand counts as a start, from which the next interval is measured. */
static void start_by_hand(struct policy *p, const struct policy_rules *r, int64_t now_ms,
                          struct policy_action *a) {
  start(p, a, POLICY_BY_HAND, now_ms, 0);
  p->is_requested = false;
  if (!r->cron && policy_each(r, p->settled_ms) > now_ms) p->settled_ms = now_ms;
}

static void wait_until(struct policy_action *a, int64_t ms) {
  if (ms < a->wait_ms) a->wait_ms = ms;
}

static void wait_for_slot(struct policy_action *a, int64_t since_ms) {
  if (!a->is_ready || since_ms < a->ready_ms) a->ready_ms = since_ms;
  a->is_ready = true;
}

/* O is due and not lost: starts it, or says what it waits for.  Waiting ends when the
 * window does, or when the next one may push it out. */
static void take_due(struct policy *p, const struct policy_rules *r, int64_t now_ms,
                     const struct occurrence *o, const struct occurrence *next, bool has_slot,
                     struct policy_action *a) {
  wait_until(a, o->due_ms + r->window_ms + 1);
  if (next->due_ms > now_ms) wait_until(a, next->due_ms);
  if (p->is_keyless) return;
  if (!is_under_way(p)) {
    if (has_slot)
      start_occurrence(p, r, now_ms, o, a);
    else
      wait_for_slot(a, o->due_ms);
    return;
  }
  bool is_all = is_backlog(p, o) && r->catch_up == POLICY_CATCH_UP_ALL;
  if (p->phase != POLICY_RUNNING || r->overlap != POLICY_OVERLAP_REPLACE || is_all) return;
  p->phase = POLICY_STOPPING;
  a->kind = POLICY_STOP;
}

static void take_retry(struct policy *p, int64_t now_ms, bool has_slot, struct policy_action *a) {
  if (now_ms < p->retry_at_ms)
    wait_until(a, p->retry_at_ms);
  else if (has_slot)
    start(p, a, POLICY_RETRY, p->run_ms, p->attempt + 1);
  else
    wait_for_slot(a, p->retry_at_ms);
}

/* The schedule's part: the next occurrence, and while none is due the next attempt. */
static void take_occurrence(struct policy *p, const struct policy_rules *r, int64_t now_ms,
                            bool has_slot, struct policy_action *a) {
  struct walk w;
  walk_begin(&w, r, p->settled_ms);
  struct occurrence o = walk_step(&w), next = {.due_ms = INT64_MAX};
  wait_until(a, o.due_ms);
  if (o.due_ms <= now_ms) {
    a->wait_ms = INT64_MAX;
    next = walk_step(&w);
    take_due(p, r, now_ms, &o, &next, has_slot, a);
  } else if (p->phase == POLICY_RETRYING) {
    take_retry(p, now_ms, has_slot, a);
  }
}

static void take_alert(struct policy *p, struct policy_action *a) {
  *a = (struct policy_action){.kind = POLICY_ALERT, .alert = p->alert};
  p->alert = POLICY_ALERT_NONE;
}

void policy_begin(struct policy *p, int64_t now_ms) {
  *p = (struct policy){.settled_ms = now_ms, .awake_ms = now_ms};
}

void policy_next(struct policy *p, const struct policy_rules *r, int64_t now_ms, bool has_slot,
                 struct policy_action *a) {
  if (p->alert != POLICY_ALERT_NONE) {
    take_alert(p, a);
    return;
  }
  if (p->settled_ms - now_ms > REWIND_MS) {
    p->settled_ms = p->awake_ms = now_ms;
    *a = (struct policy_action){.kind = POLICY_RETRACT, .at_ms = now_ms};
    if (r->cron) return; /* the instants of an interval come once, whatever the clock showed */
  }
  if (take_lost(p, r, now_ms, a)) return;
  *a = (struct policy_action){.kind = POLICY_WAIT, .wait_ms = INT64_MAX};
  bool is_wanted = p->is_requested && !is_under_way(p);
  if (is_wanted && has_slot) {
    start_by_hand(p, r, now_ms, a);
    return;
  }
  if (is_wanted) wait_for_slot(a, now_ms);
  take_occurrence(p, r, now_ms, has_slot, a);
}

void policy_already(struct policy *p, const struct policy_action *a) {
  assert(a->kind == POLICY_START && a->at_ms > p->settled_ms);
  p->settled_ms = a->at_ms;
}

static bool is_retried(const struct policy *p, const struct policy_rules *r, int exit_code) {
  if (p->is_by_hand || p->is_paused || p->attempt >= r->retry_times) return false;
  return exit_code == POLICY_DIED || exit_code == EXIT_SCRIPT || exit_code == EXIT_UNREACHABLE ||
         exit_code == EXIT_STATE || exit_code == EXIT_LIMIT;
}

static int64_t retry_delay_ms(const struct policy_rules *r, int64_t attempt) {
  double delay = (double)r->retry_delay_ms;
  for (int64_t i = 0; i < attempt && delay < DAY_MS; i++) delay *= r->retry_factor;
  return delay < DAY_MS ? (int64_t)delay : DAY_MS;
}

void policy_ended(struct policy *p, const struct policy_rules *r, int exit_code, int64_t now_ms) {
  assert(is_under_way(p)); /* P2 */
  bool is_success = exit_code == EXIT_OK || exit_code == EXIT_HELD;
  bool was_told_to = p->phase == POLICY_STOPPING;
  p->phase = POLICY_IDLE;
  if (was_told_to && !is_success) return;
  p->is_keyless = exit_code == EXIT_AUTH; /* any other end was not for want of a key */
  if (is_success == p->is_failing)        /* P5 */
    p->alert = is_success ? POLICY_ALERT_RECOVERY : POLICY_ALERT_FAILURE;
  p->is_failing = !is_success;
  if (is_success || !is_retried(p, r, exit_code)) return;
  p->phase = POLICY_RETRYING;
  p->retry_at_ms = now_ms + retry_delay_ms(r, p->attempt);
}

void policy_stopping(struct policy *p) {
  if (p->phase == POLICY_RUNNING) p->phase = POLICY_STOPPING;
}

void policy_wake(struct policy *p, int64_t now_ms) { p->awake_ms = now_ms; }

/* An interval is elapsed time, which a clock that was set does not change; the
 * instants of a cron expression are the clock's. */
void policy_jumped(struct policy *p, const struct policy_rules *r, int64_t shift_ms,
                   int64_t now_ms) {
  if (p->phase == POLICY_RETRYING) p->retry_at_ms += shift_ms;
  if (r->cron) {
    p->awake_ms = now_ms;
    return;
  }
  p->settled_ms += shift_ms;
  p->awake_ms += shift_ms;
}

void policy_request(struct policy *p) { p->is_requested = true; }

void policy_pause(struct policy *p) {
  p->is_paused = true;
  if (p->phase == POLICY_RETRYING) p->phase = POLICY_IDLE;
}

void policy_resume(struct policy *p) { p->is_paused = false; }

void policy_key_works(struct policy *p, int64_t now_ms) {
  if (!p->is_keyless) return;
  p->is_keyless = false;
  p->awake_ms = now_ms;
  if (p->phase != POLICY_IDLE || p->is_paused || p->is_by_hand) return;
  p->phase = POLICY_RETRYING;
  p->retry_at_ms = now_ms;
}

bool policy_drop(struct policy *p, const struct policy_rules *r, int64_t now_ms,
                 struct policy_action *a) {
  struct walk w;
  walk_begin(&w, r, p->settled_ms);
  struct occurrence o = walk_step(&w);
  *a = (struct policy_action){.kind = POLICY_NOT_RUN, .at_ms = o.at_ms, .cause = POLICY_EDITED};
  for (; o.at_ms <= now_ms && a->count < POLICY_SPAN_MAX; o = walk_step(&w), a->count++)
    a->last_ms = p->settled_ms = o.at_ms;
  return a->count > 0;
}

void policy_reschedule(struct policy *p, const struct policy_rules *r, int64_t now_ms) {
  if (r->cron || policy_each(r, p->settled_ms) <= now_ms) p->settled_ms = now_ms; /* P4 */
}
