#include "schedule/zone.h"

#include "base/file.h"
#include "tzif_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define YEAR_S INT64_C(31556952) /* the mean one */

static const int32_t offsets[] = {0, 10800};

struct folder {
  char path[64], zone[96];
};

static void write_zone(const struct folder *f, int64_t change_s, const char *rule) {
  const struct tzif_bytes_change changes[] = {{change_s, 1}};
  struct buf b = BUF_WITH_LIMIT(4096);
  struct error err;
  put_file(&b, '2', changes, 1, offsets, 2, rule);
  assert_int_equal(file_replace(f->zone, buf_slice(&b), 0644, &err), 0);
  buf_free(&b);
}

static int make_folder(void **user) {
  struct folder *f = calloc(1, sizeof *f);
  char beneath[96];
  assert_non_null(f);
  snprintf(f->path, sizeof f->path, "/tmp/zone_test_XXXXXX");
  assert_non_null(mkdtemp(f->path));
  snprintf(beneath, sizeof beneath, "%s/Here", f->path);
  assert_int_equal(mkdir(beneath, 0755), 0);
  snprintf(f->zone, sizeof f->zone, "%s/Here/New_Town", f->path);
  write_zone(f, 1000, "");
  *user = f;
  return 0;
}

static int remove_folder(void **user) {
  struct folder *f = *user;
  char beneath[96];
  unlink(f->zone);
  snprintf(beneath, sizeof beneath, "%s/Here", f->path);
  rmdir(beneath);
  rmdir(f->path);
  free(f);
  return 0;
}

static struct zone *opened(const char *name, const char *folder) {
  struct zone *z = NULL;
  struct error err;
  if (zone_open(&z, slice_of(name), folder, &err) != 0) fail_msg("%s: %s", name, err.message);
  return z;
}

static void check_span(const struct zone *z, int64_t at_s, int64_t from_s, int64_t to_s,
                       int32_t offset_s) {
  struct zone_span span = zone_at(z, at_s);
  assert_int_equal(span.from_s, from_s);
  assert_int_equal(span.to_s, to_s);
  assert_int_equal(span.offset_s, offset_s);
}

static void a_span_lasts_from_change_to_change(void **user) {
  const struct folder *f = *user;
  struct zone *z = opened("Here/New_Town", f->path);
  assert_string_equal(zone_name(z), "Here/New_Town");
  check_span(z, 999, INT64_MIN, 1000, 0);
  check_span(z, 1000, 1000, INT64_MAX, 10800);
  check_span(z, -62135596800, INT64_MIN, 1000, 0);
  zone_close(z);
}

static void the_rule_tells_what_is_beyond_the_table(void **user) {
  const struct folder *f = *user;
  write_zone(f, 1774746000, "<+00>0<+01>,M3.5.0/1,M10.5.0/2"); /* 2026-03-29T01:00Z */
  struct zone *z = opened("Here/New_Town", f->path);
  check_span(z, 1774746000, 1774746000, 1792890000, 3600);
  check_span(z, 1792890000, 1792890000, 1806195600, 0);
  for (int64_t years = 400; years <= 7600; years += 400) { /* the calendar repeats itself */
    int64_t era_s = years / 400 * 146097 * 86400;
    check_span(z, 1806195600 + era_s, 1806195600 + era_s, 1824944400 + era_s, 3600);
    check_span(z, 1806195599 + era_s, 1792890000 + era_s, 1806195600 + era_s, 0);
  }
  zone_close(z);
}

static void spans_join_without_gap_for_ever(void **user) {
  const struct folder *f = *user;
  write_zone(f, 1774746000, "<+00>0<+01>,M3.5.0/1,M10.5.0/2");
  struct zone *z = opened("Here/New_Town", f->path);
  struct zone_span span = zone_at(z, 0);
  int spans = 0;
  for (; span.to_s < 7900 * YEAR_S; spans++) {
    struct zone_span next = zone_at(z, span.to_s), last = zone_at(z, span.to_s - 1);
    assert_int_equal(next.from_s, span.to_s);
    assert_int_equal(last.to_s, span.to_s);
    assert_int_not_equal(next.offset_s, span.offset_s);
    span = next;
  }
  assert_in_range(spans, 15680, 15700); /* two a year from 2026 to 9870 */
  zone_close(z);
}

static void saving_that_ends_as_it_starts_lasts_for_ever(void **user) {
  const struct folder *f = *user;
  write_zone(f, 1000, "EST5EDT,0/0,J365/25"); /* RFC 9636, 3.3.1 */
  struct zone *z = opened("Here/New_Town", f->path);
  check_span(z, 1000000000, 1000, INT64_MAX, -14400);
  zone_close(z);
}

static void saving_that_ends_at_once_is_none(void **user) {
  const struct folder *f = *user;
  write_zone(f, 1000, "CET-2CEST,M1.5.0,M1.5.0/3");
  struct zone *z = opened("Here/New_Town", f->path);
  check_span(z, 1000000000, 1000, INT64_MAX, 7200);
  zone_close(z);
}

