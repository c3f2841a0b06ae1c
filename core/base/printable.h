/* printable.h - text from outside, for a person's eyes, in room that is fixed. */
#ifndef HOKO_BASE_PRINTABLE_H
#define HOKO_BASE_PRINTABLE_H

#include "base/slice.h"

/* TEXT as utf8_printable() shows it, into TO, NUL-terminated, cut between two characters.
 * Empty without memory. */
void printable_copy(char *to, size_t size, struct slice text);

#endif
