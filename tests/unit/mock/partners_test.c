#include "mock/partners.h"

#include "memory_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

/* A store with the list that the last request named. */
struct fixture {
  struct partners *partners;
  struct partners_done done;
  uint32_t index[1000];
  unsigned next_id;
};

static struct fixture *fixture_new(void) {
  struct error err;
  struct fixture *f = calloc(1, sizeof *f);
  assert_non_null(f);
  f->partners = partners_new(&err);
  assert_non_null(f->partners);
  f->done.index = f->index;
  return f;
}

static void fixture_free(struct fixture *f) {
  partners_free(f->partners);
  free(f);
}

static struct uuid id_of(unsigned number) {
  struct uuid id = {{0}};
  memcpy(id.bytes, &number, sizeof number);
  return id;
}

/* TEXT of a field: "-" is absent, NULL is null. */
static struct change change_of(const char *name, const char *email, const char *phone) {
  const char *const text[] = {name, email, phone};
  struct change c = {0};
  for (int i = 0; i < PARTNER_FIELDS; i++) {
    if (!text[i]) c.field[i].state = CHANGE_NULL;
    if (text[i] && strcmp(text[i], "-") != 0)
      c.field[i] = (struct change_text){CHANGE_TEXT, slice_of(text[i])};
  }
  return c;
}

static struct change update_of(unsigned id, struct change c) {
  c.has_id = true;
  c.id = id_of(id);
  return c;
}

/* Creates get the next ids from 1. */
static int apply(struct fixture *f, const struct change *list, size_t len, int64_t now_s) {
  struct uuid ids[1000];
  struct error err = {.message = ""};
  for (size_t i = 0; i < len; i++) ids[i] = id_of(f->next_id + 1 + (unsigned)i);
  if (partners_apply(f->partners, list, len, ids, now_s, &f->done, &err) < 0) {
    assert_true(err.message[0] != '\0');
    return -1;
  }
  f->next_id += (unsigned)f->done.created;
  return 0;
}

static struct partner get(const struct fixture *f, unsigned id) {
  struct uuid uuid = id_of(id);
  uint32_t index = partners_find(f->partners, &uuid);
  assert_int_not_equal(index, PARTNERS_NONE);
  return partners_get(f->partners, index);
}

static void check_texts(const struct fixture *f, unsigned id, const char *name, const char *email,
                        const char *phone) {
  const char *const text[] = {name, email, phone};
  struct partner p = get(f, id);
  for (int i = 0; i < PARTNER_FIELDS; i++) {
    assert_int_equal(p.text[i].ptr != NULL, text[i] != NULL);
    if (text[i] && !slice_is(p.text[i], text[i]))
      fail_msg("%.*s, not %s", SLICE_ARG(p.text[i]), text[i]);
  }
}

static void creates_and_updates_of_one_request_are_told_apart(void **state) {
  struct fixture *f = fixture_new();
  const struct change first[] = {change_of("a", "-", "1"), change_of("b", "b@x.example", "-")};
  const struct change second[] = {update_of(2, change_of("-", NULL, "22")),
                                  change_of("c", "-", "-"), update_of(1, change_of("-", "-", "1"))};
  (void)state;
  assert_int_equal(apply(f, first, 2, 100), 0);
  assert_int_equal(apply(f, second, 3, 200), 0);
  assert_int_equal(f->done.created, 1);
  assert_int_equal(f->done.updated, 1);
  assert_int_equal(f->done.unchanged, 1);
  assert_int_equal(partners_len(f->partners), 3);
  check_texts(f, 1, "a", NULL, "1");
  check_texts(f, 2, "b", NULL, "22");
  check_texts(f, 3, "c", NULL, NULL);
  assert_int_equal(get(f, 2).created_s, 100);
  assert_int_equal(get(f, 2).updated_s, 200);
  assert_int_equal(get(f, 1).updated_s, 200); /* though nothing else changed */
  struct uuid asked = id_of(2), made = id_of(3);
  assert_int_equal(f->index[0], partners_find(f->partners, &asked));
  assert_int_equal(f->index[1], partners_find(f->partners, &made));
  fixture_free(f);
}