static void a_zone_is_read_again_when_its_file_is_another(void **user) {
  const struct folder *f = *user;
  struct zone *z = opened("Here/New_Town", f->path), *newer;
  struct error err;
  assert_int_equal(zone_newer(z, &newer, &err), 0);
  assert_null(newer);
  write_zone(f, 1000, "");
  assert_int_equal(zone_newer(z, &newer, &err), 0);
  assert_null(newer); /* another file that tells the same times */
  write_zone(f, 2000, "");
  assert_int_equal(zone_newer(z, &newer, &err), 0);
  assert_non_null(newer);
  assert_string_equal(zone_name(newer), "Here/New_Town");
  check_span(newer, 1500, INT64_MIN, 2000, 0);
  check_span(z, 1500, 1000, INT64_MAX, 10800);
  zone_close(z);
  assert_int_equal(zone_newer(newer, &z, &err), 0);
  assert_null(z);
  zone_close(newer);
}

static void a_zone_stays_as_it_was_when_its_file_breaks(void **user) {
  const struct folder *f = *user;
  struct zone *z = opened("Here/New_Town", f->path), *newer;
  struct error err;
  assert_int_equal(file_replace(f->zone, SLICE("TZif2, but cut"), 0644, &err), 0);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(zone_newer(z, &newer, &err), -1);
    assert_null(newer);
    assert_non_null(strstr(err.message, "Here/New_Town"));
  }
  unlink(f->zone);
  assert_int_equal(zone_newer(z, &newer, &err), -1);
  check_span(z, 1000, 1000, INT64_MAX, 10800);
  write_zone(f, 3000, "");
  assert_int_equal(zone_newer(z, &newer, &err), 0);
  assert_non_null(newer);
  zone_close(newer);
  zone_close(z);
}

static void utc_needs_no_file(void **user) {
  const struct folder *f = *user;
  struct zone *z = opened("UTC", f->path), *newer;
  struct error err;
  check_span(z, 0, INT64_MIN, INT64_MAX, 0);
  assert_int_equal(zone_newer(z, &newer, &err), 0);
  assert_null(newer);
  zone_close(z);
}

static void a_name_that_is_none_is_refused_with_the_nearest(void **user) {
  static const struct {
    const char *name, *hint;
  } cases[] = {
      {"here/new_town", "Here/New_Town"},
      {"New_Town", "Here/New_Town"},
      {"new town", "Here/New_Town"},
      {"Here/NewTown", "Here/New_Town"},
      {"Elsewhere", "Asia/Riyadh"},
      {"Here", "Asia/Riyadh"},
      {"", "Asia/Riyadh"},
      {"..", "Asia/Riyadh"},
      {"/etc/localtime", "Asia/Riyadh"},
      {"Here/../Here/New_Town", ""},
      {"Here//New_Town", "New_Town"},
      {"Here/New_Town/", "New_Town"},
      {"./Here/New_Town", "New_Town"},
      {"Here/New\nTown", "New_Town"},
  };
  const struct folder *f = *user;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct zone *z = NULL;
    struct error err;
    if (zone_open(&z, slice_of(cases[i].name), f->path, &err) == 0)
      fail_msg("accepted: %s", cases[i].name);
    assert_int_equal(err.code, ERROR_USAGE);
    assert_null(strchr(err.message, '\n'));
    if (!strstr(err.hint, cases[i].hint)) fail_msg("%s: hint %s", cases[i].name, err.hint);
  }
}

static void a_folder_without_zones_says_what_to_install(void **user) {
  struct zone *z = NULL;
  struct error err;
  (void)user;
  assert_int_equal(zone_open(&z, SLICE("Asia/Riyadh"), "/nonexistent", &err), -1);
  assert_non_null(strstr(err.hint, "tzdata"));
}

static void what_is_no_zone_file_is_refused_by_name(void **user) {
  const struct folder *f = *user;
  struct zone *z = NULL;
  struct error err;
  assert_int_equal(file_replace(f->zone, SLICE("hello"), 0644, &err), 0);
  assert_int_equal(zone_open(&z, SLICE("Here/New_Town"), f->path, &err), -1);
  assert_int_equal(err.code, ERROR_USAGE);
  assert_non_null(strstr(err.message, "time zone \"Here/New_Town\""));
  unlink(f->zone);
  assert_int_equal(mkfifo(f->zone, 0600), 0);
  assert_int_equal(zone_open(&z, SLICE("Here/New_Town"), f->path, &err), -1);
  assert_non_null(strstr(err.message, "not a file"));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_FOLDER(a_span_lasts_from_change_to_change),
      IN_FOLDER(the_rule_tells_what_is_beyond_the_table),
      IN_FOLDER(spans_join_without_gap_for_ever),
      IN_FOLDER(saving_that_ends_as_it_starts_lasts_for_ever),
      IN_FOLDER(saving_that_ends_at_once_is_none),
      IN_FOLDER(a_zone_is_read_again_when_its_file_is_another),
      IN_FOLDER(a_zone_stays_as_it_was_when_its_file_breaks),
      IN_FOLDER(utc_needs_no_file),
      IN_FOLDER(a_name_that_is_none_is_refused_with_the_nearest),
      cmocka_unit_test(a_folder_without_zones_says_what_to_install),
      IN_FOLDER(what_is_no_zone_file_is_refused_by_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
