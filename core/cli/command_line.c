#include "cli/command_line.h"

#include "base/nearest.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAMES_MAX = 64 };

/* Where in argv we are. */
struct reading {
  struct cli *cli;
  const struct command *const *commands;
  int argc, at;
  char *const *argv;
  bool is_words_only; /* behind `--` */
};

const struct command *command_named(const struct command *const *list, struct slice name) {
  for (; list && *list; list++)
    if (slice_is(name, (*list)->name)) return *list;
  return NULL;
}

/* The command whose manual tells what is allowed here. */
static void hint_manual(const struct cli *cli, struct error *err) {
  const struct command *page = cli->parent ? cli->parent : cli->command;
  (void)error_hint(err, "hoko help%s%s", page ? " " : "", page ? page->name : "");
}

static void add_nearest(struct error *err, const char *dashes, const char *nearest) {
  if (!nearest) return;
  size_t len = strlen(err->message);
  (void)snprintf(err->message + len, sizeof err->message - len, "; the nearest is %s%s", dashes,
                 nearest);
}

int command_unknown(const char *of, const struct command *const *list, struct slice name,
                    struct error *err) {
  const char *names[NAMES_MAX];
  size_t len = 0;
  for (; list[len] && len < NAMES_MAX; len++) names[len] = list[len]->name;
  (void)error_set(err, ERROR_USAGE, "%s has no command \"%.*s\"", of, SLICE_ARG(name));
  add_nearest(err, "", nearest_name(name, names, len));
  return error_hint(err, "hoko help");
}

static int unknown_option(const struct cli *cli, struct slice name, bool is_letter,
                          struct error *err) {
  const char *names[NAMES_MAX];
  size_t len = 0;
  const struct option *tables[] = {cli->options.own, cli->options.common};
  for (size_t i = 0; i < 2; i++)
    for (const struct option *o = tables[i]; o && o->name && len < NAMES_MAX; o++)
      names[len++] = o->name;
  char of[COMMAND_NAME_SIZE];
  command_full_name(cli, of);
  const char *dashes = is_letter ? "-" : "--";
  (void)error_set(err, ERROR_USAGE, "%s has no option %s%.*s", of, dashes, SLICE_ARG(name));
  if (!is_letter) add_nearest(err, "--", nearest_name(name, names, len));
  hint_manual(cli, err);
  return -1;
}

static int unknown_command(const struct cli *cli, const struct command *const *list,
                           struct slice name, struct error *err) {
  char of[COMMAND_NAME_SIZE];
  command_full_name(cli, of);
  (void)command_unknown(of, list, name, err);
  bool is_script = name.len > 4 && memcmp(name.ptr + name.len - 4, ".lua", 4) == 0;
  if (is_script && !cli->command) return error_hint(err, "hoko run %.*s", SLICE_ARG(name));
  hint_manual(cli, err);
  return -1;
}

static void choose(struct cli *cli, const struct command *command) {
  if (cli->command) cli->parent = cli->command;
  cli->command = command;
  cli->options.own = command->options;
}

/* Before an option or the end: the sub-command that is meant where none is named. */
static void choose_default_sub(struct cli *cli) {
  const struct command *command = cli->command;
  if (command && command->subs && command->is_first_sub_default) choose(cli, command->subs[0]);
}

/* The value behind the option that stands at r->at; moves on to it. */
static int next_value(struct reading *r, const struct option *option, const char **text,
                      struct error *err) {
  const char *next = r->at + 1 < r->argc ? r->argv[r->at + 1] : NULL;
  if (next && strncmp(next, "--", 2) != 0) {
    r->at++;
    *text = next;
    return 0;
  }
  (void)error_set(err, ERROR_USAGE, "--%s needs %s behind it", option->name, option->value);
  if (next) return error_hint(err, "--%s=%s where that is meant", option->name, next);
  hint_manual(r->cli, err);
  return -1;
}

/* ATTACHED: the value that stands in the same word, or NULL. */
static int add_option(struct reading *r, const struct option *option, const char *attached,
                      struct error *err) {
  const char *text = attached ? attached : "";
  if (attached && !option_takes_value(option)) {
    (void)error_set(err, ERROR_USAGE, "--%s takes no value, and \"%.*s\" is one", option->name,
                    SLICE_ARG(slice_of(attached)));
    return error_hint(err, "--%s", option->name);
  }
  bool is_next = !attached && option_takes_value(option) && !option->is_value_optional;
  if (is_next && next_value(r, option, &text, err)) return -1;
  if (options_add(&r->cli->options, option, text, err) == 0) return 0;
  if (!err->hint[0]) hint_manual(r->cli, err);
  return -1;
}

static int read_long(struct reading *r, const char *word, struct error *err) {
  const char *equals = strchr(word, '=');
  struct slice name = {word, equals ? (size_t)(equals - word) : strlen(word)};
  struct options *o = &r->cli->options;
  if (!option_named(o->own, name) && !option_named(o->common, name)) choose_default_sub(r->cli);
  const struct option *option = option_named(o->own, name);
  if (!option) option = option_named(o->common, name);
  if (!option) return unknown_option(r->cli, name, false, err);
  return add_option(r, option, equals ? equals + 1 : NULL, err);
}

