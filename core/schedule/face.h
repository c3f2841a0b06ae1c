/* face.h - what the daemon shows by HTTP: /metrics and /healthz, and the pages.
 *
 * Lives in the daemon's loop: face_fd() is polled, face_run() answers. */
#ifndef HOKO_SCHEDULE_FACE_H
#define HOKO_SCHEDULE_FACE_H

#include "base/error.h"

struct daemon;
struct face;

/* WHERE is ADDRESS:PORT, numeric, port 0 for a free one.  With PAGES there are pages too,
 * and only a loopback address will do. */
MUST_USE int face_open(struct face **out, struct daemon *d, const char *where, bool has_pages,
                       struct error *err);
void face_close(struct face *f);
int face_fd(const struct face *f);         /* -1 of NULL */
int face_timeout_ms(const struct face *f); /* -1: nothing is due by itself */
void face_run(struct face *f);

#endif
