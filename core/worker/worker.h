/* worker.h - the process that runs the user's Lua.
 *
 * `hoko` started anew with the bridge as descriptor 3, the spot's page as 4 and nothing else;
 * ending it is always safe.  See bridge/message.h for what it may be asked. */
#ifndef HOKO_WORKER_WORKER_H
#define HOKO_WORKER_WORKER_H

enum { WORKER_BRIDGE_FD = 3, WORKER_SPOT_FD = 4 };

/* Never returns to a caller who goes on: the value is the process' exit code. */
int worker_main(void);

/* Of Lua. */
const char *worker_version(void);

#endif