static void an_unknown_id_refuses_the_whole_request(void **state) {
  struct fixture *f = fixture_new();
  const struct change first[] = {change_of("a", "-", "-")};
  const struct change bad[] = {update_of(1, change_of("z", "-", "-")), change_of("c", "-", "-"),
                               update_of(7, change_of("y", "-", "-"))};
  (void)state;
  assert_int_equal(apply(f, first, 1, 100), 0);
  assert_int_equal(apply(f, bad, 3, 200), -1);
  assert_int_equal(partners_len(f->partners), 1);
  check_texts(f, 1, "a", NULL, NULL);
  assert_int_equal(get(f, 1).updated_s, 100);
  fixture_free(f);
}

static void an_id_that_stands_twice_refuses_the_whole_request(void **state) {
  struct fixture *f = fixture_new();
  const struct change first[] = {change_of("a", "-", "-")};
  const struct change twice[] = {update_of(1, change_of("b", "-", "-")),
                                 update_of(1, change_of("c", "-", "-"))};
  (void)state;
  assert_int_equal(apply(f, first, 1, 100), 0);
  assert_int_equal(apply(f, twice, 2, 200), -1);
  check_texts(f, 1, "a", NULL, NULL);
  assert_int_equal(apply(f, twice, 1, 200), 0); /* and does not spoil the next one */
  fixture_free(f);
}

static void texts_may_grow_and_shrink(void **state) {
  static const char *const names[] = {"a", "a rather longer name", "b", "",
                                      "another long name, longer"};
  struct fixture *f = fixture_new();
  const struct change first[] = {change_of("x", "x@x.example", "1"), change_of("y", "-", "2")};
  (void)state;
  assert_int_equal(apply(f, first, 2, 100), 0);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const struct change update = update_of(1, change_of(names[i], "-", "-"));
    assert_int_equal(apply(f, &update, 1, 100), 0);
    check_texts(f, 1, names[i], "x@x.example", "1");
    check_texts(f, 2, "y", NULL, "2");
  }
  fixture_free(f);
}

static int delete (struct fixture *f, unsigned a, unsigned b) {
  const struct uuid ids[] = {id_of(a), id_of(b)};
  struct error err;
  return partners_delete(f->partners, ids, 2, f->index, &err);
}

static void deleted_partners_leave_finding_and_listing(void **state) {
  struct fixture *f = fixture_new();
  const struct change four[] = {change_of("a", "-", "-"), change_of("b", "-", "-"),
                                change_of("c", "-", "-"), change_of("d", "-", "-")};
  struct uuid gone = id_of(2);
  (void)state;
  assert_int_equal(apply(f, four, 4, 100), 0);
  assert_int_equal(delete (f, 4, 2), 0);
  assert_int_equal(partners_find(f->partners, &gone), PARTNERS_NONE);
  assert_int_equal(partners_len(f->partners), 2);
  assert_true(slice_is(partners_get(f->partners, partners_at(f->partners, 0)).text[0], "a"));
  assert_true(slice_is(partners_get(f->partners, partners_at(f->partners, 1)).text[0], "c"));
  const struct change update = update_of(2, change_of("z", "-", "-"));
  assert_int_equal(apply(f, &update, 1, 200), -1);
  fixture_free(f);
}

static void a_delete_of_an_unknown_id_deletes_none(void **state) {
  struct fixture *f = fixture_new();
  const struct change two[] = {change_of("a", "-", "-"), change_of("b", "-", "-")};
  (void)state;
  assert_int_equal(apply(f, two, 2, 100), 0);
  assert_int_equal(delete (f, 1, 9), -1);
  assert_int_equal(delete (f, 1, 1), -1);
  assert_int_equal(partners_len(f->partners), 2);
  assert_int_equal(delete (f, 1, 2), 0);
  assert_int_equal(delete (f, 1, 2), -1);
  fixture_free(f);
}

static void a_clock_that_goes_back_does_not_disturb_the_order(void **state) {
  struct fixture *f = fixture_new();
  const struct change one = change_of("a", "-", "-");
  (void)state;
  assert_int_equal(apply(f, &one, 1, 500), 0);
  assert_int_equal(apply(f, &one, 1, 400), 0);
  assert_int_equal(get(f, 2).created_s, 500);
  fixture_free(f);
}

