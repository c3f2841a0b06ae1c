/* keyfile.h - the file of a keystore on the disk: who may see it, how it is read,
 * locked and replaced; and the files that hold a passphrase.
 *
 * What others could read or swap is refused with the command that mends it:
 * ERROR_AUTH.  What keeps the file from being written is ERROR_STATE. */
#ifndef HOKO_KEYS_KEYFILE_H
#define HOKO_KEYS_KEYFILE_H

#include "base/buf.h"

#include <stdint.h>

/* Which file it was: two reads of one stamp read the same bytes. */
struct keyfile_stamp {
  uint64_t device, inode;
  int64_t size, changed_ns;
};

/* Appends the file's bytes to B (whose limit is the largest size taken).  It must be a
 * regular file, no link, 0600 or less, in a folder of 0700 or less, both the user's
 * own. */
MUST_USE int keyfile_read(struct buf *b, const char *path, struct keyfile_stamp *stamp,
                          struct error *err);
/* The stamp of what is at PATH now; all 0 when nothing can be seen there. */
struct keyfile_stamp keyfile_stamp_of(const char *path);
/* Whether PATH is still what STAMP was taken of. */
bool keyfile_is_same(const char *path, const struct keyfile_stamp *stamp);

/* Makes the folder that PATH is in, 0700. */
MUST_USE int keyfile_make_folder(const char *path, struct error *err);
/* The lock that who writes PATH holds ("PATH.lock"), or -1.  Waits two seconds for
 * another to give it back. */
MUST_USE int keyfile_lock(const char *path, struct error *err);
void keyfile_unlock(int lock_fd);
/* Replaces PATH: whatever fails, the old file or the new one is there, whole. */
MUST_USE int keyfile_write(const char *path, struct slice content, struct error *err);

/* Opens PATH, a file or pipe with a passphrase in it; links are followed.  -1: there is none
 * or, unless IS_SYSTEMS (whoever placed it rules its access), others may read it. */
MUST_USE int keyfile_open_private(const char *path, bool is_systems, struct error *err);

#endif
