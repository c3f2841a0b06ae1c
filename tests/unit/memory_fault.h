/* memory_fault.h - the n-th allocation fails, so that each path out of memory is run.
 *
 * A test that links memory_fault has malloc, calloc and realloc of our own code
 * replaced at link time; what shared libraries allocate is not touched.
 *
 *   for (unsigned n = 1; memory_fault_begin(n), do_it(), memory_fault_end(); n++) */
#ifndef HOKO_TESTS_MEMORY_FAULT_H
#define HOKO_TESTS_MEMORY_FAULT_H

#include <stdbool.h>

/* The N-th allocation from now on fails, and none after it. */
void memory_fault_begin(unsigned n);
/* No more fails.  Whether it came to the N-th; the first false tells that all are run. */
bool memory_fault_end(void);

#endif
