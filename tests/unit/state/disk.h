/* disk.h - a disk in memory under SQLite, that fails when told to and loses power.
 *
 * Installed as SQLite's default VFS.  What is written is seen at once and lasts only
 * when it is synced; a power cut keeps any part of the rest, in sectors.  One
 * connection at a time: nothing is locked. */
#ifndef HOKO_TESTS_STATE_DISK_H
#define HOKO_TESTS_STATE_DISK_H

#include <stdbool.h>
#include <stdint.h>

enum disk_failure {
  DISK_SOUND,
  DISK_FULL_ONCE,  /* a write finds no space */
  DISK_ERROR_ONCE, /* an I/O error of whatever is done */
  DISK_DEAD,       /* and of all that comes behind: the power is gone */
};

void disk_install(void);
/* Removes all files. */
void disk_clear(void);
/* The N-th read, write, sync, truncation, creation or deletion from now on fails. */
void disk_fail(unsigned n, enum disk_failure how);
/* Whether it came to the N-th; those behind it go on failing, if so told. */
bool disk_has_failed(void);
/* No more fails.  Whether it came to the N-th. */
bool disk_is_met(void);
/* Reads, writes and so on since disk_fail(). */
unsigned disk_count(void);
/* The power is back: what was not synced is there in part, as SEED wants. */
void disk_cut(uint64_t seed);

#endif
