/* served.h - a job as the daemon has it: the wish of hoko.lua, its standing, its run. */
#ifndef HOKO_SCHEDULE_SERVED_H
#define HOKO_SCHEDULE_SERVED_H

#include "schedule/child.h"
#include "schedule/condition.h"
#include "schedule/daemon.h"
#include "schedule/allowance.h"

enum facts_row {
  FACTS_SUBMITTED,
  FACTS_CREATED,
  FACTS_UPDATED,
  FACTS_UNCHANGED,
  FACTS_SUPERSEDED,
  FACTS_REJECTED,
  FACTS_HELD,
  FACTS_PENDING,
  FACTS_SKIPPED,
  FACTS_MISSING,
  FACTS_DELETED,
  FACTS_ROWS
};

/* What became of its last runs. */
struct facts {
  bool is_read; /* and nothing has happened since */
  bool has_run, has_success, has_exit;
  int64_t started_ms, ended_ms; /* of the last run; ended 0: it is under way */
  int64_t success_ms, took_ms;  /* when the last good one ended, and what it took */
  int exit_code;                /* of the last run, where has_exit */
  int64_t rows[FACTS_ROWS];
  int64_t waited_ms;
};

struct served {
  char *name, *script; /* script: NULL until a wish is known */
  char *schedule;      /* NULL: an interval, or by hand */
  char *timezone;
  struct cron cron; /* where rules.cron is set */
  struct policy_rules rules;
  bool has_on_failure, has_on_recovery;
  bool is_wanted;  /* hoko.lua has it */
  bool is_leaving; /* it has not, and all that came due is recorded: goes when its run has ended */

  struct policy policy;        /* as it is recorded */
  char run[ULID_TEXT_LEN + 1]; /* under way, or the last one */
  struct child child, hook;
  int64_t hook_kill_at_ms; /* of passed time */
  int64_t kill_at_ms;      /* of passed time, once it was told to stop; 0: it was not */
  bool has_ended;          /* and that is not recorded yet */
  int exit_code;

  int64_t deadline_ms; /* of the wall clock: when there is something to do */
  bool is_ready;       /* would start if it had a slot ... */
  int64_t ready_ms;    /* ... since then */

  struct condition failing, lost;
  struct allowance allowance;
  int64_t runs, failures, not_run; /* since the daemon began; not_run: did not start */
  struct facts facts;              /* facts.h */
  char progress[256];              /* of the run under way, as it tells itself */
  int64_t key_expires_ms;          /* of the key that its last run used; 0: not known */
};

/* NULL: no memory. */
struct served *served_new(const char *name);
void served_free(struct served *s);

/* What the state has, and back.  A schedule that cannot be read any more is by hand. */
MUST_USE int served_take_record(struct served *s, const struct job_record *r, struct zones *zones,
                                struct error *err);
void served_put_record(const struct served *s, const struct policy *policy, struct job_record *to);

/* Whether the instants of W are those by which S was reckoned. */
bool served_is_as(const struct served *s, const struct daemon_wish *w);
MUST_USE int served_take_wish(struct served *s, const struct daemon_wish *w, struct error *err);
/* No wish any more: nothing comes due by itself. */
void served_drop_wish(struct served *s);

bool served_is_under_way(const struct served *s);

#endif
