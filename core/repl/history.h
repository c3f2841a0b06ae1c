/* history.h - entries of earlier sessions, in a file that only its owner reads.
 *
 * An entry is a line of the file: a backslash, a line's end and a carriage return within it
 * are \\, \n and \r there; every other byte is itself.  Sessions that run at once append to
 * one file.  It keeps the last HISTORY_ENTRIES entries, and HISTORY_BYTES of them. */
#ifndef HOKO_REPL_HISTORY_H
#define HOKO_REPL_HISTORY_H

#include "base/error.h"
#include "base/slice.h"

enum { HISTORY_ENTRIES = 10000, HISTORY_BYTES = 16 << 20 };

struct history;

/* Opens or makes PATH, its folder too, and hands each entry to SEEN, the oldest first. */
MUST_USE int history_open(struct history **out, const char *path,
                          void (*seen)(void *user, const char *entry), void *user,
                          struct error *err);
/* Appends ENTRY unless it equals the last one. */
MUST_USE int history_add(struct history *h, struct slice entry, struct error *err);
void history_close(struct history *h);

#endif
