/* options.h - what a command line may say: one table a command, and one that all
 * commands share.
 *
 * The tables are the only place where an option is described: the parser
 * (command_line.h), help, completion and the manual pages read them.  A table is
 * static const and ends with OPTION_END.  What was given is kept as the words of
 * argv, checked once when they are read, so the getters cannot fail. */
#ifndef HOKO_CLI_OPTIONS_H
#define HOKO_CLI_OPTIONS_H

#include "base/error.h"
#include "base/slice.h"

#include <stdint.h>

enum option_type {
  OPTION_FLAG,     /* given or not */
  OPTION_COUNT,    /* how often: -vv */
  OPTION_TEXT,     /* any text but the empty one */
  OPTION_INT,      /* whole number from min to max */
  OPTION_DURATION, /* 500ms 90s 15m 2h 1d: milliseconds from min to max (0: no bound) */
  OPTION_SIZE,     /* 4096 64KiB 4MiB: bytes from min to max (0: no bound) */
  OPTION_CHOICE,   /* one of choices */
  OPTION_TEXTS,    /* may be repeated, each word as it is */
  OPTION_LIST,     /* may be repeated, and each word is split at its commas */
};

/* How a shell completes a value or an argument. */
enum completes {
  COMPLETES_NOTHING,
  COMPLETES_FILE,
  COMPLETES_FOLDER,
  COMPLETES_LUA,
  COMPLETES_COMMAND
};

struct option {
  const char *name; /* without "--" */
  char letter;      /* of the short form, 0 where there is none */
  enum option_type type;
  bool is_value_optional;     /* TEXT and LIST: may stand alone, "" is its text then */
  const char *value;          /* what help calls the value: "FILE"; NULL for FLAG and COUNT */
  const char *fallback;       /* the default, as a user would write it; NULL where there is none */
  int64_t min, max;           /* of INT, and where not 0 of DURATION (ms) and SIZE (bytes) */
  const char *const *choices; /* of CHOICE, NULL at the end */
  enum completes completes;   /* of the value */
  const char *help;           /* one line: lower case, no full stop, no default */
};

#define OPTION_END                                                                                 \
  { .name = NULL }

struct option_word {
  const struct option *option;
  const char *text; /* "" for a FLAG or COUNT */
};

/* What was given.  Borrows the words of argv. */
struct options {
  const struct option *own, *common; /* either may be NULL */
  struct option_word *words;         /* in the order of argv */
  size_t words_len, words_cap;
};

void options_free(struct options *o);

/* NULL: TABLE (which may be NULL) has no such option. */
const struct option *option_named(const struct option *table, struct slice name);
const struct option *option_lettered(const struct option *table, char letter);
/* Whether an argument belongs to it that may stand as the next word. */
bool option_takes_value(const struct option *option);

/* Checks TEXT against OPTION's type and range and appends it. */
MUST_USE int options_add(struct options *o, const struct option *option, const char *text,
                         struct error *err);

/* NAME is one of the command's own options or a common one, own first, and its
 * type fits the getter: anything else is a mistake of ours, an assert. */
bool options_given(const struct options *o, const char *name);
unsigned options_count(const struct options *o, const char *name);
/* The last one given, else the default, else NULL. */
const char *options_text(const struct options *o, const char *name);
/* INT, DURATION (ms) or SIZE (bytes); without a default ask options_given() first. */
int64_t options_int(const struct options *o, const char *name);
/* Index in the table's choices. */
size_t options_choice(const struct options *o, const char *name);

/* The words of TEXTS and LIST one by one:
 *   for (struct options_walk w = {0}; options_next(o, "fault", &w, &word);) … */
struct options_walk {
  size_t word, offset;
};
bool options_next(const struct options *o, const char *name, struct options_walk *walk,
                  struct slice *text);

#endif
