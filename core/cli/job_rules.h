/* job_rules.h - a job of hoko.lua as the rules that the schedule decides by. */
#ifndef HOKO_CLI_JOB_RULES_H
#define HOKO_CLI_JOB_RULES_H

#include "cli/config.h"
#include "schedule/policy.h"
#include "schedule/zones.h"

/* Stays where it is: the rules point into it. */
struct job_rules {
  const struct config_job *job; /* borrowed, as are the zones */
  struct cron cron;             /* where rules.cron is set */
  struct policy_rules rules;    /* rules.zone is set for intervals too, to show times in */
};

/* NOW_MS: a schedule that never comes from then on is refused.  -1: ERROR_USAGE with
 * the line of hoko.lua. */
MUST_USE int job_rules_read(struct job_rules *to, const struct config_job *job, struct zones *zones,
                            int64_t now_ms, struct error *err);

/* Whether all schedules and time zones of CONFIG are ones that can be.  TZDIR: as in
 * zones_new().  -1: as above. */
MUST_USE int job_rules_check(const struct config *config, const char *tzdir, int64_t now_ms,
                             struct error *err);

#endif
