/* cage.h - what the kernel takes from the worker before any of the user's code runs. */
#ifndef HOKO_WORKER_CAGE_H
#define HOKO_WORKER_CAGE_H

#include "base/error.h"

#include <stdint.h>

/* No core file, no new privileges, death with the host, no signal of the terminal
 * (the host decides when a run stops), memory at most MEMORY_BYTES (0: no limit). */
MUST_USE int cage_enter(int64_t memory_bytes, struct error *err);

#endif
