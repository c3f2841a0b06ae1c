#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static int64_t fixed_wall_ms(const struct clock *c) {
  (void)c;
  return 1795507200123;
}

static const struct clock fixed_clock = {.wall_ms = fixed_wall_ms};

static void keep(void *user, enum log_level level, struct slice line) {
  (void)level;
  buf_add_slice(user, line);
  buf_add_char(user, '|');
}

static struct log log_into(struct buf *lines, bool is_json) {
  *lines = BUF_WITH_LIMIT(1 << 20);
  return (struct log){
      .least = LOG_INFO, .is_json = is_json, .sink = keep, .user = lines, .clock = &fixed_clock};
}

static const struct log_field fields[] = {
    {"rows", SLICE_INIT("12"), true},      {"file", SLICE_INIT("a \"b\"\n"), false},
    {"empty", SLICE_INIT(""), false},      {"back", SLICE_INIT("a\\b"), false},
    {"bytes", SLICE_INIT("\xff="), false},
};

static void a_line_of_text_is_unambiguous(void **state) {
  struct buf lines;
  struct log log = log_into(&lines, false);
  (void)state;
  log_write(&log, LOG_WARN, SLICE("read\x1b all"), fields, 5);
  assert_string_equal(buf_text(&lines),
                      "2026-11-24T08:00:00.123Z warn  read\\x1b all rows=12 "
                      "file=\"a \\\"b\\\"\\n\" empty=\"\" back=a\\b bytes=\"\\xff=\"|");
  buf_free(&lines);
}

static void a_line_of_json_is_json(void **state) {
  struct buf lines;
  struct log log = log_into(&lines, true);
  (void)state;
  log_write(&log, LOG_ERROR, SLICE("read\x1b all"), fields, 5);
  assert_string_equal(buf_text(&lines),
                      "{\"time\":\"2026-11-24T08:00:00.123Z\",\"level\":\"error\","
                      "\"message\":\"read\\u001b all\",\"rows\":12,"
                      "\"file\":\"a \\\"b\\\"\\n\",\"empty\":\"\",\"back\":\"a\\\\b\","
                      "\"bytes\":\"\\\\xff=\"}|");
  buf_free(&lines);
}

static void what_is_below_the_least_level_is_dropped(void **state) {
  struct buf lines;
  struct log log = log_into(&lines, false);
  (void)state;
  log_write(&log, LOG_DEBUG, SLICE("unseen"), NULL, 0);
  log_printf(&log, LOG_DEBUG, "unseen %d", 1);
  log_printf(&log, LOG_INFO, "seen %d", 1);
  assert_string_equal(buf_text(&lines), "2026-11-24T08:00:00.123Z info  seen 1|");
  buf_free(&lines);
}

static void a_message_beyond_the_limit_leaves_a_trace(void **state) {
  static char message[100000];
  struct buf lines;
  (void)state;
  memset(message, 'x', sizeof message);
  struct log log = log_into(&lines, false);
  log_write(&log, LOG_INFO, (struct slice){message, sizeof message}, NULL, 0);
  assert_string_equal(buf_text(&lines), "error a log line was too long|");
  buf_free(&lines);
  log = log_into(&lines, true);
  message[0] = (char)0xff;
  log_write(&log, LOG_INFO, (struct slice){message, sizeof message}, NULL, 0);
  assert_string_equal(buf_text(&lines),
                      "{\"level\":\"error\",\"message\":\"a log line was too long\"}|");
  buf_free(&lines);
}

static void a_printed_message_is_cut_where_it_ends_too_late(void **state) {
  static char message[10000];
  struct buf lines;
  struct log log = log_into(&lines, false);
  (void)state;
  memset(message, 'x', sizeof message - 1);
  log_printf(&log, LOG_INFO, "%s", message);
  assert_true(lines.len > 4000 && lines.len < 5000);
  buf_free(&lines);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_line_of_text_is_unambiguous),
      cmocka_unit_test(a_line_of_json_is_json),
      cmocka_unit_test(what_is_below_the_least_level_is_dropped),
      cmocka_unit_test(a_message_beyond_the_limit_leaves_a_trace),
      cmocka_unit_test(a_printed_message_is_cut_where_it_ends_too_late),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
