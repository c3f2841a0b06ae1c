#include "cli/completion.h"

#include <stdio.h>

/* TEXT in single quotes, as fish reads them. */
static void put_quoted(struct buf *b, const char *text) {
  buf_add_char(b, '\'');
  for (; *text; text++) {
    if (*text == '\'' || *text == '\\') buf_add_char(b, '\\');
    buf_add_char(b, *text);
  }
  buf_add_char(b, '\'');
}

static void put_completes(struct buf *b, enum completes completes) {
  switch (completes) {
  case COMPLETES_NOTHING: return;
  case COMPLETES_FILE: buf_add_text(b, " -F"); return;
  case COMPLETES_FOLDER: buf_add_text(b, " -a '(__fish_complete_directories)'"); return;
  case COMPLETES_LUA: buf_add_text(b, " -k -a '(__fish_complete_suffix .lua)'"); return;
  case COMPLETES_COMMAND: buf_add_text(b, " -a '(__hoko_commands)'"); return;
  }
}

/* CONDITION: fish code that must hold, "" for always. */
static void begin(struct buf *b, const char *condition) {
  buf_add_text(b, "complete -c hoko");
  if (!condition[0]) return;
  buf_add_text(b, " -n ");
  put_quoted(b, condition);
}

static void put_words(struct buf *b, const char *const *words) {
  buf_add_text(b, " -a '");
  for (size_t i = 0; words[i]; i++) buf_printf(b, "%s%s", i > 0 ? " " : "", words[i]);
  buf_add_char(b, '\'');
}

static void put_option(struct buf *b, const char *condition, const struct option *o) {
  begin(b, condition);
  if (o->letter) buf_printf(b, " -s %c", o->letter);
  buf_printf(b, " -l %s", o->name);
  if (option_takes_value(o) && !o->is_value_optional)
    buf_add_text(b, o->completes == COMPLETES_FILE ? " -r" : " -x");
  if (o->choices) put_words(b, o->choices);
  put_completes(b, o->completes);
  buf_add_text(b, " -d ");
  put_quoted(b, o->help);
  buf_add_char(b, '\n');
}

static void put_name(struct buf *b, const char *condition, const struct command *command) {
  begin(b, condition);
  buf_printf(b, " -a %s -d ", command->name);
  put_quoted(b, command->summary);
  buf_add_char(b, '\n');
}

static void put_command(struct buf *b, const char *condition, const struct command *command) {
  for (const struct option *o = command->options; o && o->name; o++) put_option(b, condition, o);
  if (command->args_complete == COMPLETES_NOTHING && !command->arg_choices) return;
  begin(b, condition);
  if (command->arg_choices) put_words(b, command->arg_choices);
  put_completes(b, command->args_complete);
  buf_add_char(b, '\n');
}

static void put_subs(struct buf *b, const struct command *parent) {
  struct buf none = BUF_WITH_LIMIT(4096);
  buf_printf(&none, "__fish_seen_subcommand_from %s; and not __fish_seen_subcommand_from",
             parent->name);
  for (const struct command *const *sub = parent->subs; *sub; sub++)
    buf_printf(&none, " %s", (*sub)->name);
  const char *is_none = buf_text(&none);
  for (const struct command *const *sub = parent->subs; *sub; sub++) {
    char condition[256];
    (void)snprintf(condition, sizeof condition,
                   "__fish_seen_subcommand_from %s; and __fish_seen_subcommand_from %s",
                   parent->name, (*sub)->name);
    put_name(b, is_none ? is_none : "", *sub);
    put_command(b, condition, *sub);
  }
  buf_free(&none);
}

void completion_fish(struct buf *b, const struct command *const *commands,
                     const struct option *common) {
  buf_add_text(b, "# fish completion for hoko: hoko completion fish | source\n\n"
                  "function __hoko_commands\n");
  for (const struct command *const *c = commands; *c; c++) {
    buf_printf(b, "  printf '%%s\\t%%s\\n' %s ", (*c)->name);
    put_quoted(b, (*c)->summary);
    buf_add_char(b, '\n');
  }
  buf_add_text(b, "end\n\ncomplete -c hoko -f\n"
                  "complete -c hoko -n __fish_use_subcommand -a '(__hoko_commands)'\n");
  for (const struct option *o = common; o->name; o++) put_option(b, "", o);
  for (const struct command *const *c = commands; *c; c++) {
    char condition[128];
    (void)snprintf(condition, sizeof condition, "__fish_seen_subcommand_from %s", (*c)->name);
    if ((*c)->subs)
      put_subs(b, *c);
    else
      put_command(b, condition, *c);
  }
}
