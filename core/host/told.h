/* told.h - what an upsert's sync tells, passed on to the worker and to whoever looks on. */
#ifndef HOKO_HOST_TOLD_H
#define HOKO_HOST_TOLD_H

#include "host/running.h"

/* Only what R's upsert asked for; the stream is the caller's to give. */
struct sync_events told_events(struct running *r);

#endif
