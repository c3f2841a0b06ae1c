/* daemon.h - the jobs of hoko.lua, run when they come due, for as long as it lasts.
 *
 * What a job does next is policy.h's to say; the daemon asks it, records the answer in
 * the state and only then acts.  Each run is a process of its own, so that none takes
 * the daemon along, and runs go on when the daemon dies: the next one adopts them.
 * hoko.lua is its caller's to read.  Main thread only; SIGTERM, SIGINT and SIGHUP are
 * taken over until daemon_run() returns. */
#ifndef HOKO_SCHEDULE_DAEMON_H
#define HOKO_SCHEDULE_DAEMON_H

#include "base/log.h"
#include "schedule/policy.h"
#include "schedule/zones.h"
#include "state/state.h"

/* What hoko.lua wants of a job. */
struct daemon_wish {
  const char *name, *script;
  const char *schedule; /* NULL: rules.every_ms, or by hand only */
  const char *timezone;
  struct policy_rules rules;
  const char *on_failure, *on_recovery; /* NULL: none */
};

struct daemon_wishes {
  struct daemon_wish *at;
  size_t len;
  int handed_fd; /* what each run gets as its descriptor 3 */
};

struct daemon_options {
  const char *folder; /* of the project, absolute: runs start there, hoko.lua is watched there */
  struct state *state;
  struct zones *zones;
  const struct clock *clock;
  struct log *log;
  char *const *environment;
  /* The words that begin a run's command line, NULL at the end; the daemon adds
   * --run RUN [--hook on_failure|on_recovery --cause RUN] -- JOB. */
  const char *const *run_words;
  /* The words that begin the command line which prints what is wrong with the scripts behind
   * it, as `hoko check --json` does, NULL at the end; NULL: they are not read. */
  const char *const *check_words;
  int64_t runs_max;    /* at once */
  int64_t grace_ms;    /* for runs under way, from SIGTERM on */
  const char *metrics; /* ADDRESS:PORT of /metrics and /healthz; NULL: none */
  const char *web;     /* of the pages */
  void *user;
  /* Reads hoko.lua anew; what it gives lives until the next call that succeeds. */
  int (*load)(void *user, const struct daemon_wishes **to, struct error *err);
  /* Whether the keystore is another one than when this was last asked. */
  bool (*has_key_changed)(void *user);
};

/* Returns 0 after SIGTERM or SIGINT, once the runs have ended.  -1: it could not start, or
 * another daemon runs the jobs of this state. */
MUST_USE int daemon_run(const struct daemon_options *options, struct error *err);

#endif
