/* spot.h - where the script is, in a page that host and worker share.
 *
 * The worker writes it when the host asks by SIGUSR1, and when its memory runs out:
 * moments in which the bridge may be in the middle of a frame.  The host maps it for
 * reading only and takes nothing in it for true but the bytes of a name. */
#ifndef HOKO_BRIDGE_SPOT_H
#define HOKO_BRIDGE_SPOT_H

#include "base/error.h"

#include <stddef.h>

enum { SPOT_FILE_SIZE = 512 };

struct spot;

/* Host: *fd is the page for the worker to open, the caller's.  NULL: *err is set. */
struct spot *spot_new(int *fd, struct error *err);
/* Worker: takes FD over.  NULL: no memory. */
struct spot *spot_open(int fd);
void spot_free(struct spot *s);

/* Safe in a signal handler. */
void spot_set(struct spot *s, const char *file, int line);
/* The line, 0 where none was told; then FILE is "". */
int spot_get(const struct spot *s, char file[SPOT_FILE_SIZE]);

#endif
