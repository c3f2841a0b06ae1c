/* A time that is read is written and read again as the same. */
#include "base/clock.h"

#include "check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  char text[CLOCK_TEXT_SIZE];
  int64_t wall_ms, back;
  if (clock_parse((struct slice){(const char *)data, len}, &wall_ms) != 0) return 0;
  clock_format(wall_ms, text);
  /* an offset can lead out of the years 0 to 9999, which have four digits */
  if (wall_ms < -62167219200000 || wall_ms > 253402300799999) return 0;
  check(clock_parse(slice_of(text), &back) == 0 && back == wall_ms);
  return 0;
}
