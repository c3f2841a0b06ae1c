/* policy.h - what a job does next, decided without doing it.
 *
 * Pure: functions of (state, rules, event, now), without I/O, clock or thread; the
 * daemon drives them, and so does the simulator (tests/sim/schedule_sim.c).
 *
 * An occurrence is an instant of a job's schedule.  Each one gets exactly one row:
 * that of the run which it started (retries are further attempts of the same), or
 * one that says why it did not start.
 *
 * The driver's rule: a struct policy is a plain value.  Take a copy, call on the
 * copy, record copy and action in ONE transaction, then keep the copy and act.
 * After a failed commit drop the copy and call again later.  So a crash between two
 * steps forgets nothing and starts nothing twice:
 *
 *   load        policy_ended(POLICY_DIED) for a run that was under way, policy_wake()
 *   each event  policy_next() until it says POLICY_WAIT; then sleep until wait_ms,
 *               or until a run ends, a command comes, a slot gets free, the clock jumps
 *
 * Only a POLICY_ALERT is acted on first and recorded then: better told twice than
 * never.  Times are wall clock, milliseconds since 1970. */
#ifndef HOKO_SCHEDULE_POLICY_H
#define HOKO_SCHEDULE_POLICY_H

#include "schedule/cron.h"
#include "schedule/zone.h"

enum policy_overlap { POLICY_OVERLAP_SKIP, POLICY_OVERLAP_QUEUE, POLICY_OVERLAP_REPLACE };
enum policy_catch_up { POLICY_CATCH_UP_NONE, POLICY_CATCH_UP_LAST, POLICY_CATCH_UP_ALL };

/* The wish: what hoko.lua says of a job.  Borrows cron and zone. */
struct policy_rules {
  const struct cron *cron; /* NULL: every_ms */
  const struct zone *zone;
  int64_t every_ms; /* from the last start; 0 without cron: by hand only */
  enum policy_overlap overlap;
  enum policy_catch_up catch_up;
  int64_t window_ms;    /* an occurrence that came due longer ago starts no more */
  int64_t jitter_ms;    /* an occurrence starts up to this later, the same each time asked */
  uint64_t jitter_seed; /* of the job's name, so that jobs differ */
  int64_t retry_times, retry_delay_ms; /* the delay grows by the factor each time, to a day */
  double retry_factor;
};

enum policy_phase {
  POLICY_IDLE,
  POLICY_RUNNING,
  POLICY_STOPPING, /* runs, and was told to stop for the next one or by the daemon */
  POLICY_RETRYING, /* failed, waits for its next attempt */
};

enum policy_alert { POLICY_ALERT_NONE, POLICY_ALERT_FAILURE, POLICY_ALERT_RECOVERY };

/* The work: what is so now.  The driver stores it whole; tests may look. */
struct policy {
  int64_t settled_ms; /* occurrences up to here have their row, none behind has one */
  int64_t awake_ms;   /* what came due before is late because nobody was there to start it */
  enum policy_phase phase;
  int64_t run_ms;      /* the occurrence of the run under way, or of the last one */
  int64_t attempt;     /* of that run, from 0 */
  int64_t retry_at_ms; /* while RETRYING */
  enum policy_alert alert;
  bool is_by_hand;   /* that run was asked for, not scheduled */
  bool is_requested; /* a run by hand waits for its turn */
  bool is_paused;
  bool is_keyless; /* the last run ended with exit 5: nothing starts until a key works */
  bool is_failing;
};

/* Why an occurrence did not start. */
enum policy_cause {
  POLICY_MISSED, /* nobody was there: daemon down, machine asleep, clock set forward */
  POLICY_PAST_WINDOW,
  POLICY_SKIPPED,  /* the run before was still under way (overlap = "skip") */
  POLICY_REPLACED, /* a newer one came before this could start (overlap = "replace") */
  POLICY_PAUSED,
  POLICY_KEYLESS, /* no working key */
  POLICY_EDITED,  /* came due under a schedule that hoko.lua no more has */
};
/* "missed", "past-window", …: the word for rows and logs. */
const char *policy_cause_name(enum policy_cause cause);

