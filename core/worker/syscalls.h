/* syscalls.h - what the worker may still ask the kernel for: a list, by seccomp.
 *
 * On the list is what Lua, the C library's files and memory, zlib and iconv do with
 * descriptors that the host opened; nothing takes a path or makes a descriptor, a
 * process or executable memory.  What is not on it fails with EPERM; what no worker
 * of ours could ever ask for ends the process. */
#ifndef HOKO_WORKER_SYSCALLS_H
#define HOKO_WORKER_SYSCALLS_H

#include "base/error.h"

#include <stdbool.h>

/* 0: *is_held tells whether the kernel has seccomp at all; -1: it has, and refused. */
MUST_USE int syscalls_limit(bool *is_held, struct error *err);

#endif
