/* uuid.h - UUIDs as 16 bytes, and ULIDs as the names of runs. */
#ifndef HOKO_BASE_UUID_H
#define HOKO_BASE_UUID_H

#include "base/slice.h"

#include <stdint.h>

enum { UUID_TEXT_LEN = 36, ULID_TEXT_LEN = 26 };

struct uuid {
  uint8_t bytes[16];
};

/* Any letter case, hyphens in the usual places; false: S is no UUID. */
bool uuid_parse(struct slice s, struct uuid *out);
/* 36 bytes, lower case, no NUL. */
void uuid_format(const struct uuid *id, char text[UUID_TEXT_LEN]);
static inline bool uuid_equal(const struct uuid *a, const struct uuid *b) {
  return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}
/* A random one (version 4), from 16 random bytes. */
struct uuid uuid_from_random(const uint8_t random[16]);

/* A ULID of WALL_MS and 10 random bytes, NUL-terminated (github.com/ulid/spec). */
void ulid_format(int64_t wall_ms, const uint8_t random[10], char text[ULID_TEXT_LEN + 1]);

#endif
