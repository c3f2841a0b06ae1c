/* Every allocation of the room fails once: what was there stays, the failure is
 * told, nothing leaks (AddressSanitizer sees that). */
#include "base/buf.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/map.h"
#include "base/queue.h"
#include "base/utf8.h"

#include "memory_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

enum { LIMIT = 1 << 20, MANY = 1000 };

static void a_buffer_without_memory_keeps_what_it_has(void **state) {
  bool is_met = true;
  (void)state;
  for (unsigned n = 1; is_met; n++) {
    struct buf b = BUF_WITH_LIMIT(LIMIT);
    memory_fault_begin(n);
    for (int i = 0; i < MANY; i++) buf_printf(&b, "%06d", i);
    is_met = memory_fault_end();
    assert_int_equal(buf_ok(&b), !is_met);
    assert_int_equal(b.len % 6, 0);
    if (!is_met) assert_int_equal(b.len, 6 * MANY);
    if (b.len > 0) assert_memory_equal(b.ptr, "000000000001000002", b.len < 18 ? b.len : 18);
    buf_free(&b);
  }
}

static void a_text_without_memory_is_none(void **state) {
  struct buf b = BUF_WITH_LIMIT(LIMIT);
  (void)state;
  memory_fault_begin(1);
  const char *text = buf_text(&b);
  assert_true(memory_fault_end());
  assert_null(text);
  assert_false(buf_ok(&b));
  buf_clear(&b);
  assert_string_equal(buf_text(&b), "");
  buf_free(&b);
}

static bool is_value(const void *user, uint32_t value) { return *(const uint32_t *)user == value; }

static void a_map_without_memory_keeps_what_it_has(void **state) {
  bool is_met = true;
  (void)state;
  for (unsigned n = 1; is_met; n++) {
    struct map m = MAP_WITH_LIMIT(MANY);
    uint32_t refused = 0;
    memory_fault_begin(n);
    for (uint32_t i = 0; i < MANY; i++) {
      if (map_add(&m, i * 31, i) == 0) continue;
      refused++;
      assert_int_equal(map_find(&m, i * 31, is_value, &i), MAP_FREE);
      assert_int_equal(map_add(&m, i * 31, i), 0); /* memory is there again */
    }
    is_met = memory_fault_end();
    assert_int_equal(refused, is_met ? 1 : 0);
    for (uint32_t i = 0; i < MANY; i++) assert_int_equal(map_find(&m, i * 31, is_value, &i), i);
    map_free(&m);
  }
}

static void a_queue_without_memory_is_an_error(void **state) {
  struct error err;
  (void)state;
  memory_fault_begin(1);
  struct queue *q = queue_new(4, &err);
  assert_true(memory_fault_end());
  assert_null(q);
  assert_int_equal(err.code, ERROR_MEMORY);
}

static void json_without_memory_fails_the_buffer(void **state) {
  char text[MANY];
  bool is_met = true;
  (void)state;
  memset(text, '"', sizeof text);
  for (unsigned n = 1; is_met; n++) {
    struct buf b = BUF_WITH_LIMIT(LIMIT), back = BUF_WITH_LIMIT(LIMIT);
    memory_fault_begin(n);
    json_put_string(&b, (struct slice){text, sizeof text});
    if (buf_ok(&b)) assert_int_equal(json_unescape(&back, (struct slice){b.ptr + 1, b.len - 2}), 0);
    is_met = memory_fault_end();
    assert_int_equal(buf_ok(&b) && buf_ok(&back), !is_met);
    if (!is_met) assert_true(slice_equal(buf_slice(&back), (struct slice){text, sizeof text}));
    buf_free(&b);
    buf_free(&back);
  }
}

static void normal_forms_without_memory_are_an_error(void **state) {
  static int (*const maps[])(struct buf *, struct slice) = {utf8_nfc, utf8_fold};
  static const struct slice texts[] = {SLICE_INIT("plain"), SLICE_INIT("e\xcc\x81")};
  (void)state;
  for (size_t i = 0; i < 4; i++) {
    struct buf b = BUF_WITH_LIMIT(LIMIT);
    memory_fault_begin(1);
    int result = maps[i / 2](&b, texts[i % 2]);
    assert_true(memory_fault_end());
    assert_int_equal(result, -1);
    assert_int_equal(b.len, 0);
    buf_free(&b);
  }
}

static void a_file_without_memory_is_an_error(void **state) {
  bool is_met = true;
  (void)state;
  for (unsigned n = 1; is_met; n++) {
    struct buf b = BUF_WITH_LIMIT(LIMIT);
    struct error err;
    memory_fault_begin(n);
    int result = file_read(&b, "/proc/self/status", &err);
    is_met = memory_fault_end();
    assert_int_equal(result, is_met ? -1 : 0);
    if (is_met) assert_int_equal(err.code, ERROR_MEMORY);
    buf_free(&b);
  }
}

static int64_t fixed_wall_ms(const struct clock *c) {
  (void)c;
  return 0;
}

static void count(void *user, enum log_level level, struct slice line) {
  (void)level;
  assert_true(line.len > 0);
  ++*(unsigned *)user;
}

static void check_log(bool is_json) {
  static const struct clock clock = {.wall_ms = fixed_wall_ms};
  static const struct log_field field = {"bytes", SLICE_INIT("\xff"), false};
  bool is_met = true;
  for (unsigned n = 1; is_met; n++) {
    unsigned lines = 0;
    struct log log = {.is_json = is_json, .sink = count, .user = &lines, .clock = &clock};
    memory_fault_begin(n);
    log_write(&log, LOG_INFO, SLICE("message"), &field, 1);
    is_met = memory_fault_end();
    assert_int_equal(lines, 1);
  }
}

static void a_log_line_without_memory_leaves_a_trace(void **state) {
  (void)state;
  check_log(false);
  check_log(true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_buffer_without_memory_keeps_what_it_has),
      cmocka_unit_test(a_text_without_memory_is_none),
      cmocka_unit_test(a_map_without_memory_keeps_what_it_has),
      cmocka_unit_test(a_queue_without_memory_is_an_error),
      cmocka_unit_test(json_without_memory_fails_the_buffer),
      cmocka_unit_test(normal_forms_without_memory_are_an_error),
      cmocka_unit_test(a_file_without_memory_is_an_error),
      cmocka_unit_test(a_log_line_without_memory_leaves_a_trace),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
