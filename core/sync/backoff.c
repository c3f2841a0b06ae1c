#include "sync/backoff.h"

enum { FIRST_MS = 500, MOST_MS = 30000, DOUBLINGS_MAX = 10 };

/* xorshift64 (Marsaglia 2003); the seed is never 0 after the first step. */
static uint64_t next(uint64_t *seed) {
  uint64_t x = *seed ? *seed : 0x9e3779b97f4a7c15u;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return *seed = x;
}

int64_t backoff_ns(unsigned tries, uint64_t *seed) {
  unsigned doublings = tries > DOUBLINGS_MAX ? DOUBLINGS_MAX : tries ? tries - 1 : 0;
  int64_t whole_ms = (int64_t)FIRST_MS << doublings;
  if (whole_ms > MOST_MS) whole_ms = MOST_MS;
  int64_t whole_ns = whole_ms * 1000000;
  return whole_ns / 2 + (int64_t)(next(seed) % (uint64_t)(whole_ns / 2 + 1));
}
