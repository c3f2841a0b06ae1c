/* The bytes of a time-zone file: refused or a table whose spans join for all time. */
#include "check.h"

#include "schedule/zone_table.h"

static void check_spans(const struct zone_table *t, int64_t at_s) {
  struct zone_span span = zone_table_at(t, at_s);
  check(span.from_s <= at_s && at_s < span.to_s);
  check(span.offset_s >= TZIF_OFFSET_MIN_S && span.offset_s <= TZIF_OFFSET_MAX_S);
  if (span.to_s > 253402300799) return; /* the year 10000 */
  check(zone_table_at(t, span.to_s).offset_s != span.offset_s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct tzif file;
  struct zone_table table;
  struct error err;
  if (tzif_parse(&file, (struct slice){(const char *)data, len}, &err) != 0) {
    check(file.changes == NULL && err.message[0] != '\0');
    return 0;
  }
  if (zone_table_make(&table, &file, &err) == 0) {
    for (int64_t at_s = -62135596800; at_s < 253402300799; at_s += 1234567890)
      check_spans(&table, at_s);
    for (size_t i = 0; i < file.changes_len; i++)
      if (file.changes[i].at_s < 253402300799) check_spans(&table, file.changes[i].at_s);
    zone_table_free(&table);
  }
  tzif_free(&file);
  return 0;
}
