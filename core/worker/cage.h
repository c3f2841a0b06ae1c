/* cage.h - what the kernel takes from the worker before any of the user's code runs. */
#ifndef HOKO_WORKER_CAGE_H
#define HOKO_WORKER_CAGE_H

#include "base/error.h"

#include <stdbool.h>

/* No core file, no new privileges, death with the host, no signal of the terminal (the
 * host decides when a run stops), no path (landlock.h), few system calls (syscalls.h).
 * What is loaded from disk later, time zone and encodings, is loaded before.
 * *is_held: false where the kernel has no seccomp; scripts then run only if told to. */
MUST_USE int cage_enter(bool *is_held, struct error *err);

#endif
