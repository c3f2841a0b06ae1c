/* file.h - whole files, read under a cap and written whole or not at all. */
#ifndef HOKO_BASE_FILE_H
#define HOKO_BASE_FILE_H

#include "base/buf.h"

/* Appends what PATH (or FD, which stays open) holds to B; more than B's limit is an error. */
MUST_USE int file_read(struct buf *b, const char *path, struct error *err);
MUST_USE int file_read_fd(struct buf *b, int fd, const char *name, struct error *err);
/* Replaces PATH: written beside it, synced, renamed, folder synced.  After -1 the
 * old file is whole, or, when only the last step failed, the new one.  MODE as in
 * open(2). */
MUST_USE int file_replace(const char *path, struct slice content, unsigned mode, struct error *err);
/* Writes all of S to FD, through short writes and EINTR. */
MUST_USE int file_write_all(int fd, struct slice s, const char *name, struct error *err);
/* Makes folder PATH and those above it. */
MUST_USE int file_make_dirs(const char *path, unsigned mode, struct error *err);

#endif
