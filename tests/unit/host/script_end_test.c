/* The worker's last message, in words: whatever bytes a script put into it. */
#include "host/script_end.h"

#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

struct ending {
  enum done done;
  int64_t code, line;
  const char *file, *message, *hint;
  /* what is to come of it; message NULL: no error */
  enum error_code error;
  const char *says, *next;
};

static const struct ending endings[] = {
    {DONE_OK, 0, 0, "", "", "", ERROR_NONE, NULL, NULL},
    {DONE_EXIT, 0, 0, "", "", "", ERROR_NONE, NULL, NULL},
    {DONE_EXIT, 3, 0, "", "", "", ERROR_SCRIPT, "script exited with 3", ""},
    {DONE_EXIT, INT64_MIN, 0, "", "", "", ERROR_SCRIPT, "script exited with -9223372036854775808",
     ""},
    {DONE_SYNTAX, 0, 2, "s.lua", "unexpected symbol", "", ERROR_USAGE, "unexpected symbol", ""},
    {DONE_SYNTAX, 0, 0, "", "no cage", "add --x", ERROR_USAGE, "no cage", "add --x"},
    {DONE_ERROR, 0, 3, "s.lua", "s.lua:3: boom", "", ERROR_SCRIPT, "boom", ""},
    {DONE_ERROR, 0, 3, "s.lua", "s.lua:4: elsewhere", "", ERROR_SCRIPT, "s.lua:4: elsewhere", ""},
    {DONE_ERROR, 0, 0, "", "no place", "", ERROR_SCRIPT, "no place", ""},
    {DONE_ERROR, 0, 1, "s.lua", "s.lua:1: denied\nhint: add --allow", "", ERROR_SCRIPT, "denied",
     "add --allow"},
    {DONE_ERROR, 0, 1, "s.lua", "module 'x' not found:\n\tno file a\n\tno file b", "", ERROR_SCRIPT,
     "module 'x' not found: no file a no file b", ""},
    {DONE_ERROR, 0, 1, "s.lua", "bad \xff\x01 \xe2\x80\xae bytes", "", ERROR_SCRIPT,
     "bad \\xff\\x01 \\xe2\\x80\\xae bytes", ""},
    {DONE_ERROR, 0, 1, "s.lua", "", "", ERROR_SCRIPT, "", ""},
    {DONE_MEMORY, 0, 0, "", "", "", ERROR_LIMIT, "the script ran out of its 20 MiB of memory",
     "set --memory, or have the script keep fewer rows at once"},
    {(enum done)99, 0, 0, "", "a kind that nobody sends", "", ERROR_SCRIPT,
     "a kind that nobody sends", ""},
};

static void each_end_has_its_words(void **unused) {
  (void)unused;
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    const struct ending *e = &endings[i];
    struct message m = {
        .kind = MESSAGE_DONE,
        .number = {e->done, e->code, e->line},
        .text = {slice_of(e->file), slice_of(e->message), {NULL, 0}, slice_of(e->hint)}};
    struct error err;
    int rc = script_end_read(&m, 20 << 20, &err);
    assert_int_equal(rc, e->says ? -1 : 0);
    if (!e->says) continue;
    assert_int_equal(err.code, e->error);
    assert_string_equal(err.message, e->says);
    assert_string_equal(err.hint, e->next);
    assert_string_equal(err.file, e->file);
    assert_int_equal(err.line, e->line);
  }
}

static void texts_of_any_length_are_cut_between_characters(void **unused) {
  enum { LEN = 1 << 20 };
  struct error err;
  (void)unused;
  char *text = malloc(LEN);
  for (int i = 0; i < LEN; i += 2) memcpy(text + i, "\xc3\xa9", 2);
  struct message m = {.kind = MESSAGE_DONE,
                      .number = {DONE_ERROR, 0, INT64_MAX},
                      .text = {{text, LEN}, {text, LEN}, {text, LEN}, {text, LEN}}};
  assert_int_equal(script_end_read(&m, 0, &err), -1);
  assert_int_equal(utf8_check(slice_of(err.message)), strlen(err.message));
  assert_int_equal(utf8_check(slice_of(err.file)), strlen(err.file));
  assert_true(strlen(err.message) > 500 && strlen(err.file) > 200);
  assert_int_equal(err.line, 0);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_end_has_its_words),
      cmocka_unit_test(texts_of_any_length_are_cut_between_characters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
