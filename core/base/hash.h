/* hash.h - SipHash-1-3 (Aumasson, Bernstein 2012) for tables and for comparing
 * content: keyed, so that data from outside cannot aim at collisions. */
#ifndef HOKO_BASE_HASH_H
#define HOKO_BASE_HASH_H

#include "base/slice.h"

#include <stdint.h>

struct hash_key {
  uint64_t k0, k1;
};

uint64_t hash_bytes(const struct hash_key *key, const void *ptr, size_t len);
static inline uint64_t hash_slice(const struct hash_key *key, struct slice s) {
  return hash_bytes(key, s.ptr, s.len);
}

#endif
