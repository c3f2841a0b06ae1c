/* repl.h - Lua at a prompt: entries of one line or many, commands that begin with a colon.
 *
 * The lines are edited here, in the host; what they say runs in the session's worker
 * (host/host.h).  Nothing here prints but the prompt and the line: the rest goes to the
 * caller's functions.  Main thread only. */
#ifndef HOKO_REPL_REPL_H
#define HOKO_REPL_REPL_H

#include "host/host.h"

struct repl_events {
  void *user;
  void (*print)(void *user, struct slice text); /* results */
  void (*note)(void *user, const char *text);
  void (*fail)(void *user, const struct error *err, struct slice trace);
  void (*begins)(void *user); /* an entry */
  /* It has ended: progress is erased, output is at the beginning of a line. */
  void (*ended)(void *user);
};

struct repl_options {
  int in_fd;
  bool is_terminal;    /* prompts are shown, and the line can be edited */
  const char *folder;  /* that names of files in entries are seen from */
  const char *history; /* the file; NULL: none is kept */
  struct repl_events events;
};

/* Asks QUESTION, whose answers begin with one of KEYS, of which the large one is meant by
 * anything else: "yNa".  Ctrl-C is the large one, too, and stays for who reads
 * SIGNAL_FD.  '\0': OPTIONS have no terminal, so nobody was asked. */
char repl_ask(const struct repl_options *options, int signal_fd, const char *question,
              const char *keys);

/* Until Ctrl-D, os.exit() or a signal, whose number is returned, else 0.  -1: *err. */
MUST_USE int repl_run(struct session *s, const struct repl_options *options, struct error *err);

#endif
