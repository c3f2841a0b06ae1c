/* clock.h - time as an argument, so that a test can hold it.
 *
 * Two kinds that never mix: monotonic nanoseconds for waiting, wall milliseconds
 * since 1970 (UTC) for people and files. */
#ifndef HOKO_BASE_CLOCK_H
#define HOKO_BASE_CLOCK_H

#include "base/buf.h"

#include <stdint.h>

struct clock {
  int64_t (*mono_ns)(const struct clock *c);
  int64_t (*wall_ms)(const struct clock *c);
};

extern const struct clock clock_real;

static inline int64_t clock_mono_ns(const struct clock *c) { return c->mono_ns(c); }
static inline int64_t clock_wall_ms(const struct clock *c) { return c->wall_ms(c); }

enum { CLOCK_TEXT_SIZE = 32 };
/* "2026-11-24T08:00:00.123Z" into TEXT. */
void clock_format(int64_t wall_ms, char text[CLOCK_TEXT_SIZE]);
/* RFC 3339 with Z or an offset, fraction optional; -1: it is not. */
MUST_USE int clock_parse(struct slice s, int64_t *wall_ms);

#endif
