/* scheduled_run.h - one run of a job, as hoko.lua describes it. */
#ifndef HOKO_CLI_SCHEDULED_RUN_H
#define HOKO_CLI_SCHEDULED_RUN_H

#include "cli/run_job.h"

struct scheduled_run {
  struct run_job base;           /* the events of its job are the caller's to set */
  const struct config_job *wish; /* of the project's config */
  const char **read, **write;    /* absolute; NULL at the end */
};

enum scheduled_script { SCHEDULED_JOB, SCHEDULED_ON_FAILURE, SCHEDULED_ON_RECOVERY };

/* Finds the project around the current folder; JSON and SOURCE are what project_read()
 * gave.  -1: *err, and R is closed. */
MUST_USE int scheduled_run_open(struct scheduled_run *r, struct cli *cli, const char *name,
                                enum scheduled_script script, struct slice json,
                                struct slice source, struct error *err);
void scheduled_run_close(struct scheduled_run *r);

#endif
