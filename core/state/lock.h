/* lock.h - one writer a stream: a lock that the kernel takes from a dead holder.
 *
 * The lock is an open-file-description lock on a file, so it goes with the process
 * however it ends, and a process number that is used again means nothing.  The file's
 * content names the holder, for those who wait; it stays when the lock is gone.
 * Lock files are never removed: a second one of the same name would lock nothing. */
#ifndef HOKO_STATE_LOCK_H
#define HOKO_STATE_LOCK_H

#include "state/state.h"

/* Takes the lock in file PATH, made where it is missing; *fd is then to be closed to
 * give it up.  1: taken; 0: another has it, *who tells who; -1: error. */
MUST_USE int lock_try(const char *path, int *fd, struct holder *who, struct error *err);
/* Writes into the file of a lock that is held who holds it. */
MUST_USE int lock_sign(int fd, const struct holder *who, struct error *err);
/* Locks FD, waiting as long as another holds it: for moments only. */
MUST_USE int lock_wait(int fd, const char *path, struct error *err);
void lock_give(int fd);

#endif
