/* help.h - `hoko help`, `--help` and `--version`.  All return an exit code. */
#ifndef HOKO_CLI_HELP_H
#define HOKO_CLI_HELP_H

#include "cli/command.h"

/* The manual page of COMMAND on stdout; NULL: the overview. */
int help_show(struct cli *cli, const struct command *command);
int help_version(struct cli *cli);

#endif
