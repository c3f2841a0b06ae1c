/* peak.h - the most memory that a process has had.
 *
 * getrusage(2) would not do: what a process had before its exec, that is the size of
 * whoever started it, counts there as its own. */
#ifndef HOKO_HOST_PEAK_H
#define HOKO_HOST_PEAK_H

#include <stdint.h>
#include <sys/types.h>

/* PID, or this process where it is 0.  0: not known, or the process is over. */
int64_t peak_bytes(pid_t pid);

#endif
