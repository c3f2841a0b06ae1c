/* signals.h - who gets a signal: the main thread, by a descriptor, and no other. */
#ifndef HOKO_BASE_SIGNALS_H
#define HOKO_BASE_SIGNALS_H

#include "base/error.h"

#include <pthread.h>

/* From now on SIGINT, SIGTERM and SIGHUP are read from the descriptor that is returned, a
 * signalfd(2) that does not block.  -1: ERROR_INTERNAL. */
MUST_USE int signals_open(struct error *err);
/* pthread_create() of a thread that no signal is delivered to; returns what that does. */
MUST_USE int signals_start_thread(pthread_t *thread, void *(*run)(void *user), void *user);

#endif
