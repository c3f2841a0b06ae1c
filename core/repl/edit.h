/* edit.h - the lines that a person types.
 *
 * On a terminal they are edited by readline where that is built in (edit_readline.c), and
 * are plain lines without it and where input is no terminal: then they are read byte by
 * byte, so that what follows stays for a script that reads standard input.
 *
 * One editor a process at a time, on the main thread; SIGINT, SIGTERM and SIGHUP are
 * blocked and come through a descriptor. */
#ifndef HOKO_REPL_EDIT_H
#define HOKO_REPL_EDIT_H

#include "base/buf.h"

#include <stddef.h>

enum edit_got {
  EDIT_LINE,
  EDIT_END,         /* Ctrl-D, or the end of the input */
  EDIT_INTERRUPTED, /* Ctrl-C: the line is given up */
  EDIT_SIGNAL       /* SIGTERM or SIGHUP */
};

/* What the word before the cursor may become. */
struct edit_words {
  size_t from;    /* where it begins in the line */
  struct buf all; /* the words, each with a NUL behind it */
};

enum { EDIT_LINE_MAX = 64 << 20 };

struct edit_options {
  int in_fd, signal_fd;
  bool is_terminal; /* prompts are shown, and the line can be edited */
  void *user;
  /* LINE: up to the cursor.  NULL: nothing is completed. */
  void (*complete)(void *user, struct slice line, struct edit_words *words);
};

struct editor;

/* NULL: *err, no memory. */
struct editor *editor_new(const struct edit_options *options, struct error *err);
void editor_free(struct editor *e);
/* Puts a line without its end into LINE, several where a block was pasted.  *NUMBER: of
 * the signal. */
enum edit_got editor_read(struct editor *e, const char *prompt, struct buf *line, int *number);
/* The arrow keys bring ENTRY back from now on; the same one again is one. */
void editor_remember(struct editor *e, const char *entry);

#endif