static void sorting_orders_by_creation_and_keeps_ties(void **state) {
  static const int64_t created[] = {300, 100, 200, 100};
  static const char *const order[] = {"b", "d", "c", "a"};
  struct fixture *f = fixture_new();
  struct change list[] = {change_of("a", "-", "-"), change_of("b", "-", "-"),
                          change_of("c", "-", "-"), change_of("d", "-", "-")};
  (void)state;
  for (int i = 0; i < 4; i++) list[i].created_s = created[i];
  assert_int_equal(apply(f, list, 4, 1000), 0);
  partners_sort(f->partners);
  for (size_t i = 0; i < 4; i++)
    assert_true(slice_is(partners_get(f->partners, partners_at(f->partners, i)).text[0], order[i]));
  fixture_free(f);
}

static void partners_that_are_equal_in_all_three_are_twins(void **state) {
  struct fixture *f = fixture_new();
  const struct change list[] = {
      change_of("a", "-", "-"), change_of("a", "-", "-"),  change_of("a", NULL, "-"),
      change_of("a", "-", "1"), change_of("a1", "-", "-"), change_of("b", "b@x.example", "-"),
      change_of("a", "1", "-"), change_of("c", "-", "-"),
  };
  (void)state;
  assert_int_equal(partners_twins(f->partners), 0);
  assert_int_equal(apply(f, list, 8, 100), 0);
  assert_int_equal(partners_twins(f->partners), 3);
  assert_int_equal(delete (f, 1, 2), 0);
  assert_int_equal(partners_twins(f->partners), 0);
  fixture_free(f);
}

static void a_new_id_that_is_in_use_is_refused(void **state) {
  struct fixture *f = fixture_new();
  const struct change one = change_of("a", "-", "-");
  (void)state;
  assert_int_equal(apply(f, &one, 1, 100), 0);
  f->next_id = 0;
  assert_int_equal(apply(f, &one, 1, 100), -1);
  assert_int_equal(partners_len(f->partners), 1);
  fixture_free(f);
}

enum { MANY = 1000 };

static void check_many(struct fixture *f, size_t len) {
  assert_int_equal(partners_len(f->partners), len);
  for (unsigned id = 1; id <= len; id++) check_texts(f, id, "a name", NULL, NULL);
}

static void a_request_without_memory_changes_nothing(void **state) {
  bool is_met = true;
  struct change list[MANY];
  (void)state;
  for (int i = 0; i < MANY; i++) list[i] = change_of("a name", "-", "-");
  for (unsigned n = 1; is_met; n++) {
    struct fixture *f = fixture_new();
    assert_int_equal(apply(f, list, 100, 1), 0);
    memory_fault_begin(n);
    int result = apply(f, list, MANY, 1);
    is_met = memory_fault_end();
    assert_int_equal(result, is_met ? -1 : 0);
    check_many(f, is_met ? 100 : 100 + MANY);
    assert_int_equal(apply(f, list, MANY, 1), 0); /* memory is there again */
    check_many(f, is_met ? 100 + MANY : 100 + 2 * MANY);
    fixture_free(f);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(creates_and_updates_of_one_request_are_told_apart),
      cmocka_unit_test(an_unknown_id_refuses_the_whole_request),
      cmocka_unit_test(an_id_that_stands_twice_refuses_the_whole_request),
      cmocka_unit_test(texts_may_grow_and_shrink),
      cmocka_unit_test(deleted_partners_leave_finding_and_listing),
      cmocka_unit_test(a_delete_of_an_unknown_id_deletes_none),
      cmocka_unit_test(a_clock_that_goes_back_does_not_disturb_the_order),
      cmocka_unit_test(sorting_orders_by_creation_and_keeps_ties),
      cmocka_unit_test(partners_that_are_equal_in_all_three_are_twins),
      cmocka_unit_test(a_new_id_that_is_in_use_is_refused),
      cmocka_unit_test(a_request_without_memory_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
