/* notify.h - systemd's readiness and watchdog protocol, sd_notify(3), by hand.
 *
 * A datagram of lines to the socket that NOTIFY_SOCKET names, a path or, with "@", an
 * abstract one.  Without that variable nothing is sent.  Main thread only. */
#ifndef HOKO_SCHEDULE_NOTIFY_H
#define HOKO_SCHEDULE_NOTIFY_H

#include "base/clock.h"

struct notify {
  int fd;           /* -1: nobody listens */
  int64_t every_ms; /* a sign of life is due so often; 0: none is wanted */
  int64_t next_ms;  /* monotonic */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID of ENVIRONMENT; a socket that
 * cannot be reached is as none. */
void notify_begin(struct notify *n, char *const *environment);
void notify_end(struct notify *n);

void notify_send(const struct notify *n, const char *lines);
void notify_reloading(const struct notify *n, const struct clock *clock);
/* Tells that we live, when that is due. */
void notify_watchdog(struct notify *n, const struct clock *clock);

#endif
