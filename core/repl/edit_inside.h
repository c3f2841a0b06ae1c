/* edit_inside.h - what the two ways to read a line share. */
#ifndef HOKO_REPL_EDIT_INSIDE_H
#define HOKO_REPL_EDIT_INSIDE_H

#include "repl/edit.h"

/* Waits for input.  0: it is there.  Else the signal that came. */
int edit_wait(const struct edit_options *o);
enum edit_got edit_got_signal(int number);

/* A way to edit lines on a terminal; each function does what editor_… says. */
struct edit_terminal {
  void (*open)(const struct edit_options *o);
  void (*close)(void);
  enum edit_got (*read)(const char *prompt, struct buf *line, int *number);
  void (*remember)(const char *entry);
};

/* readline's, edit_readline.c; NULL where it is not built in, edit_none.c. */
const struct edit_terminal *edit_terminal(void);

#endif
