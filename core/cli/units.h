/* units.h - durations and sizes as hoko.lua and options write them: "15m", "4MiB". */
#ifndef HOKO_CLI_UNITS_H
#define HOKO_CLI_UNITS_H

#include "base/buf.h"

#include <stdint.h>

/* In the largest unit that tells it in whole numbers. */
void units_put_duration(struct buf *b, int64_t ms);
void units_put_size(struct buf *b, int64_t bytes);

#endif
