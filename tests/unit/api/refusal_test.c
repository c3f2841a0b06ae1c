#include "api/refusal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

struct refusal_case {
  const char *body;
  bool is_hoko;
  const char *en, *ar, *plain;
  const char *scopes;   /* joined by commas */
  double retry_after_s; /* -1000: none */
};

enum { NONE = -1000 };

static const struct refusal_case cases[] = {
    {"{\"error\":{\"en\":\"Invalid request\",\"ar\":\"\xd8\xb7\xd9\x84\xd8\xa8\"}}", true,
     "Invalid request", "\xd8\xb7\xd9\x84\xd8\xa8", "", "", NONE},
    {"{\"error\":{\"en\":\"Missing\"},\"missingScopes\":[\"linksWrite\",\"partnersRead\"]}", true,
     "Missing", "", "", "linksWrite,partnersRead", NONE},
    {"{\"missingScopes\":[1,{\"a\":[\"x\"]},\"s\"],\"error\":{\"ar\":\"\\u0637\"}}", true, "",
     "\xd8\xb7", "", "s", NONE},
    {"{\"error\":{\"en\":\"Rate\",\"ar\":\"\"},\"retryAfter\":60}", true, "Rate", "", "", "", 60},
    {"{\"retryAfter\":\"1.5\",\"error\":{\"en\":\"Rate\"}}", true, "Rate", "", "", "", 1.5},
    {"{\"retryAfter\":0}", false, "", "", "{\"retryAfter\":0}", "", 0},
    {"{\"retryAfter\":-7}", false, "", "", "{\"retryAfter\":-7}", "", -7},
    {"{\"retryAfter\":1000000000}", false, "", "", "{\"retryAfter\":1000000000}", "", 1e9},
    {"{\"retryAfter\":1e999}", false, "", "", "{\"retryAfter\":1e999}", "", NONE},
    {"{\"retryAfter\":\"nan\"}", false, "", "", "{\"retryAfter\":\"nan\"}", "", NONE},
    {"{\"retryAfter\":\"0x10\"}", false, "", "", "{\"retryAfter\":\"0x10\"}", "", NONE},
    {"{\"retryAfter\":\"soon\"}", false, "", "", "{\"retryAfter\":\"soon\"}", "", NONE},
    {"{\"retryAfter\":null}", false, "", "", "{\"retryAfter\":null}", "", NONE},
    {"{\"error\":\"nope\"}", false, "", "", "nope", "", NONE},
    {"{\"error\":{\"en\":7,\"ar\":null},\"x\":1}", false, "", "",
     "{\"error\":{\"en\":7,\"ar\":null},\"x\":1}", "", NONE},
    {"{\"error\":{\"en\":\"a\\u001b[31mb\\nc\"}}", true, "a\\x1b[31mb\\nc", "", "", "", NONE},
    {"{\"error\":{\"en\":\"half \\ud800 pair\"}}", true, "half \xef\xbf\xbd", "", "", "", NONE},
    {"{\"error\":{\"en\":\"cut off\",\"ar\":\"\xd8", true, "cut off", "", "", "", NONE},
    {"<html>\r\n<h1>502  Bad\tGateway</h1>\n", false, "", "", "<html> <h1>502 Bad Gateway</h1>", "",
     NONE},
    {"  \x1b]0;x\x07\xff", false, "", "", "\\x1b]0;x\\x07\\xff", "", NONE},
    {"", false, "", "", "", "", NONE},
    {"[1,2]", false, "", "", "[1,2]", "", NONE},
};

static void each_form_of_refusal_is_understood_or_shown(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct refusal_case *c = &cases[i];
    struct refusal r;
    char scopes[256] = "";
    refusal_parse(&r, slice_of(c->body));
    assert_int_equal(r.is_hoko, c->is_hoko);
    assert_string_equal(r.en, c->en);
    assert_string_equal(r.ar, c->ar);
    assert_string_equal(r.plain, c->plain);
    for (size_t k = 0; k < r.scopes_len; k++)
      (void)snprintf(scopes + strlen(scopes), sizeof scopes - strlen(scopes), "%s%s", k ? "," : "",
                     r.scopes[k]);
    assert_string_equal(scopes, c->scopes);
    assert_int_equal(r.has_retry_after, c->retry_after_s > NONE);
    if (r.has_retry_after) assert_true(r.retry_after_s == c->retry_after_s);
  }
}

static void a_long_text_is_cut_between_two_characters(void **state) {
  (void)state;
  struct refusal r;
  struct buf body = BUF_WITH_LIMIT(1 << 20);
  buf_add_text(&body, "{\"error\":{\"en\":\"x");
  for (int i = 0; i < 5000; i++) buf_add_text(&body, "\xd8\xb3");
  buf_add_text(&body, "\"},\"retryAfter\":3}");
  refusal_parse(&r, buf_slice(&body));
  assert_int_equal(strlen(r.en), REFUSAL_TEXT_SIZE - 1);
  assert_true(r.has_retry_after);

  buf_clear(&body);
  for (int i = 0; i < 5000; i++) buf_add_text(&body, "\xe2\x82\xac");
  refusal_parse(&r, buf_slice(&body));
  assert_int_equal(strlen(r.plain), 510);
  assert_null(strchr(r.plain, '\\'));
  buf_free(&body);
}

static void more_scopes_than_fit_are_left_out(void **state) {
  (void)state;
  struct refusal r;
  struct buf body = BUF_WITH_LIMIT(1 << 12);
  buf_add_text(&body, "{\"missingScopes\":[\"s\"");
  for (int i = 0; i < 40; i++) buf_add_text(&body, ",\"s\"");
  buf_add_text(&body, "],\"error\":{\"en\":\"e\"}}");
  refusal_parse(&r, buf_slice(&body));
  assert_int_equal(r.scopes_len, REFUSAL_SCOPES_MAX);
  assert_string_equal(r.en, "e");
  buf_free(&body);
}

static void the_users_language_comes_first(void **state) {
  (void)state;
  struct refusal r;
  refusal_parse(&r, SLICE("{\"error\":{\"en\":\"E\",\"ar\":\"A\"}}"));
  assert_string_equal(refusal_text(&r, false), "E");
  assert_string_equal(refusal_text(&r, true), "A");
  refusal_parse(&r, SLICE("{\"error\":{\"en\":\"E\"}}"));
  assert_string_equal(refusal_text(&r, true), "E");
  refusal_parse(&r, SLICE("oops"));
  assert_string_equal(refusal_text(&r, true), "oops");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_form_of_refusal_is_understood_or_shown),
      cmocka_unit_test(a_long_text_is_cut_between_two_characters),
      cmocka_unit_test(more_scopes_than_fit_are_left_out),
      cmocka_unit_test(the_users_language_comes_first),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
