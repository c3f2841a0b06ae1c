/* script.h - the entries that worked, as a script that does the same.
 *
 * What a prompt allows and a script does not is put right: an expression becomes a
 * statement, `_` a local. */
#ifndef HOKO_REPL_SCRIPT_H
#define HOKO_REPL_SCRIPT_H

#include "host/host.h"

struct script {
  struct script_entry *entries;
  size_t len, cap;
};

/* Copies TEXT. -1: no memory; the script lacks it then. */
MUST_USE int script_add(struct script *s, struct slice text, enum entry_form form);
/* Appends all of it. */
void script_put(const struct script *s, struct buf *to);
void script_clear(struct script *s); /* frees, too */

#endif
