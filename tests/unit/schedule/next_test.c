#include "schedule/next.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

static int64_t instant(const char *text) {
  int64_t wall_ms = 0;
  if (clock_parse(slice_of(text), &wall_ms) != 0) fail_msg("no time: %s", text);
  return wall_ms / 1000;
}

struct walk {
  struct cron cron;
  struct zone *zone;
  struct next_walk walk;
};

static void begin(struct walk *w, const char *cron, const char *zone, int64_t after_s) {
  struct error err;
  if (cron_parse(&w->cron, slice_of(cron), &err) != 0) fail_msg("%s: %s", cron, err.message);
  if (zone_open(&w->zone, slice_of(zone), NULL, &err) != 0) fail_msg("%s: %s", zone, err.message);
  next_begin(&w->walk, &w->cron, w->zone, after_s);
}

static void instants_follow_each_other_as_told(void **user) {
  static const struct {
    const char *cron, *zone, *after;
    const char *instants[6]; /* "!" behind one: moved */
  } cases[] = {
      /* the contract's job, and the time after which is not among the answers */
      {"*/15 * * * *",
       "Asia/Riyadh",
       "2026-11-24T08:00:00+03:00",
       {"2026-11-24T08:15:00+03:00", "2026-11-24T08:30:00+03:00", "2026-11-24T08:45:00+03:00"}},
      {"0 8 * * *",
       "Asia/Riyadh",
       "2026-11-24T07:59:59+03:00",
       {"2026-11-24T08:00:00+03:00", "2026-11-25T08:00:00+03:00"}},
      {"*/20 30 2 * * *",
       "UTC",
       "2026-01-01T02:30:20Z",
       {"2026-01-01T02:30:40+00:00", "2026-01-02T02:30:00+00:00"}},
      /* a gap: 02:00 to 03:00 in Berlin */
      {"30 2 * * *",
       "Europe/Berlin",
       "2026-03-28T12:00:00Z",
       {"2026-03-29T03:00:00+02:00!", "2026-03-30T02:30:00+02:00"}},
      {"0,15,30 2 * * *",
       "Europe/Berlin",
       "2026-03-28T12:00:00Z",
       {"2026-03-29T03:00:00+02:00!", "2026-03-30T02:00:00+02:00", "2026-03-30T02:15:00+02:00"}},
      {"0 2,3 * * *",
       "Europe/Berlin",
       "2026-03-28T12:00:00Z",
       {"2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"}},
      {"30 2,3 * * *",
       "Europe/Berlin",
       "2026-03-28T12:00:00Z",
       {"2026-03-29T03:00:00+02:00!", "2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00"}},
      {"*/30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", {"2026-03-30T02:00:00+02:00"}},
      {"30 * * * *",
       "Europe/Berlin",
       "2026-03-29T00:00:00Z",
       {"2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00"}},
      /* an overlap: 02:00 to 03:00 comes twice */
      {"30 2 * * *",
       "Europe/Berlin",
       "2026-10-24T12:00:00Z",
       {"2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"}},
      {"30 2 * * *", "Europe/Berlin", "2026-10-25T00:45:00Z", {"2026-10-26T02:30:00+01:00"}},
      {"30 * * * *",
       "Europe/Berlin",
       "2026-10-24T23:45:00Z",
       {"2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", "2026-10-25T03:30:00+01:00"}},
      {"*/30 2 * * *",
       "Europe/Berlin",
       "2026-10-24T12:00:00Z",
       {"2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00",
        "2026-10-25T02:30:00+01:00", "2026-10-26T02:00:00+01:00"}},
      /* half an hour in Lord Howe */
      {"15 2 * * *",
       "Australia/Lord_Howe",
       "2026-10-03T00:00:00Z",
       {"2026-10-04T02:30:00+11:00!", "2026-10-05T02:15:00+11:00"}},
      {"45 1 * * *",
       "Australia/Lord_Howe",
       "2026-04-04T00:00:00Z",
       {"2026-04-05T01:45:00+11:00", "2026-04-06T01:45:00+10:30"}},
      /* Samoa had no 30 December 2011 */
      {"0 12 * * *",
       "Pacific/Apia",
       "2011-12-29T00:00:00Z",
       {"2011-12-29T12:00:00-10:00", "2011-12-31T00:00:00+14:00!", "2011-12-31T12:00:00+14:00"}},
      {"0 0 * * *",
       "Pacific/Apia",
       "2011-12-29T11:00:00Z",
       {"2011-12-31T00:00:00+14:00", "2012-01-01T00:00:00+14:00"}},
      {"0 6 30 12 *",
       "Pacific/Apia",
       "2011-06-01T00:00:00Z",
       {"2011-12-31T00:00:00+14:00!", "2012-12-30T06:00:00+14:00"}},
      {"0 */6 30 12 *", "Pacific/Apia", "2011-06-01T00:00:00Z", {"2012-12-30T00:00:00+14:00"}},
      /* midnight is jumped over in Cairo, and the day with it begins at one */
      {"0 0 * * *",
       "Africa/Cairo",
       "2024-04-25T00:00:00Z",
       {"2024-04-26T01:00:00+03:00!", "2024-04-27T00:00:00+03:00"}},
      {"@weekly", "Africa/Cairo", "2024-04-25T00:00:00Z", {"2024-04-28T00:00:00+03:00"}},
      /* daylight saving that is negative, and changed for Ramadan */
      {"30 2 * * *",
       "Africa/Casablanca",
       "2026-02-14T12:00:00Z",
       {"2026-02-15T02:30:00+01:00", "2026-02-16T02:30:00+00:00"}},
      {"30 2 * * *",
       "Africa/Casablanca",
       "2026-03-21T12:00:00Z",
       {"2026-03-22T03:00:00+01:00!", "2026-03-23T02:30:00+01:00"}},
      /* what comes rarely */
      {"0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", {"2104-02-29T00:00:00+00:00"}},
      {"0 0 29 2 */7", "UTC", "2032-03-01T00:00:00Z", {"2060-02-29T00:00:00+00:00"}},
      {"0 0 31 * *",
       "UTC",
       "2026-01-31T00:00:00Z",
       {"2026-03-31T00:00:00+00:00", "2026-05-31T00:00:00+00:00", "2026-07-31T00:00:00+00:00"}},
      {"0 0 13 * 5",
       "UTC",
       "2026-11-07T00:00:00Z",
       {"2026-11-13T00:00:00+00:00", "2026-11-20T00:00:00+00:00"}},
      /* offsets of seconds, long ago */
      {"0 12 * * *", "Africa/Monrovia", "1970-01-01T00:00:00Z", {"1970-01-01T11:59:30-00:45"}},
      {"0 12 * * *", "Asia/Kolkata", "1969-12-31T23:00:00Z", {"1970-01-01T12:00:00+05:30"}},
  };
  (void)user;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct walk w;
    begin(&w, cases[i].cron, cases[i].zone, instant(cases[i].after));
    for (size_t k = 0; k < 6 && cases[i].instants[k]; k++) {
      struct next n;
      char text[NEXT_TEXT_SIZE + 1];
      if (!next_step(&w.walk, &n)) fail_msg("%s: no next", cases[i].cron);
      size_t len = next_format(&n, text);
      assert_int_equal(len, strlen(text));
      if (n.is_moved) memcpy(text + len, "!", 2);
      if (strcmp(text, cases[i].instants[k]) != 0)
        fail_msg("%s %s: %s, not %s", cases[i].cron, cases[i].zone, text, cases[i].instants[k]);
    }
    zone_close(w.zone);
  }
}

