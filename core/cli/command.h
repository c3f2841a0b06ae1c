/* command.h - a command of hoko, and what it is handed.
 *
 * To add one:
 *   1. core/cli/NAME.c, one file a command, which defines
 *        const struct command command_NAME = { .name = "NAME", … };
 *      with its static const option table and its static functions;
 *   2. its line in commands.h, in commands.c (the order of help) and in CMakeLists.txt;
 *   3. core/cli/help/NAME.scd, its text for help and the manual page: sections
 *      "# DESCRIPTION", "# EXAMPLES" … without name, synopsis and options, which
 *      come from the table (the form is told in scdoc.h);
 *   4. a class in tests/system/ that runs it.
 *
 * run() gets a command line that is already checked: every option is in the
 * table and has a value of its type, and the number of arguments is right.  It
 * prints through cli->term only and returns an exit code (base/exit_code.h); a
 * failure is printed once, by `return command_fail(cli, &err);`.
 *
 * A command with sub-commands has .subs and no .run; each sub-command is a whole
 * struct command with options of its own.  Main thread only. */
#ifndef HOKO_CLI_COMMAND_H
#define HOKO_CLI_COMMAND_H

#include "base/clock.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "cli/options.h"
#include "cli/term.h"

struct cli;

enum { COMMAND_ARGS_ANY = 1000000 };

struct command {
  const char *name;             /* one word; of a sub-command its own: "add" */
  const char *summary;          /* one line: lower case, no full stop */
  const char *usage;            /* what stands behind the name: "SCRIPT [ARG…]"; "" for nothing */
  const struct option *options; /* its own; NULL where it has none */
  int (*run)(struct cli *cli);
  const struct command *const *subs; /* NULL at the end; NULL where there are none */
  bool is_first_sub_default;         /* `hoko runs` is `hoko runs list` */
  bool is_rest_verbatim;             /* the words behind the first argument are not ours (run) */
  unsigned args_min, args_max;       /* words that are no options */
  enum completes args_complete;
  const char *const *arg_choices; /* all that the first argument may be, NULL at the end */
};

/* What a command works with; all of it is main's and outlives run(). */
struct cli {
  const struct command *command; /* the one that runs: of `hoko key add` it is add's */
  const struct command *parent;  /* of a sub-command, else NULL */
  struct options options;        /* own and common */
  const char **args;             /* words that are no options; NULL behind the last */
  size_t args_len;
  struct term *term;
  struct log *log; /* goes to stderr through term, obeys -q, -v and --log-format */
  const struct clock *clock;
  char *const *environment;
};

enum { COMMAND_NAME_SIZE = 64 };
/* "hoko", "hoko run" or "hoko key add": what runs, as a user types it. */
void command_full_name(const struct cli *cli, char to[COMMAND_NAME_SIZE]);

/* The variable's text; NULL where it is unset or empty. */
const char *command_env(const struct cli *cli, const char *name);

/* Prints ERR with its place and hint; returns exit_code_of(err->code). */
int command_fail(struct cli *cli, const struct error *err);

#endif
