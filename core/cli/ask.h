/* ask.h - questions to the person at the terminal; main thread only.
 *
 * Secrets are not asked for here but in the room that keeps them (keys/prompt.h). */
#ifndef HOKO_CLI_ASK_H
#define HOKO_CLI_ASK_H

#include "cli/term.h"

/* Reads a line of stdin: which of KEYS (lower case) it begins with.  The first of
 * them is meant by an empty line, anything else and the end of input, so
 * ask_choice(t, "Send?", "nya") shows "Send? [N/y/a] ".  '\0': stdin or stderr is
 * no terminal, so nobody was asked. */
char ask_choice(struct term *t, const char *question, const char *keys);

#endif
