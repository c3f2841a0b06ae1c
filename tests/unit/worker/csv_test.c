#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "worker/source/csv.h"

#include "feed.h"

#include <fcntl.h>
#include <stdio.h>

/* What was read, a line a record: "3: a|b" or "3! why". */
static void transcribe(struct csv *c, struct buf *out) {
  struct error err;
  for (;;) {
    switch (csv_next(c, &err)) {
    case CSV_END: return;
    case CSV_FAILED: buf_printf(out, "failed: %s\n", err.message); return;
    case CSV_BAD: buf_printf(out, "%d! %s\n", (int)c->line, err.message); break;
    case CSV_RECORD:
      buf_printf(out, "%d: ", (int)c->line);
      for (size_t i = 0; i < c->cells_len; i++) {
        if (i) buf_add_char(out, '|');
        utf8_printable(out, csv_cell(c, i));
      }
      buf_add_char(out, '\n');
    }
  }
}

static void read_all(int fd, char delimiter, bool is_ragged, size_t expected, struct buf *out) {
  struct bytes bytes;
  struct csv csv;
  struct error err;
  assert_int_equal(bytes_open(&bytes, fd, NULL, CSV_RECORD_MAX, &err), 0);
  csv_init(&csv, &bytes, delimiter);
  csv.is_ragged = is_ragged;
  csv.cells_expected = expected;
  transcribe(&csv, out);
  csv_free(&csv);
  bytes_close(&bytes);
  assert_true(buf_ok(out));
}

struct reading {
  const char *name;
  struct slice text;
  const char *records;
  char delimiter; /* 0: a comma */
  bool is_ragged;
};

#define TEXT(literal)                                                                              \
  { literal, sizeof literal - 1 }