static void a_wildcard_that_is_always_jumped_over_never_comes(void **user) {
  struct walk w;
  struct next n;
  (void)user;
  begin(&w, "*/60 2 8-14 3 */7", "America/New_York", instant("2026-01-01T00:00:00Z"));
  assert_false(next_step(&w.walk, &n));
  assert_false(next_step(&w.walk, &n));
  zone_close(w.zone);
}

static void the_ends_of_time_are_not_passed(void **user) {
  static const char *const crons[] = {"* * * * *", "0 12 * * *"};
  (void)user;
  for (size_t i = 0; i < 2; i++) {
    struct walk w;
    struct next n;
    begin(&w, crons[i], "Pacific/Kiritimati", INT64_MIN);
    assert_true(next_step(&w.walk, &n));
    assert_in_range(n.at_s - NEXT_MIN_S, 0, 86400);
    next_begin(&w.walk, &w.cron, w.zone, NEXT_END_S - 30);
    assert_false(next_step(&w.walk, &n));
    next_begin(&w.walk, &w.cron, w.zone, INT64_MAX);
    assert_false(next_step(&w.walk, &n));
    zone_close(w.zone);
  }
}

static void a_year_of_minutes_takes_no_time_worth_naming(void **user) {
  struct walk w;
  struct next n;
  int64_t until_s = instant("2027-01-01T00:00:00Z"), minutes = 0;
  (void)user;
  begin(&w, "* * * * *", "America/New_York", instant("2026-01-01T00:00:00Z") - 1);
  clock_t begun = clock();
  while (next_step(&w.walk, &n) && n.at_s < until_s) minutes++;
  double seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
  assert_int_equal(minutes, 365 * 1440);
  if (seconds > 1) fail_msg("%.3f s", seconds); /* 50 ms are promised; sanitizers cost a factor */
  zone_close(w.zone);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(instants_follow_each_other_as_told),
      cmocka_unit_test(a_wildcard_that_is_always_jumped_over_never_comes),
      cmocka_unit_test(the_ends_of_time_are_not_passed),
      cmocka_unit_test(a_year_of_minutes_takes_no_time_worth_naming),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
