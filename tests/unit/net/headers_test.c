#include "net/headers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

enum { NOW_S = 1764000000 };

static void read_head(struct headers *h, const char *head) {
  headers_reset(h);
  for (const char *at = head; *at;) {
    const char *end = strchr(at, '\n') + 1;
    headers_line(h, (struct slice){at, (size_t)(end - at)}, NOW_S * INT64_C(1000));
    at = end;
  }
}

struct number_case {
  const char *value;
  double number;
};

static const struct number_case number_cases[] = {
    {"1000", 1000},
    {"0", 0},
    {" 7 ", 7},
    {"0.5", 0.5},
    {"1000;w=60", 1000},
    {"5, 6", 5},
    {"-1", -1},
    {"", -1},
    {"many", -1},
    {"1e3", -1},
    {"0x10", -1},
    {"1.2.3", -1},
    {"7x", -1},
    {"nan", -1},
    {"1764000045000", 1764000045000},
    {"99999999999999999999999999999999999", -1},
};

static void numbers_of_limits_are_read_or_left(void **state) {
  (void)state;
  static const char *const names[] = {"X-RateLimit-Limit", "x-ratelimit-remaining",
                                      "X-RATELIMIT-RESET"};
  for (size_t i = 0; i < 3 * sizeof number_cases / sizeof number_cases[0]; i++) {
    const struct number_case *c = &number_cases[i / 3];
    struct headers h;
    struct buf line = BUF_WITH_LIMIT(200);
    buf_printf(&line, "HTTP/1.1 200 OK\r\n%s:%s\r\n\r\n", names[i % 3], c->value);
    read_head(&h, buf_text(&line));
    const double *numbers[] = {&h.limits.limit, &h.limits.remaining, &h.limits.reset};
    for (size_t k = 0; k < 3; k++) assert_true(*numbers[k] == (k == i % 3 ? c->number : -1));
    buf_free(&line);
  }
}

struct retry_case {
  const char *head;
  double retry_after_s;
};

static const struct retry_case retry_cases[] = {
    {"Retry-After: 30\r\n", 30},
    {"Retry-After: 0\r\n", 0},
    {"Retry-After: soon\r\n", -1},
    {"Retry-After: -5\r\n", -1},
    {"Retry-After: Tue, 24 Nov 2026 08:00:30 GMT\r\nDate: Tue, 24 Nov 2026 08:00:00 GMT\r\n", 30},
    {"Date: Tuesday, 24-Nov-26 08:00:00 GMT\r\nRetry-After: Tue Nov 24 08:01:00 2026\r\n", 60},
    {"Retry-After: Tue, 24 Nov 2026 07:59:00 GMT\r\nDate: Tue, 24 Nov 2026 08:00:00 GMT\r\n", 0},
    {"Retry-After: Mon, 24 Nov 2025 16:00:10 GMT\r\n", 10}, /* by our clock */
    {"Retry-After: Mon, 24 Nov 2025 16:00:10 GMT\r\nDate: yesterday\r\n", 10},
    {"Retry-After: Mon, 24 Nov 2025 16:00:10 GMT and a tail that is longer than any date can "
     "be\r\n",
     -1},
};

static void a_retry_after_in_either_form_becomes_seconds(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof retry_cases / sizeof retry_cases[0]; i++) {
    struct headers h;
    struct buf head = BUF_WITH_LIMIT(400);
    buf_printf(&head, "HTTP/1.1 429 Slow\r\n%s\r\n", retry_cases[i].head);
    read_head(&h, buf_text(&head));
    if (h.limits.retry_after_s != retry_cases[i].retry_after_s)
      fail_msg("%s: %g", retry_cases[i].head, h.limits.retry_after_s);
    buf_free(&head);
  }
}

static void only_the_last_head_counts(void **state) {
  (void)state;
  struct headers h;
  read_head(&h, "HTTP/1.1 100 Continue\r\nX-RateLimit-Limit: 1\r\nLocation: /a\r\n\r\n"
                "HTTP/2 201 \r\nx-ratelimit-remaining: 2\r\n\r\n"
                "X-RateLimit-Reset: 3\r\n"); /* a trailer */
  assert_int_equal(h.status, 201);
  assert_true(h.is_ended);
  assert_true(h.limits.limit == -1 && h.limits.remaining == 2 && h.limits.reset == -1);
  assert_string_equal(h.location, "");
}

static void a_head_of_nonsense_is_survived(void **state) {
  (void)state;
  static const char *const heads[] = {"HTTP/\r\n\r\n",      "HTTP/1.1\r\n\r\n",
                                      "HTTP/1.1 2\r\n\r\n", "HTTP/1.1 20x OK\r\n\r\n",
                                      "no colon\r\n\r\n",   ":\r\n: x\r\n\r\n"};
  for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
    struct headers h;
    read_head(&h, heads[i]);
    assert_int_equal(h.status, 0);
    assert_true(h.is_ended);
  }
}

static void texts_are_kept_printable_and_short(void **state) {
  (void)state;
  struct headers h;
  struct buf head = BUF_WITH_LIMIT(4096);
  buf_add_text(&head, "HTTP/1.1 302 Found\r\nContent-Type:  text/html; charset=utf-8 \r\nLocation: "
                      "https://a\x1b[0m/");
  for (int i = 0; i < 2000; i++) buf_add_char(&head, 'x');
  buf_add_text(&head, "\r\n\r\n");
  read_head(&h, buf_text(&head));
  assert_string_equal(h.content_type, "text/html; charset=utf-8");
  assert_int_equal(strlen(h.location), sizeof h.location - 1);
  assert_int_equal(strncmp(h.location, "https://a\\x1b[0m/xxx", 20), 0);
  buf_free(&head);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_of_limits_are_read_or_left),
      cmocka_unit_test(a_retry_after_in_either_form_becomes_seconds),
      cmocka_unit_test(only_the_last_head_counts),
      cmocka_unit_test(a_head_of_nonsense_is_survived),
      cmocka_unit_test(texts_are_kept_printable_and_short),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
