/* The report of a run, to the byte. */
#include "host/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const struct job by_hand = {.script = "scripts/crm_partners.lua"};

static struct run_result result_of_a_good_run(void) {
  return (struct run_result){.run = "01JDABCDEFGHJKMNPQRSTVWXYZ",
                             .started_ms = 1795507200123,
                             .ended_ms = 1795507201000,
                             .outcome = RUN_OK,
                             .tally = {.submitted = 3, .created = 1, .updated = 1, .unchanged = 1},
                             .requests_sent = 2,
                             .bytes_sent = 310,
                             .bytes_received = 620,
                             .by_status = {{200, 2}},
                             .peak_memory_bytes = 9437184};
}

static void expect(const struct job *job, const struct run_result *r, const char *json) {
  struct buf b = BUF_WITH_LIMIT(1 << 16);
  report_put(&b, job, r);
  assert_non_null(buf_text(&b));
  assert_string_equal(buf_text(&b), json);
  buf_free(&b);
}

static void a_good_run_is_the_example_of_the_contract(void **unused) {
  (void)unused;
  struct run_result r = result_of_a_good_run();
  expect(&by_hand, &r,
         "{\"schema\":\"hoko.run/1\",\"run\":\"01JDABCDEFGHJKMNPQRSTVWXYZ\",\"script\":\"scripts/"
         "crm_partners.lua\","
         "\"job\":null,\"started\":\"2026-11-24T08:00:00.123Z\",\"ended\":\"2026-11-24T08:00:01."
         "000Z\",\"exit\":0,"
         "\"outcome\":\"ok\",\"rows\":{\"skipped\":0,\"submitted\":3,\"created\":1,\"updated\":1,"
         "\"unchanged\":1,"
         "\"superseded\":0,\"rejected\":0,\"held\":0,\"pending\":0,\"missing\":0,\"deleted\":0},"
         "\"requests\":{\"sent\":2,\"retried\":0,\"by_status\":{\"200\":2},\"waited_ms\":0},"
         "\"bytes\":{\"sent\":310,\"received\":620},\"peak_memory_bytes\":9437184,\"error\":null}");
}

static void twins_are_told_by_their_ids_where_there_are_some(void **unused) {
  struct run_result r = result_of_a_good_run();
  struct buf b = BUF_WITH_LIMIT(1 << 16);
  (void)unused;
  r.twins = 2;
  r.twins_len = 2;
  r.twin[0].ours.bytes[15] = 1;
  r.twin[0].other.bytes[15] = 2;
  r.twin[1].ours.bytes[15] = 3;
  r.twin[1].other.bytes[15] = 4;
  report_put(&b, &by_hand, &r);
  assert_non_null(strstr(
      buf_text(&b),
      ",\"twins\":[[\"00000000-0000-0000-0000-000000000001\",\"00000000-0000-0000-0000-"
      "000000000002\"],"
      "[\"00000000-0000-0000-0000-000000000003\",\"00000000-0000-0000-0000-000000000004\"]],"));
  buf_free(&b);
}

static void a_failure_is_told_with_its_place_and_hint(void **unused) {
  const struct job job = {.script = "s.lua", .name = "nightly \"crm\""};
  struct run_result r = {.run = "R",
                         .exit_code = 1,
                         .outcome = RUN_SCRIPT_ERROR,
                         .has_error = true,
                         .by_status = {{200, 1}, {503, 2}}};
  (void)unused;
  (void)error_set(&r.err, ERROR_SCRIPT, "no such \"thing\"\x01");
  (void)error_place(&r.err, "s.lua", 3);
  (void)error_hint(&r.err, "look");
  expect(
      &job, &r,
      "{\"schema\":\"hoko.run/1\",\"run\":\"R\",\"script\":\"s.lua\",\"job\":\"nightly "
      "\\\"crm\\\"\","
      "\"started\":\"1970-01-01T00:00:00.000Z\",\"ended\":\"1970-01-01T00:00:00.000Z\",\"exit\":1,"
      "\"outcome\":\"script-error\",\"rows\":{\"skipped\":0,\"submitted\":0,\"created\":0,"
      "\"updated\":0,\"unchanged\":0,"
      "\"superseded\":0,\"rejected\":0,\"held\":0,\"pending\":0,\"missing\":0,\"deleted\":0},"
      "\"requests\":{\"sent\":0,\"retried\":0,\"by_status\":{\"200\":1,\"503\":2},\"waited_ms\":0},"
      "\"bytes\":{\"sent\":0,\"received\":0},\"peak_memory_bytes\":0,"
      "\"error\":{\"code\":\"script\",\"message\":\"no such "
      "\\\"thing\\\"\\u0001\",\"hint\":\"look\",\"file\":\"s.lua\","
      "\"line\":3}}");
}

static void each_outcome_has_the_contracts_name(void **unused) {
  static const char *const names[] = {[RUN_OK] = "ok",
                                      [RUN_SCRIPT_ERROR] = "script-error",
                                      [RUN_USAGE] = "usage",
                                      [RUN_REJECTED] = "rejected",
                                      [RUN_HELD] = "held",
                                      [RUN_AUTH] = "auth",
                                      [RUN_UNREACHABLE] = "unreachable",
                                      [RUN_STATE] = "state",
                                      [RUN_LIMIT] = "limit",
                                      [RUN_INTERRUPTED] = "interrupted"};
  (void)unused;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    assert_string_equal(run_outcome_name((enum run_outcome)i), names[i]);
}

static void a_report_without_room_is_a_failed_buffer(void **unused) {
  struct buf b = BUF_WITH_LIMIT(100);
  struct run_result r = result_of_a_good_run();
  (void)unused;
  report_put(&b, &by_hand, &r);
  assert_false(buf_ok(&b));
  buf_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_good_run_is_the_example_of_the_contract),
      cmocka_unit_test(twins_are_told_by_their_ids_where_there_are_some),
      cmocka_unit_test(a_failure_is_told_with_its_place_and_hint),
      cmocka_unit_test(each_outcome_has_the_contracts_name),
      cmocka_unit_test(a_report_without_room_is_a_failed_buffer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
