/* disk_fault.h - the n-th call that touches the disk goes wrong.
 *
 * A test that links disk_fault has open, openat, write, fsync, rename and flock of
 * our own code replaced at link time. */
#ifndef HOKO_TESTS_KEYS_DISK_FAULT_H
#define HOKO_TESTS_KEYS_DISK_FAULT_H

#include <stdbool.h>

enum disk_fault {
  DISK_FULL,      /* the call fails with ENOSPC */
  DISK_FULL_LATE, /* a write takes half, and every call after it fails with ENOSPC */
  DISK_DIES,      /* the process ends before the call, as by SIGKILL */
  DISK_DIES_TORN, /* a write puts half of its bytes, then the process ends */
  DISK_DIES_LATE, /* the process ends right after the call */
};

enum { DISK_FAULT_DIED = 77 }; /* exit code of a process that was ended */

/* The N-th call from now on goes wrong by FAULT. */
void disk_fault_begin(enum disk_fault fault, unsigned n);
/* No more goes wrong.  Whether it came to the N-th call. */
bool disk_fault_end(void);

#endif