enum policy_start { POLICY_ON_TIME, POLICY_CAUGHT_UP, POLICY_RETRY, POLICY_BY_HAND };

enum policy_action_kind {
  POLICY_WAIT,    /* nothing to do before wait_ms */
  POLICY_START,   /* start attempt ATTEMPT of the occurrence at_ms */
  POLICY_STOP,    /* stop the run under way; policy_ended() tells its end */
  POLICY_NOT_RUN, /* record that the occurrences from at_ms through last_ms did not start */
  POLICY_RETRACT, /* forget the rows of POLICY_NOT_RUN behind at_ms: the clock was set back,
                     and what is behind has not come yet */
  POLICY_ALERT,   /* start on_failure or on_recovery */
};

enum { POLICY_SPAN_MAX = 1000 };

struct policy_action {
  enum policy_action_kind kind;
  int64_t wait_ms;         /* WAIT: INT64_MAX where only an event can change anything */
  bool is_ready;           /* WAIT: would start if it had a slot ... */
  int64_t ready_ms;        /* ... since then; slots go to the oldest first */
  int64_t at_ms;           /* START: the occurrence; BY_HAND: now.  NOT_RUN: the first */
  int64_t last_ms;         /* NOT_RUN */
  int64_t count;           /* NOT_RUN: how many, at most POLICY_SPAN_MAX */
  enum policy_cause cause; /* NOT_RUN */
  enum policy_start start; /* START */
  int64_t attempt;         /* START */
  bool is_moved;           /* START: moved by daylight saving */
  enum policy_alert alert; /* ALERT */
};

/* A job that was not there before: nothing of its past is due. */
void policy_begin(struct policy *p, int64_t now_ms);

/* The next action.  HAS_SLOT: one more run may start. */
void policy_next(struct policy *p, const struct policy_rules *r, int64_t now_ms, bool has_slot,
                 struct policy_action *a);

/* A START of a schedule by cron whose occurrence has a row already (the clock was set
 * back, and this was run before): do not start it, forget the copy, call this. */
void policy_already(struct policy *p, const struct policy_action *a);

/* The run ended with this exit code; POLICY_DIED: the daemon did, and the run with it. */
enum { POLICY_DIED = -1 };
void policy_ended(struct policy *p, const struct policy_rules *r, int exit_code, int64_t now_ms);

/* Before the daemon stops a run for reasons of its own: how it ends counts for nothing. */
void policy_stopping(struct policy *p);

/* The daemon started, or the machine slept: what came due before NOW_MS was missed. */
void policy_wake(struct policy *p, int64_t now_ms);
/* The wall clock went SHIFT_MS further than time did; NOW_MS is what it shows since. */
void policy_jumped(struct policy *p, const struct policy_rules *r, int64_t shift_ms,
                   int64_t now_ms);

void policy_request(struct policy *p); /* one run by hand, as soon as none is under way */
void policy_pause(struct policy *p);
void policy_resume(struct policy *p);
/* A key works again: the run that failed for want of one is tried anew. */
void policy_key_works(struct policy *p, int64_t now_ms);

/* The schedule (cron, zone or every) is to change, or the job to go.  First policy_drop()
 * under the old rules while it returns true, recording its actions: what came due up to
 * NOW_MS and did not start.  Then policy_reschedule() under the new ones, which makes
 * nothing due by itself.  Other rules change without either. */
MUST_USE bool policy_drop(struct policy *p, const struct policy_rules *r, int64_t now_ms,
                          struct policy_action *a);
void policy_reschedule(struct policy *p, const struct policy_rules *r, int64_t now_ms);

/* The instant of the occurrence behind that of AT_MS, INT64_MAX where none comes.  Names
 * those of a POLICY_NOT_RUN, at_ms being the first; for display too, where it does not
 * know when the next run of an interval will really start. */
int64_t policy_each(const struct policy_rules *r, int64_t at_ms);

#endif