/* A word such as -q, -qvv, -n10 or -n=10. */
static int read_letters(struct reading *r, const char *word, struct error *err) {
  struct options *o = &r->cli->options;
  for (; *word; word++) {
    if (!option_lettered(o->own, *word) && !option_lettered(o->common, *word))
      choose_default_sub(r->cli);
    const struct option *option = option_lettered(o->own, *word);
    if (!option) option = option_lettered(o->common, *word);
    if (!option) return unknown_option(r->cli, (struct slice){word, 1}, true, err);
    if (!option_takes_value(option)) {
      if (add_option(r, option, NULL, err)) return -1;
      continue;
    }
    const char *attached = word[1] ? word + 1 + (word[1] == '=') : NULL;
    return add_option(r, option, attached, err);
  }
  return 0;
}

static void take_rest(struct reading *r) {
  while (++r->at < r->argc) r->cli->args[r->cli->args_len++] = r->argv[r->at];
}

static int read_word(struct reading *r, const char *word, struct error *err) {
  struct cli *cli = r->cli;
  const struct command *const *list = cli->command ? cli->command->subs : r->commands;
  if (!list) {
    cli->args[cli->args_len++] = word;
    if (cli->command->is_rest_verbatim) take_rest(r);
    return 0;
  }
  const struct command *command = command_named(list, slice_of(word));
  if (!command) return unknown_command(cli, list, slice_of(word), err);
  choose(cli, command);
  return 0;
}

static int read_all(struct reading *r, struct error *err) {
  for (; r->at < r->argc; r->at++) {
    const char *word = r->argv[r->at];
    int outcome = 0;
    if (r->is_words_only || word[0] != '-' || word[1] == '\0')
      outcome = read_word(r, word, err);
    else if (word[1] != '-')
      outcome = read_letters(r, word + 1, err);
    else if (word[2] != '\0')
      outcome = read_long(r, word + 2, err);
    else
      r->is_words_only = true;
    if (outcome) return -1;
  }
  return 0;
}

/* What a sub-command is one of, as "add, list or test". */
static int missing_sub(const struct cli *cli, struct error *err) {
  const struct command *const *subs = cli->command->subs;
  (void)error_set(err, ERROR_USAGE, "hoko %s: which one? ", cli->command->name);
  for (size_t i = 0; subs[i]; i++) {
    size_t len = strlen(err->message);
    const char *before = i == 0 ? "" : subs[i + 1] ? ", " : " or ";
    (void)snprintf(err->message + len, sizeof err->message - len, "%s%s", before, subs[i]->name);
  }
  hint_manual(cli, err);
  return -1;
}

static int check_first_choice(const struct cli *cli, struct error *err) {
  const char *const *choices = cli->command->arg_choices;
  if (!choices || cli->args_len == 0) return 0;
  size_t len = 0;
  for (; choices[len]; len++)
    if (strcmp(choices[len], cli->args[0]) == 0) return 0;
  char of[COMMAND_NAME_SIZE];
  command_full_name(cli, of);
  (void)error_set(err, ERROR_USAGE, "%s does not know \"%.*s\"", of,
                  SLICE_ARG(slice_of(cli->args[0])));
  add_nearest(err, "", nearest_name(slice_of(cli->args[0]), choices, len));
  return error_hint(err, "%s %s", of, cli->command->usage);
}

static int check_args(const struct cli *cli, struct error *err) {
  const struct command *command = cli->command;
  if (command->subs) return missing_sub(cli, err);
  if (cli->args_len >= command->args_min && cli->args_len <= command->args_max)
    return check_first_choice(cli, err);
  char of[COMMAND_NAME_SIZE];
  command_full_name(cli, of);
  if (cli->args_len < command->args_min)
    (void)error_set(err, ERROR_USAGE, "%s needs %s", of, command->usage);
  else
    (void)error_set(err, ERROR_USAGE, "%s: \"%.*s\" is one argument too many", of,
                    SLICE_ARG(slice_of(cli->args[command->args_max])));
  hint_manual(cli, err);
  return -1;
}

int command_line_read(struct cli *cli, const struct command *const *commands, int argc,
                      char *const *argv, struct error *err) {
  struct reading r = {.cli = cli, .commands = commands, .argc = argc, .at = 1, .argv = argv};
  cli->args = calloc((size_t)argc + 1, sizeof *cli->args);
  if (!cli->args) return error_set(err, ERROR_MEMORY, "no memory for the command line");
  if (read_all(&r, err)) return -1;
  if (!cli->command || options_given(&cli->options, "help")) return 0;
  choose_default_sub(cli);
  return check_args(cli, err);
}

void command_line_free(struct cli *cli) {
  options_free(&cli->options);
  free(cli->args);
  cli->args = NULL;
  cli->args_len = 0;
}
