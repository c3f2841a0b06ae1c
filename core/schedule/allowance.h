/* allowance.h - how many bytes a job may log an hour.
 *
 * Pure.  A script that prints in a loop fills no disk: what is beyond is counted and
 * told in one line when the hour is over. */
#ifndef HOKO_SCHEDULE_ALLOWANCE_H
#define HOKO_SCHEDULE_ALLOWANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ALLOWANCE_BYTES = 64 * 1024 };

struct allowance {
  int64_t hour;          /* of the clock, since 1970 */
  int64_t used, hidden;  /* bytes; lines */
  int64_t hidden_before; /* lines of the hour before, not told yet */
};

/* Whether a line of LEN bytes may be logged. */
bool allowance_take(struct allowance *q, size_t len, int64_t now_ms);
/* Lines that were kept back and are to be told now; 0: none. */
int64_t allowance_hidden(struct allowance *q, int64_t now_ms);

#endif
