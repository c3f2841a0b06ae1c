/* Every allocation fails once: the failure is told, nothing leaks. */
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/config.h"
#include "cli/manual.h"
#include "cli/scdoc.h"

#include "memory_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_config_without_memory_is_an_error(void **state) {
  (void)state;
  const struct slice json =
      SLICE("{\"key\":\"k\",\"limits\":{\"give_up\":\"1m\"},\"jobs\":{\"a\":{\"script\":\"s\","
            "\"args\":[\"x\",\"y\"],\"allow\":{\"read\":[\"d\"]}},\"b\":{\"script\":\"t\"}}}");
  bool is_met = true;
  for (unsigned n = 1; is_met; n++) {
    struct config *c = NULL;
    struct error err;
    memory_fault_begin(n);
    int outcome = config_read(&c, json, SLICE(""), "hoko.lua", &err);
    is_met = memory_fault_end();
    if (outcome == 0) assert_int_equal(c->jobs_len, 2);
    if (outcome == 0) config_free(c);
    if (!is_met) assert_int_equal(outcome, 0);
  }
}

static void a_wrong_config_without_memory_is_still_an_error(void **state) {
  (void)state;
  bool is_met = true;
  for (unsigned n = 1; is_met; n++) {
    struct config *c = NULL;
    struct error err;
    memory_fault_begin(n);
    int outcome =
        config_read(&c, SLICE("{\"limits\":{\"give_op\":\"1m\"}}"), SLICE(""), "hoko.lua", &err);
    is_met = memory_fault_end();
    assert_int_equal(outcome, -1);
    assert_int_not_equal(err.code, ERROR_NONE);
  }
}

static void a_command_line_without_memory_is_an_error(void **state) {
  (void)state;
  char hoko[] = "hoko", verbose[] = "-vvvvvvvvvvvvvvvvvvvv", help[] = "help", topic[] = "init";
  char *const argv[] = {hoko, verbose, help, topic, NULL};
  bool is_met = true;
  for (unsigned n = 1; is_met; n++) {
    struct cli cli = {.options.common = commands_common};
    struct error err;
    memory_fault_begin(n);
    int outcome = command_line_read(&cli, commands, 4, argv, &err);
    is_met = memory_fault_end();
    assert_int_equal(outcome, is_met ? -1 : 0);
    if (is_met) assert_int_equal(err.code, ERROR_MEMORY);
    command_line_free(&cli);
  }
}

static void a_page_without_memory_is_known_to_be_incomplete(void **state) {
  (void)state;
  const struct scdoc_style style = {"", "", "", 80};
  bool is_met = true;
  for (unsigned n = 1; is_met; n++) {
    struct buf source = BUF_WITH_LIMIT(1 << 20), page = BUF_WITH_LIMIT(1 << 20);
    memory_fault_begin(n);
    manual_put(&source, NULL, commands, commands_common, true);
    scdoc_show(&page, buf_slice(&source), &style);
    is_met = memory_fault_end();
    assert_int_equal(buf_ok(&source) && buf_ok(&page), !is_met);
    buf_free(&source);
    buf_free(&page);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_config_without_memory_is_an_error),
      cmocka_unit_test(a_wrong_config_without_memory_is_still_an_error),
      cmocka_unit_test(a_command_line_without_memory_is_an_error),
      cmocka_unit_test(a_page_without_memory_is_known_to_be_incomplete),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
