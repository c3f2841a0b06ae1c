/* Every allocation fails once: the failure is told, nothing leaks. */
#include "schedule/zones.h"

#include "memory_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_zone_without_memory_is_an_error(void **user) {
  bool is_met = true;
  (void)user;
  for (unsigned n = 1; is_met; n++) {
    struct zone *z = NULL;
    struct error err;
    memory_fault_begin(n);
    int outcome = zone_open(&z, SLICE("Europe/Berlin"), NULL, &err);
    is_met = memory_fault_end();
    assert_int_equal(outcome, is_met ? -1 : 0);
    if (is_met)
      assert_int_equal(err.code, ERROR_MEMORY);
    else
      zone_close(z);
  }
}

static void a_wrong_name_without_memory_is_still_refused(void **user) {
  bool is_met = true;
  (void)user;
  for (unsigned n = 1; is_met; n++) {
    struct zone *z = NULL;
    struct error err;
    memory_fault_begin(n);
    int outcome = zone_open(&z, SLICE("europe/berlin"), NULL, &err);
    is_met = memory_fault_end();
    assert_int_equal(outcome, -1);
    assert_int_equal(err.code, ERROR_USAGE);
    assert_true(err.hint[0] != '\0');
  }
}

static void zones_without_memory_keep_those_that_are_there(void **user) {
  static const char *const names[] = {"UTC",         "Asia/Riyadh",       "Asia/Dubai",
                                      "Asia/Kuwait", "Africa/Cairo",      "Asia/Amman",
                                      "Asia/Beirut", "Africa/Casablanca", "Asia/Gaza"};
  enum { NAMES = sizeof names / sizeof *names };
  bool is_met = true;
  (void)user;
  for (unsigned n = 1; is_met; n++) {
    size_t found = 0;
    struct error err;
    memory_fault_begin(n);
    struct zones *zs = zones_new(NULL);
    for (size_t i = 0; zs && i < NAMES; i++) {
      const struct zone *z;
      if (zones_get(zs, slice_of(names[i]), &z, &err) == 0) found++;
    }
    is_met = memory_fault_end();
    assert_int_equal(found, !zs ? 0 : is_met ? NAMES - 1 : NAMES);
    zones_free(zs);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_zone_without_memory_is_an_error),
      cmocka_unit_test(a_wrong_name_without_memory_is_still_refused),
      cmocka_unit_test(zones_without_memory_keep_those_that_are_there),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