static const struct reading readings[] = {
    {"nothing", TEXT(""), "", 0, 0},
    {"one record", TEXT("a,b\n"), "1: a|b\n", 0, 0},
    {"no line end at the end", TEXT("a,b\n1,2"), "1: a|b\n2: 1|2\n", 0, 0},
    {"CRLF", TEXT("a,b\r\n1,2\r\n"), "1: a|b\n2: 1|2\n", 0, 0},
    {"CR", TEXT("a,b\r1,2\r"), "1: a|b\n2: 1|2\n", 0, 0},
    {"CR at the end", TEXT("a,b\r\n1,2\r"), "1: a|b\n2: 1|2\n", 0, 0},
    {"mixed line ends", TEXT("a\nb\r\nc\rd"), "1: a\n2: b\n3: c\n4: d\n", 0, 0},
    {"blank lines", TEXT("\n\na,b\n\n\r\n\r1,2\n\n"), "3: a|b\n7: 1|2\n", 0, 0},
    {"byte order mark",
     TEXT("\xef\xbb\xbf"
          "a,b\n1,2\n"),
     "1: a|b\n2: 1|2\n", 0, 0},
    {"only a byte order mark", TEXT("\xef\xbb\xbf"), "", 0, 0},
    {"half a byte order mark", TEXT("\xef\xbb"), "1: \\xef\\xbb\n", 0, 0},
    {"empty cells", TEXT("a,b,c\n,,\n1,,\n,,3\n"), "1: a|b|c\n2: ||\n3: 1||\n4: ||3\n", 0, 0},
    {"empty last cell at the end", TEXT("a,b\n1,"), "1: a|b\n2: 1|\n", 0, 0},
    {"quoted", TEXT("\"a\",\"b\"\n\"1\",\"2\"\n"), "1: a|b\n2: 1|2\n", 0, 0},
    {"quoted at the end", TEXT("a\n\"1\""), "1: a\n2: 1\n", 0, 0},
    {"quoted and empty", TEXT("\"\",\"\"\n"), "1: |\n", 0, 0},
    {"quoted delimiter", TEXT("\"a,b\",c\n"), "1: a,b|c\n", 0, 0},
    {"doubled quotes", TEXT("\"say \"\"hi\"\"\",\"\"\"\"\n"), "1: say \"hi\"|\"\n", 0, 0},
    {"only doubled quotes", TEXT("\"\"\"\"\"\"\n"), "1: \"\"\n", 0, 0},
    {"quoted line ends", TEXT("\"a\nb\r\nc\rd\",x\ne,f\n"), "1: a\\nb\\x0d\\nc\\x0dd|x\n5: e|f\n",
     0, 0},
    {"quoted CRLF then CRLF", TEXT("\"a\r\n\"\r\nb\r\n"), "1: a\\x0d\\n\n3: b\n", 0, 0},
    {"bare quotes are data", TEXT("5\" pipe,a\"b\"\n"), "1: 5\" pipe|a\"b\"\n", 0, 0},
    {"bare doubled quotes stay", TEXT("a\"\"b,\"c\"\"d\"\n"), "1: a\"\"b|c\"d\n", 0, 0},
    {"a blank before a quote is data", TEXT(" \"a\",b\n"), "1:  \"a\"|b\n", 0, 0},
    {"spaces stay", TEXT(" a , b \n"), "1:  a | b \n", 0, 0},
    {"NUL is data", TEXT("a\0b,\"c\0d\"\n"), "1: a\\x00b|c\\x00d\n", 0, 0},
    {"bytes that are no UTF-8 are data", TEXT("\xff,\xfe\n"), "1: \\xff|\\xfe\n", 0, 0},
    {"Arabic", TEXT("الاسم,المدينة\nنورة,\"الرياض، مكة\"\n"),
     "1: الاسم|المدينة\n2: نورة|الرياض، مكة\n", 0, 0},
    {"semicolons", TEXT("a;b\n1,5;\"2;3\"\n"), "1: a|b\n2: 1,5|2;3\n", ';', 0},
    {"tabs", TEXT("a\tb\n1\t\n"), "1: a|b\n2: 1|\n", '\t', 0},
    {"too many cells", TEXT("a,b\n1,2,3\n4,5\n"),
     "1: a|b\n2! 3 cells where 2 are expected\n3: 4|5\n", 0, 0},
    {"too few cells", TEXT("a,b\n1\n4,5\n"), "1: a|b\n2! 1 cell where 2 are expected\n3: 4|5\n", 0,
     0},
    {"a line of blanks", TEXT("a,b\n \n4,5\n"), "1: a|b\n2! 1 cell where 2 are expected\n3: 4|5\n",
     0, 0},
    {"ragged, short", TEXT("a,b,c\n1\n4,5\n"), "1: a|b|c\n2: 1\n3: 4|5\n", 0, true},
    {"ragged, long", TEXT("a\n1,2\n3\n"), "1: a\n2! 2 cells where 1 is expected\n3: 3\n", 0, true},
    {"text after a quote", TEXT("a,b\n\"1\"x,2\n3,4\n"),
     "1: a|b\n2! text after the closing quote of cell 1\n3: 3|4\n", 0, 0},
    {"a blank after a quote", TEXT("a,b\n1,\"2\" \n3,4\n"),
     "1: a|b\n2! text after the closing quote of cell 2\n3: 3|4\n", 0, 0},
    {"text after a quote, several lines", TEXT("a\n\"1\n2\"x\n3\n"),
     "1: a\n2! text after the closing quote of cell 1\n4: 3\n", 0, 0},
    {"text after a quote, at the end", TEXT("a\n\"1\"x"),
     "1: a\n2! text after the closing quote of cell 1\n", 0, 0},
    {"an open quote costs its first line", TEXT("a,b\n1,\"2\n3,4\n5,6\n"),
     "1: a|b\n2! the quote that opens cell 2 is never closed\n3: 3|4\n4: 5|6\n", 0, 0},
    {"an open quote at the very end", TEXT("a\n\""),
     "1: a\n2! the quote that opens cell 1 is never closed\n", 0, 0},
    {"cut in the middle of a quote", TEXT("a,b\r\n1,\"two\r\nlines"),
     "1: a|b\n2! the quote that opens cell 2 is never closed\n3! 1 cell where 2 are expected\n", 0,
     0},
    {"an open quote behind a whole cell", TEXT("a,b\n\"x\"\"y\nz\",\"2\n3,4\n"),
     "1: a|b\n2! the quote that opens cell 2 is never closed\n3! the quote that opens cell 2 is "
     "never closed\n"
     "4: 3|4\n",
     0, 0},
};

static void reads_the_same_wherever_the_bytes_are_cut(void **state) {
  static const size_t chunks[] = {1, 2, 3, 5, 16, 17, 1000};
  (void)state;
  for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
    const struct reading *r = &readings[i];
    for (size_t k = 0; k < sizeof chunks / sizeof *chunks; k++) {
      struct buf out = BUF_WITH_LIMIT(1 << 20);
      read_all(feed_chunks(r->text, chunks[k]), r->delimiter ? r->delimiter : ',', r->is_ragged, 0,
               &out);
      const char *got = buf_text(&out);
      if (strcmp(got, r->records) != 0)
        fail_msg("%s, chunks of %zu:\n%swhere expected:\n%s", r->name, chunks[k], got, r->records);
      buf_free(&out);
    }
  }
}

