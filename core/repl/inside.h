/* inside.h - what the files of the prompt share. */
#ifndef HOKO_REPL_INSIDE_H
#define HOKO_REPL_INSIDE_H

#include "repl/edit.h"
#include "repl/repl.h"
#include "repl/script.h"

struct history;

struct repl {
  struct session *session;
  const struct repl_options *options;
  struct editor *editor;
  struct history *history; /* or NULL */
  struct script script;    /* of the entries that worked */
  struct buf entry;        /* the lines so far */
  int64_t number;          /* of the entry that comes */
  bool is_over;
};

/* repl.c */
void repl_note(const struct repl *r, const char *text);
void repl_fail(const struct repl *r, const struct error *err, struct slice trace);

/* colon.c: ":help hoko.csv" and the like */
bool colon_is_meant(struct slice line);
void colon_run(struct repl *r, struct slice line);
/* The commands' names, each with its colon, that begin with PREFIX. */
void colon_put_names(struct buf *words, struct slice prefix);

/* complete.c: fills in what the word at the end of LINE may become */
void complete_line(void *user, struct slice line, struct edit_words *words);

#endif
