/* output.h - the worker's stdout and stderr, as streams over the bridge.
 *
 * C's own stdout and stderr are replaced, so that print, io.write and every
 * library write where the host can keep progress, results and log apart. */
#ifndef HOKO_WORKER_OUTPUT_H
#define HOKO_WORKER_OUTPUT_H

#include "base/error.h"

struct channel;

/* CHANNEL must outlive the process. */
MUST_USE int output_redirect(struct channel *channel, struct error *err);

#endif
