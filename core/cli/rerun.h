/* rerun.h - a command that is run again whenever a file of its project is saved.
 *
 * Files and folders that begin with a dot are passed over: the state, version control,
 * what editors keep.  What changes while the command runs is its own doing, unless it is
 * Lua.  Until SIGINT, SIGTERM or SIGHUP; main thread only. */
#ifndef HOKO_CLI_RERUN_H
#define HOKO_CLI_RERUN_H

#include "cli/command.h"

/* Runs ONCE over and over; what it returns is told, and counts only if it is 128 or more:
 * a signal ended it.  FOLDER is the project's.  Returns the exit code. */
int rerun_while_saved(struct cli *cli, const char *folder, int (*once)(struct cli *cli, void *user),
                      void *user);

#endif
