/* commands.h - all commands, in the order in which help lists them. */
#ifndef HOKO_CLI_COMMANDS_H
#define HOKO_CLI_COMMANDS_H

#include "cli/command.h"

extern const struct command command_run;
extern const struct command command_settle;
extern const struct command command_repl;
extern const struct command command_eval;
extern const struct command command_check;
extern const struct command command_test;
extern const struct command command_key;
extern const struct command command_jobs;
extern const struct command command_serve;
extern const struct command command_runs;
extern const struct command command_rejects;
extern const struct command command_explain;
extern const struct command command_state;
extern const struct command command_mock;
extern const struct command command_init;
extern const struct command command_doctor;
extern const struct command command_completion;
extern const struct command command_help;

extern const struct command *const commands[]; /* NULL at the end */
extern const struct option commands_common[];  /* the options that all share */

#endif
