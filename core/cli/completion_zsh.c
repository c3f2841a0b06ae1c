/* One function a command, all of them calls of _arguments. */
#include "cli/completion.h"

#include <stdio.h>

/* TEXT inside '…' and inside an _arguments specification. */
static void put_escaped(struct buf *b, const char *text) {
  for (; *text; text++) {
    if (*text == '\'') {
      buf_add_text(b, "'\\''");
      continue;
    }
    if (strchr(":[]\\", *text)) buf_add_char(b, '\\');
    buf_add_char(b, *text);
  }
}

/* What completes a value, as the action of a specification. */
static void put_action(struct buf *b, enum completes completes, const char *const *choices) {
  if (choices) {
    buf_add_char(b, '(');
    for (size_t i = 0; choices[i]; i++) buf_printf(b, "%s%s", i > 0 ? " " : "", choices[i]);
    buf_add_char(b, ')');
    return;
  }
  static const char *const action[] = {[COMPLETES_NOTHING] = " ",
                                       [COMPLETES_FILE] = "_files",
                                       [COMPLETES_FOLDER] = "_files -/",
                                       [COMPLETES_LUA] = "_files -g \"*.lua\"",
                                       [COMPLETES_COMMAND] = "_hoko_commands"};
  buf_add_text(b, action[completes]);
}

static bool is_repeatable(const struct option *o) {
  return o->type == OPTION_COUNT || o->type == OPTION_TEXTS || o->type == OPTION_LIST;
}

/* One name of an option: '*-n+[help]:N: ' */
static void put_option_name(struct buf *b, const struct option *o, const char *dashes,
                            const char *name) {
  buf_printf(b, " '%s%s%s", is_repeatable(o) ? "*" : "", dashes, name);
  bool is_long = dashes[1] == '-';
  if (option_takes_value(o) && !o->is_value_optional) buf_add_char(b, is_long ? '=' : '+');
  if (o->is_value_optional) buf_add_text(b, "=-");
  buf_add_char(b, '[');
  put_escaped(b, o->help);
  buf_add_char(b, ']');
  if (option_takes_value(o)) {
    buf_add_text(b, o->is_value_optional ? "::" : ":");
    put_escaped(b, o->value);
    buf_add_char(b, ':');
    put_action(b, o->completes, o->choices);
  }
  buf_add_char(b, '\'');
}

static void put_options(struct buf *b, const struct option *o) {
  for (; o && o->name; o++) {
    if (o->letter) put_option_name(b, o, "-", (char[]){o->letter, '\0'});
    put_option_name(b, o, "--", o->name);
  }
}

static void put_list(struct buf *b, const struct command *const *list) {
  for (; *list; list++) {
    buf_printf(b, " '%s:", (*list)->name);
    put_escaped(b, (*list)->summary);
    buf_add_char(b, '\'');
  }
}

static void put_leaf(struct buf *b, const struct command *command) {
  buf_add_text(b, "  _arguments -s -S $_hoko_common");
  put_options(b, command->options);
  if (command->args_max > 0) {
    bool is_many = command->args_max > 1 && !command->is_rest_verbatim;
    buf_add_text(b, is_many ? " '*:" : " '1:");
    put_escaped(b, command->usage);
    buf_add_char(b, ':');
    put_action(b, command->args_complete, command->arg_choices);
    buf_add_char(b, '\'');
  }
  if (command->is_rest_verbatim) buf_add_text(b, " '*:::argument:_files'");
  buf_add_char(b, '\n');
}

/* The part that chooses between the commands of LIST, whose functions begin with PREFIX. */
static void put_choice(struct buf *b, const char *prefix, const struct command *const *list) {
  buf_printf(
      b,
      "  local state\n  _arguments -C -S $_hoko_common '1: :->name' '*:: :->rest'\n"
      "  case $state in\n    name) _describe command %s_list ;;\n    rest) case $words[1] in\n",
      prefix);
  for (; *list; list++) buf_printf(b, "      %s) %s_%s ;;\n", (*list)->name, prefix, (*list)->name);
  buf_add_text(b, "    esac ;;\n  esac\n");
}

static void put_commands(struct buf *b, const char *prefix, const struct command *const *list) {
  buf_printf(b, "%s_list=(", prefix);
  put_list(b, list);
  buf_add_text(b, " )\n");
  for (; *list; list++) {
    char name[COMMAND_NAME_SIZE];
    (void)snprintf(name, sizeof name, "%s_%s", prefix, (*list)->name);
    if ((*list)->subs) put_commands(b, name, (*list)->subs);
    buf_printf(b, "%s() {\n", name);
    if ((*list)->subs)
      put_choice(b, name, (*list)->subs);
    else
      put_leaf(b, *list);
    buf_add_text(b, "}\n");
  }
}

void completion_zsh(struct buf *b, const struct command *const *commands,
                    const struct option *common) {
  buf_add_text(b, "#compdef hoko\n# zsh completion for hoko: source <(hoko completion zsh)\n\n"
                  "typeset -ga _hoko_common _hoko_list\n_hoko_common=(");
  put_options(b, common);
  buf_add_text(b, " )\n_hoko_commands() { _describe command _hoko_list }\n");
  put_commands(b, "_hoko", commands);
  buf_add_text(b, "_hoko() {\n");
  put_choice(b, "_hoko", commands);
  buf_add_text(b,
               "}\n\nif [[ $funcstack[1] == _hoko ]]; then _hoko; else compdef _hoko hoko; fi\n");
}
