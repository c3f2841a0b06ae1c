/* task.h - a job as its worker is told of it. */
#ifndef HOKO_HOST_TASK_H
#define HOKO_HOST_TASK_H

#include "bridge/bridge.h"
#include "host/host.h"

/* Sends JOB as the run RUN.  -1: ERROR_USAGE where a text of it is no UTF-8, which is what
 * the script would get, or ERROR_INTERNAL. */
MUST_USE int task_send(struct channel *channel, const struct job *job, const char *run,
                       struct error *err);

#endif
