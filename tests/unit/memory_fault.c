#include "memory_fault.h"

#include <stdatomic.h>
#include <stddef.h>

/* Atomic, since a room under test may have threads. */
static atomic_uint left; /* allocations until the one that fails, 0: none does */
static atomic_bool is_met;

void *__real_malloc(size_t len);
void *__real_calloc(size_t count, size_t len);
void *__real_realloc(void *ptr, size_t len);
void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t count, size_t len);
void *__wrap_realloc(void *ptr, size_t len);

static bool is_next(void) {
  unsigned now = atomic_load(&left);
  while (now > 0 && !atomic_compare_exchange_weak(&left, &now, now - 1)) continue;
  if (now == 1) is_met = true;
  return now == 1;
}

void *__wrap_malloc(size_t len) { return is_next() ? NULL : __real_malloc(len); }

void *__wrap_calloc(size_t count, size_t len) {
  return is_next() ? NULL : __real_calloc(count, len);
}

void *__wrap_realloc(void *ptr, size_t len) { return is_next() ? NULL : __real_realloc(ptr, len); }

void memory_fault_begin(unsigned n) {
  left = n;
  is_met = false;
}

bool memory_fault_end(void) {
  left = 0;
  return is_met;
}
