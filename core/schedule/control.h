/* control.h - the daemon's socket, PROJECT/.hoko/control.sock, from both ends.
 *
 * A sequence of packets, each a line of text without line end:
 *
 *   run NAME       ok, then "run RUN" when it starts and "end EXIT" when it has ended
 *   pause NAME     ok
 *   resume NAME    ok
 *
 * or "error MESSAGE".  The socket is 0600, and who connects must be its owner or root. */
#ifndef HOKO_SCHEDULE_CONTROL_H
#define HOKO_SCHEDULE_CONTROL_H

#include "base/error.h"

enum { CONTROL_TEXT_SIZE = 2048 };

/* Takes the place of a socket that a dead daemon left; the caller has the daemon's lock. */
MUST_USE int control_listen(const char *folder, int *fd, struct error *err);
void control_remove(const char *folder);
/* The next one who connects and may; -1: nobody is there. */
int control_accept(int listening);
/* 1: *fd talks to the daemon; 0: none runs; -1: error. */
MUST_USE int control_connect(const char *folder, int *fd, struct error *err);

/* false: the other end is gone, or does not read. */
bool control_send(int fd, const char *format, ...) PRINTF_LIKE(2, 3);
/* 1: TEXT is the next packet; 0: none is there yet, of a socket that does not block; -1:
 * the other end is gone. */
int control_receive(int fd, char text[CONTROL_TEXT_SIZE]);

#endif
