#include "cli/units.h"

struct unit {
  const char *name;
  int64_t factor;
};

/* UNITS from the largest to one with factor 1. */
static void put(struct buf *b, int64_t n, const struct unit *units) {
  while (units->factor > 1 && (n == 0 || n % units->factor != 0)) units++;
  buf_printf(b, "%lld%s", (long long)(n / units->factor), units->name);
}

void units_put_duration(struct buf *b, int64_t ms) {
  static const struct unit units[] = {
      {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
  put(b, ms, units);
}

void units_put_size(struct buf *b, int64_t bytes) {
  static const struct unit units[] = {
      {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}};
  put(b, bytes, units);
}
