/* edit_inside.h - what the two ways to read a line share. */
#ifndef HOKO_REPL_EDIT_INSIDE_H
#define HOKO_REPL_EDIT_INSIDE_H

#include "repl/edit.h"

/* Waits for input.  0: it is there.  Else the signal that came. */
int edit_wait(const struct edit_options *o);
enum edit_got edit_got_signal(int number);

/* readline's way, edit_readline.c; each does what editor_… says. */
void edit_terminal_open(const struct edit_options *o);
void edit_terminal_close(void);
enum edit_got edit_terminal_read(const char *prompt, struct buf *line, int *number);
void edit_terminal_remember(const char *entry);

#endif
