/* Four shell functions, each one `case` over the tables, and the code that asks
 * them (completion.bash). */
#include "cli/completion.h"

#include "base/embed.h"

#include <stdio.h>

extern const struct embed completion_texts[]; /* completion.bash, by hoko_embed() */

static const char *completes_word(enum completes completes) {
  static const char *const word[] = {[COMPLETES_NOTHING] = "nothing",
                                     [COMPLETES_FILE] = "file",
                                     [COMPLETES_FOLDER] = "folder",
                                     [COMPLETES_LUA] = "lua",
                                     [COMPLETES_COMMAND] = "command"};
  return word[completes];
}

static void put_words(struct buf *b, const char *const *words) {
  for (size_t i = 0; words[i]; i++) buf_printf(b, "%s%s", i > 0 ? " " : "", words[i]);
}

static void put_names(struct buf *b, const struct command *const *list) {
  for (size_t i = 0; list[i]; i++) buf_printf(b, "%s%s", i > 0 ? " " : "", list[i]->name);
}

/* The patterns of a `case` on "COMMAND:OPTION". */
static void put_value(struct buf *b, const char *of, const struct option *o) {
  if (!option_takes_value(o) || o->is_value_optional) return;
  buf_printf(b, "    '%s':--%s", of, o->name);
  if (o->letter) buf_printf(b, "|'%s':-%c", of, o->letter);
  if (o->choices) {
    buf_add_text(b, ") echo 'words ");
    put_words(b, o->choices);
    buf_add_text(b, "' ;;\n");
  } else {
    buf_printf(b, ") echo %s ;;\n", completes_word(o->completes));
  }
}

static void put_options(struct buf *b, const struct option *o) {
  for (; o && o->name; o++) {
    if (o->letter) buf_printf(b, " -%c", o->letter);
    buf_printf(b, " --%s", o->name);
  }
}

/* Calls PUT for each command and sub-command, OF as a user types it. */
static void each(struct buf *b, const struct command *const *list, const char *parent,
                 void (*put)(struct buf *b, const char *of, const struct command *command)) {
  for (; *list; list++) {
    char of[COMMAND_NAME_SIZE];
    (void)snprintf(of, sizeof of, "%s%s%s", parent, parent[0] ? " " : "", (*list)->name);
    put(b, of, *list);
    if ((*list)->subs) each(b, (*list)->subs, of, put);
  }
}

static void put_values_of(struct buf *b, const char *of, const struct command *command) {
  for (const struct option *o = command->options; o && o->name; o++) put_value(b, of, o);
}

static void put_options_of(struct buf *b, const char *of, const struct command *command) {
  if (!command->options) return;
  buf_printf(b, "    '%s') echo \"$common", of);
  put_options(b, command->options);
  buf_add_text(b, "\" ;;\n");
}

static void put_subs_of(struct buf *b, const char *of, const struct command *command) {
  if (!command->subs) return;
  buf_printf(b, "    '%s') echo '", of);
  put_names(b, command->subs);
  buf_add_text(b, "' ;;\n");
}

/* The first argument, and behind a script any file. */
static void put_args_of(struct buf *b, const char *of, const struct command *command) {
  if (command->is_rest_verbatim) buf_printf(b, "    '%s':[1-9]*) echo file ;;\n", of);
  const char *first = command->args_max > 1 ? "*" : "0";
  if (command->arg_choices) {
    buf_printf(b, "    '%s':0) echo 'words ", of);
    put_words(b, command->arg_choices);
    buf_add_text(b, "' ;;\n");
  } else if (command->args_complete == COMPLETES_COMMAND) {
    buf_printf(b, "    '%s':0) echo \"words $(_hoko_subs '')\" ;;\n", of);
  } else if (command->args_complete != COMPLETES_NOTHING) {
    buf_printf(b, "    '%s':%s) echo %s ;;\n", of, first, completes_word(command->args_complete));
  }
}

void completion_bash(struct buf *b, const struct command *const *commands,
                     const struct option *common) {
  buf_add_text(b, "# bash completion for hoko: source <(hoko completion bash)\n\n"
                  "_hoko_value() {\n  case \"$1:$2\" in\n");
  each(b, commands, "", put_values_of);
  buf_add_text(b, "  esac\n  case \":$2\" in\n");
  for (const struct option *o = common; o->name; o++) put_value(b, "", o);
  buf_add_text(b, "  esac\n}\n_hoko_options() {\n  local common='");
  put_options(b, common);
  buf_add_text(b, "'\n  case $1 in\n");
  each(b, commands, "", put_options_of);
  buf_add_text(
      b, "    *) echo \"$common\" ;;\n  esac\n}\n_hoko_subs() {\n  case $1 in\n    '') echo '");
  put_names(b, commands);
  buf_add_text(b, "' ;;\n");
  each(b, commands, "", put_subs_of);
  buf_add_text(b, "  esac\n}\n_hoko_args() {\n  case \"$1:$2\" in\n");
  each(b, commands, "", put_args_of);
  buf_add_text(b, "  esac\n}\n\n");
  buf_add_slice(b, embed_find(completion_texts, "completion.bash"));
}