static struct slice repeat(const char *text, size_t times) {
  size_t len = strlen(text);
  char *all = malloc(len * times + 1);
  assert_non_null(all);
  for (size_t i = 0; i < times; i++) memcpy(all + i * len, text, len);
  return (struct slice){all, len * times};
}

/* Reads BEFORE, TEXT TIMES times and BEHIND; the transcript must be EXPECTED. */
static void check_long(const char *before, const char *text, size_t times, const char *behind,
                       const char *expected) {
  struct slice middle = repeat(text, times);
  struct buf all = BUF_WITH_LIMIT(256u << 20), out = BUF_WITH_LIMIT(1 << 20);
  buf_add_text(&all, before);
  buf_add_slice(&all, middle);
  buf_add_text(&all, behind);
  assert_true(buf_ok(&all));
  read_all(feed_file(buf_slice(&all)), ',', false, 0, &out);
  assert_string_equal(buf_text(&out), expected);
  buf_free(&all);
  buf_free(&out);
  free((char *)(uintptr_t)middle.ptr);
}

static void a_field_of_100_mb_is_told_and_passed_over(void **state) {
  (void)state;
  check_long("a,b\n1,", "x123456789", 10 << 20, "\n3,4\n",
             "1: a|b\n2! the record is larger than 16 MiB\n3: 3|4\n");
  check_long("a,b\n1,\"", "x,3456789\n", 10 << 20, "\"\n3,4\n",
             "1: a|b\n2! the record is larger than 16 MiB\n10485763: 3|4\n");
}

static void a_quote_left_open_before_much_text_is_told(void **state) {
  (void)state;
  check_long("a,b\n1,\"", "x,3456789\n", 2 << 20, "",
             "1: a|b\n2! the record is larger than 16 MiB\n");
}

static void a_record_just_below_the_limit_is_read(void **state) {
  struct buf out = BUF_WITH_LIMIT(32 << 20);
  struct slice cell = repeat("x", CSV_RECORD_MAX - 100);
  (void)state;
  read_all(feed_file(cell), ',', false, 0, &out);
  assert_int_equal(out.len, cell.len + strlen("1: \n"));
  buf_free(&out);
  free((char *)(uintptr_t)cell.ptr);
}

static void more_cells_than_the_limit_are_told(void **state) {
  (void)state;
  check_long("", ",", CSV_CELLS_MAX, "b\n1\n", "1! more than 16384 cells\n2: 1\n");
}

static void what_a_bad_record_was_is_kept(void **state) {
  struct bytes bytes;
  struct csv csv;
  struct error err;
  (void)state;
  assert_int_equal(bytes_open(&bytes, feed_file(SLICE("a,b\n\"1\"x,2\r\n3\n4,\"5\n")), NULL,
                              CSV_RECORD_MAX, &err),
                   0);
  csv_init(&csv, &bytes, ',');
  static const char *const raw[] = {"\"1\"x,2", "3", "4,\"5"};
  assert_int_equal(csv_next(&csv, &err), CSV_RECORD);
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(csv_next(&csv, &err), CSV_BAD);
    assert_int_equal(csv.raw_len, strlen(raw[i]));
    assert_memory_equal(csv.raw, raw[i], csv.raw_len);
  }
  assert_int_equal(csv_next(&csv, &err), CSV_END);
  csv_free(&csv);
  bytes_close(&bytes);
}

static void a_folder_is_told(void **state) {
  struct bytes bytes;
  struct error err;
  (void)state;
  assert_int_equal(bytes_open(&bytes, open("/", O_RDONLY), NULL, CSV_RECORD_MAX, &err), -1);
  assert_string_equal(err.message, "this is a folder, not a file");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_the_same_wherever_the_bytes_are_cut),
      cmocka_unit_test(a_field_of_100_mb_is_told_and_passed_over),
      cmocka_unit_test(a_quote_left_open_before_much_text_is_told),
      cmocka_unit_test(a_record_just_below_the_limit_is_read),
      cmocka_unit_test(more_cells_than_the_limit_are_told),
      cmocka_unit_test(what_a_bad_record_was_is_kept),
      cmocka_unit_test(a_folder_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
