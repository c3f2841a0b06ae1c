/* jobs.h - the sub-commands of `hoko jobs`, one file each. */
#ifndef HOKO_CLI_JOBS_H
#define HOKO_CLI_JOBS_H

#include "cli/command.h"

extern const struct command jobs_list;
extern const struct command jobs_next;
extern const struct command jobs_run;
extern const struct command jobs_pause;
extern const struct command jobs_resume;

#endif
