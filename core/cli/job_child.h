/* job_child.h - the command that `hoko serve` starts for each run; no user types it. */
#ifndef HOKO_CLI_JOB_CHILD_H
#define HOKO_CLI_JOB_CHILD_H

#include "cli/command.h"

/* A table of its own: `hoko __job [--run RUN | --hook NAME --cause RUN] JOB`, with what
 * hoko.lua returned (JSON), a NUL and its text in descriptor 3. */
extern const struct command *const job_child_commands[];

#endif
