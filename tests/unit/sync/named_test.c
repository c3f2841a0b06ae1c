/* The row that a refusal's message names. */
#include "sync/named.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#define ID "7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11"

static const struct {
  const char *id, *name, *email, *phone;
} people[] = {
    {NULL, "Ali", "ali@x.example", NULL},
    {NULL, "Ali Hassan", NULL, NULL},
    {ID, "Souq Finder", "shared@x.example", NULL},
    {NULL, "Dar", "shared@x.example", "+966112223344"},
    {NULL, "نور", NULL, NULL},
    {NULL, "Xi", NULL, NULL},
    {NULL, "Rowad", NULL, "null"},
    {NULL, "Sama", "966000111222", NULL},
};
enum { PEOPLE = sizeof people / sizeof *people };

static struct slice quote(char *to, size_t size, const char *text) {
  bool is_text = text && strcmp(text, "null") != 0 && text[0] != '9';
  if (!text) return (struct slice){NULL, 0};
  (void)snprintf(to, size, is_text ? "\"%s\"" : "%s", text);
  return slice_of(to);
}

static void fill(struct batch *b) {
  struct batch_limits limits = {
      .rows_max = PEOPLE, .body_max = 1 << 16, .answer_bytes_max = 1 << 16};
  struct error err;
  assert_int_equal(batch_init(b, 1, &limits, &err), 0);
  batch_begin(b, BATCH_CREATE);
  for (size_t i = 0; i < PEOPLE; i++) {
    char text[ROW_FIELDS][64];
    struct row row = {.id = slice_of(people[i].id)};
    row.field[ROW_NAME] = quote(text[0], sizeof text[0], people[i].name);
    row.field[ROW_EMAIL] = quote(text[1], sizeof text[1], people[i].email);
    row.field[ROW_PHONE] = quote(text[2], sizeof text[2], people[i].phone);
    assert_true(batch_add(b, &row, &(struct batch_row){.mask = BATCH_ALL_FIELDS}));
  }
  b->ranges[0] = (struct range){.from = 0, .to = PEOPLE};
  b->ranges_len = 1;
}

enum { NOBODY = PEOPLE };

static uint32_t named_by(const char *en, const char *ar) {
  struct batch b;
  struct refusal refusal = {.is_hoko = true};
  uint32_t row = 0;
  (void)snprintf(refusal.en, sizeof refusal.en, "%s", en);
  (void)snprintf(refusal.ar, sizeof refusal.ar, "%s", ar);
  fill(&b);
  bool is_named = named_row(&b, &refusal, &row);
  batch_free(&b);
  return is_named ? row : NOBODY;
}

static void a_message_names_the_row_that_it_fits(void **unused) {
  static const struct {
    const char *en, *ar;
    uint32_t row;
  } cases[] = {
      {"Invalid request", "طلب غير صالح", NOBODY},
      {"The name Ali is taken", "", 0},
      {"The name \"Ali Hassan\" is taken", "", 1}, /* the longest value */
      {"Alice is taken", "", NOBODY},              /* a word of its own only */
      {"Khaali is taken, xAli", "", NOBODY},
      {"Ali\xc3\xa9 is taken", "", NOBODY},       /* any byte of another script is of a word */
      {"Alibaba, not Ali", "", 0},                /* the first place is none */
      {"\"Ali Hassan\" or \"Dar\"", "", 1},       /* a shorter one that comes later */
      {"966000111222 is no address", "", NOBODY}, /* nor is it a text */
      {"ali@x.example is no address", "", 0},
      {"shared@x.example is no address", "", NOBODY}, /* two rows have it */
      {"no partner " ID, "", 2},
      {"Xi is taken", "", NOBODY}, /* too short to mean anything */
      {"Invalid request", "الاسم نور غير مسموح", 4},
      {"[3].email: not allowed", "", 3},
      {"[8].email: not allowed", "", NOBODY}, /* beyond the rows */
      {"[]: not allowed", "", NOBODY},
      {"[3 is not allowed", "", NOBODY},
      {"[-1]", "", NOBODY},
      {"Invalid phone", "", 3}, /* the only one with a phone */
      {"Invalid email", "", NOBODY},
      {"email or phone", "", NOBODY},
      {"", "", NOBODY},
  };
  (void)unused;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint32_t row = named_by(cases[i].en, cases[i].ar);
    if (row != cases[i].row) fail_msg("%s: row %u", cases[i].en, row);
  }
}

static void only_the_range_on_top_is_looked_at(void **unused) {
  struct batch b;
  struct refusal refusal = {.en = "[0] and Ali"};
  uint32_t row = 0;
  (void)unused;
  fill(&b);
  b.ranges[0].from = 2;
  assert_true(named_row(&b, &refusal, &row));
  assert_int_equal(row, 2);
  batch_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_message_names_the_row_that_it_fits),
      cmocka_unit_test(only_the_range_on_top_is_looked_at),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
