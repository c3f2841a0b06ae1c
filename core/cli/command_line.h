/* command_line.h - argv → a command, its options and its arguments.
 *
 * Options may stand before or after the command; `--` ends them; a value follows
 * "=" or is the next word.  A next word that begins with "--" is never taken as a
 * value: `--report --dry-run` would name a file and send for real. */
#ifndef HOKO_CLI_COMMAND_LINE_H
#define HOKO_CLI_COMMAND_LINE_H

#include "cli/command.h"

/* Fills in command, parent, options and args of CLI, whose options.common is set.
 * COMMANDS ends with NULL.  cli->command stays NULL where no command is named,
 * and is the parent where a sub-command is missing and --help was given.
 * -1: wrong use; what was read up to there stays.  Free with command_line_free(). */
MUST_USE int command_line_read(struct cli *cli, const struct command *const *commands, int argc,
                               char *const *argv, struct error *err);
void command_line_free(struct cli *cli);

/* NULL: LIST, which ends with NULL, has no such command. */
const struct command *command_named(const struct command *const *list, struct slice name);
/* "OF has no command NAME", with the nearest of LIST; returns -1. */
int command_unknown(const char *of, const struct command *const *list, struct slice name,
                    struct error *err);

#endif
