/* check.h - what a fuzz target demands; the stack of abort() tells which demand. */
#ifndef HOKO_TESTS_FUZZ_CHECK_H
#define HOKO_TESTS_FUZZ_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static inline void check(bool truth) {
  if (!truth) abort();
}

#endif
