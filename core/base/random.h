/* random.h - bytes from the kernel; the seam for tests is that whoever needs
 * randomness takes the bytes as an argument. */
#ifndef HOKO_BASE_RANDOM_H
#define HOKO_BASE_RANDOM_H

#include <stddef.h>

/* Cannot fail on Linux 3.17+ once the kernel's pool is up; waits for that. */
void random_bytes(void *to, size_t len);

#endif
