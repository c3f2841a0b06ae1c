#include "cli/manual.h"

#include "base/embed.h"
#include "cli/scdoc.h"

#include <stdio.h>

extern const struct embed manual_texts[]; /* core/cli/help, by hoko_embed() */

static void put_heading(struct buf *b, const char *text) { buf_printf(b, "# %s\n\n", text); }

/* *-n*, *--lines* _N_ */
static void put_option_names(struct buf *b, const struct option *o) {
  if (o->letter) buf_printf(b, "*-%c*, ", o->letter);
  buf_printf(b, "*--%s*", o->name);
  if (option_takes_value(o)) {
    buf_add_text(b, o->is_value_optional ? "[=_" : " _");
    scdoc_escape(b, o->value);
    buf_add_text(b, o->is_value_optional ? "_]" : "_");
  }
  buf_add_char(b, '\n');
}

static void put_option_meaning(struct buf *b, const struct option *o) {
  buf_add_char(b, '\t');
  scdoc_escape(b, o->help);
  for (size_t i = 0; o->choices && o->choices[i]; i++) {
    buf_add_text(b, i == 0 ? ": " : o->choices[i + 1] ? ", " : " or ");
    scdoc_escape(b, o->choices[i]);
  }
  if (o->fallback) {
    buf_add_text(b, " (default ");
    scdoc_escape(b, o->fallback);
    buf_add_char(b, ')');
  }
  if (o->type == OPTION_TEXTS || o->type == OPTION_LIST) buf_add_text(b, "; may be repeated");
  buf_add_text(b, "\n\n");
}

static void put_options(struct buf *b, const struct option *table) {
  for (; table && table->name; table++) {
    put_option_names(b, table);
    put_option_meaning(b, table);
  }
}

static void put_usage(struct buf *b, const struct command *parent, const struct command *command,
                      const char *end) {
  buf_printf(b, "*hoko%s%s%s%s*", parent ? " " : "", parent ? parent->name : "", command ? " " : "",
             command ? command->name : "");
  if (command && command->options) buf_add_text(b, " [_OPTION_…]");
  if (command && command->usage[0]) {
    buf_add_char(b, ' ');
    scdoc_escape(b, command->usage);
  }
  buf_add_text(b, end);
}

static void put_synopsis(struct buf *b, const struct command *command) {
  put_heading(b, "SYNOPSIS");
  if (!command) {
    buf_add_text(b, "*hoko* [_OPTION_…] _COMMAND_ [_ARGUMENT_…]\n\n");
    return;
  }
  if (!command->subs) put_usage(b, NULL, command, "\n");
  for (const struct command *const *sub = command->subs; sub && *sub; sub++)
    put_usage(b, command, *sub, sub[1] ? "++\n" : "\n");
  buf_add_char(b, '\n');
}

static void put_commands(struct buf *b, const struct command *const *list) {
  put_heading(b, "COMMANDS");
  for (; list && *list; list++) {
    buf_printf(b, "*%s* ", (*list)->name);
    scdoc_escape(b, (*list)->usage);
    buf_add_text(b, "\n\t");
    scdoc_escape(b, (*list)->summary);
    buf_add_text(b, "\n\n");
  }
}

static void put_sub_options(struct buf *b, const struct command *const *subs) {
  for (; *subs; subs++) {
    if (!(*subs)->options) continue;
    buf_printf(b, "# OPTIONS OF %s\n\n", (*subs)->name);
    put_options(b, (*subs)->options);
  }
}

static void put_tables(struct buf *b, const struct command *command,
                       const struct command *const *commands, const struct option *common) {
  if (!command) {
    put_commands(b, commands);
    put_heading(b, "COMMON OPTIONS");
    put_options(b, common);
    return;
  }
  if (command->subs) {
    put_commands(b, command->subs);
    put_sub_options(b, command->subs);
  } else if (command->options) {
    put_heading(b, "OPTIONS");
    put_options(b, command->options);
  }
}

/* The length of TEXT's first section. */
static size_t first_section(struct slice text) {
  for (size_t i = 1; i + 2 < text.len; i++)
    if (memcmp(text.ptr + i, "\n# ", 3) == 0) return i + 1;
  return text.len;
}

void manual_put(struct buf *b, const struct command *command, const struct command *const *commands,
                const struct option *common, bool has_preamble) {
  const char *name = command ? command->name : "hoko";
  char file[64];
  (void)snprintf(file, sizeof file, "%s.scd", name);
  struct slice text = embed_find(manual_texts, file);
  size_t first = first_section(text);
  const char *dash = command ? "-" : "", *tail = command ? name : "";

  if (has_preamble) buf_printf(b, "hoko%s%s(1)\n\n", dash, tail);
  put_heading(b, "NAME");
  buf_printf(b, "hoko%s%s - ", dash, tail);
  scdoc_escape(b, command ? command->summary : "Lua-scriptable partner sync for Hoko");
  buf_add_text(b, "\n\n");
  put_synopsis(b, command);
  buf_add(b, text.ptr, first);
  if (first == text.len) buf_add_char(b, '\n');
  put_tables(b, command, commands, common);
  buf_add(b, text.ptr + first, text.len - first);
  if (command)
    buf_add_text(b, "\n# SEE ALSO\n\n*hoko help*, which has the options common to all "
                    "commands, exit codes, variables and files\n");
}
