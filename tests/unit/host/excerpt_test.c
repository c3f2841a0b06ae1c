/* The line of an error and the two around it. */
#include "host/excerpt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>

struct shown {
  const char *text;
  int line;
  const char *excerpt;
};

static const struct shown shown[] = {
    {"a\nb\nc\nd\n", 2, "  1 | a\n> 2 | b\n  3 | c\n"},
    {"a\nb\nc\nd\n", 1, "> 1 | a\n  2 | b\n"},
    {"a\nb\nc\nd", 4, "  3 | c\n> 4 | d\n"},
    {"a\nb\nc\nd\n", 5, ""},
    {"a", 1, "> 1 | a\n"},
    {"a", 2, ""},
    {"a", 0, ""},
    {"a", -1, ""},
    {"a", INT32_MAX, ""},
    {"", 1, ""},
    {"\n\n", 2, "  1 | \n> 2 | \n"},
    {"a\r\nb\r\n", 1, "> 1 | a\n  2 | b\n"},
    {"\x1b[31m\xff\n", 1, "> 1 | \\x1b[31m\\xff\n"},
    {"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n", 9, "   8 | 8\n>  9 | 9\n  10 | 10\n"},
};

static void lines_are_shown_with_their_neighbours(void **unused) {
  (void)unused;
  for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
    FILE *file = tmpfile();
    struct buf b = BUF_WITH_LIMIT(4096);
    assert_non_null(file);
    assert_true(fputs(shown[i].text, file) >= 0 && fflush(file) == 0);
    rewind(file);
    excerpt_put(&b, fileno(file), shown[i].line);
    if (!slice_is(buf_slice(&b), shown[i].excerpt)) fail_msg("%zu: %.*s", i, (int)b.len, b.ptr);
    buf_free(&b);
    (void)fclose(file);
  }
}

static void a_long_line_is_cut(void **unused) {
  FILE *file = tmpfile();
  struct buf b = BUF_WITH_LIMIT(4096);
  (void)unused;
  for (int i = 0; i < 100000; i++) (void)fputs("long ", file);
  assert_int_equal(fflush(file), 0);
  rewind(file);
  excerpt_put(&b, fileno(file), 1);
  assert_in_range(b.len, 100, 200);
  buf_free(&b);
  (void)fclose(file);
}

/* It would wait for a writer. */
static void a_pipe_is_not_read(void **unused) {
  struct buf b = BUF_WITH_LIMIT(4096);
  int fd[2];
  (void)unused;
  assert_int_equal(pipe(fd), 0);
  excerpt_put(&b, fd[0], 1);
  assert_int_equal(b.len, 0);
  (void)close(fd[0]);
  (void)close(fd[1]);
  buf_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines_are_shown_with_their_neighbours),
      cmocka_unit_test(a_long_line_is_cut),
      cmocka_unit_test(a_pipe_is_not_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
