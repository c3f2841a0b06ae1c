/* A cron expression: refused with a field and a hint, or one that goes on in time. */
#include "check.h"

#include "schedule/next.h"

static void check_sets(const struct cron *c) {
  check(c->seconds != 0 && c->seconds >> 60 == 0);
  check(c->minutes != 0 && c->minutes >> 60 == 0);
  check(c->hours != 0 && c->hours >> 24 == 0);
  check(c->days != 0 && (c->days & 1) == 0);
  check(c->months != 0 && (c->months & 1) == 0 && c->months >> 13 == 0);
  check(c->weekdays != 0 && c->weekdays >> 7 == 0);
}

static void check_instants(const struct cron *c) {
  struct zone *utc;
  struct error err;
  struct next_walk walk;
  struct next next;
  int64_t last_s = 1795507200;
  if (zone_open(&utc, SLICE("UTC"), NULL, &err) != 0) return; /* no memory */
  next_begin(&walk, c, utc, last_s);
  for (int i = 0; i < 4; i++) { /* what is accepted comes, in UTC within 40 years each time */
    check(next_step(&walk, &next) && next.at_s > last_s && !next.is_moved);
    check(c->seconds >> next.at_s % 60 & 1 && c->minutes >> next.at_s / 60 % 60 & 1 &&
          c->hours >> next.at_s / 3600 % 24 & 1);
    last_s = next.at_s;
  }
  zone_close(utc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct cron c;
  struct error err;
  if (cron_parse(&c, (struct slice){(const char *)data, len}, &err) != 0) {
    check(err.code == ERROR_USAGE && err.hint[0] != '\0' && !strchr(err.message, '\n'));
    return 0;
  }
  check_sets(&c);
  check_instants(&c);
  return 0;
}
