/* excerpt.h - a line of a file and the two around it, for a person. */
#ifndef HOKO_HOST_EXCERPT_H
#define HOKO_HOST_EXCERPT_H

#include "base/buf.h"

/* Appends line LINE (from 1) of the regular file FD, which stays open, with the one before
 * and the one behind, numbered and cut; nothing where there is no such line in its first
 * 16 MiB. */
void excerpt_put(struct buf *b, int fd, int line);
/* The same of TEXT. */
void excerpt_put_text(struct buf *b, struct slice text, int line);

#endif
