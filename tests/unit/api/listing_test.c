#include "api/listing.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- a service with partners ---- */

enum { PARTNERS_MAX = 1700, EPOCH_S = 1764000000 };

struct partner {
  uint32_t number;
  int64_t created_s; /* from EPOCH_S; negative: not shown */
};

struct service {
  struct partner partners[PARTNERS_MAX]; /* oldest first */
  size_t len;
  uint32_t next_number;
  uint64_t seed;
  bool shuffles_ties, ignores_skip, ignores_sort;
};

static uint32_t draw(struct service *s, uint32_t below) {
  s->seed = s->seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(s->seed >> 33) % below;
}

static void create(struct service *s, int64_t created_s) {
  s->partners[s->len++] = (struct partner){++s->next_number, created_s};
}

static void drop(struct service *s, size_t i) {
  memmove(&s->partners[i], &s->partners[i + 1], (--s->len - i) * sizeof s->partners[0]);
}

/* LEN partners, EACH a second. */
static void fill(struct service *s, size_t len, size_t each) {
  for (size_t i = 0; i < len; i++) create(s, (int64_t)(i / each));
}

static void shuffle_ties(struct service *s) {
  for (size_t i = 1; i < s->len; i++) {
    size_t with = i - draw(s, (uint32_t)i + 1);
    if (s->partners[with].created_s != s->partners[i].created_s) continue;
    struct partner p = s->partners[i];
    s->partners[i] = s->partners[with];
    s->partners[with] = p;
  }
}

static void id_of(uint32_t number, struct uuid *id) {
  *id = (struct uuid){.bytes = {0x7b}};
  memcpy(id->bytes + 4, &number, sizeof number);
}

static uint32_t number_of(const struct uuid *id) {
  uint32_t number;
  memcpy(&number, id->bytes + 4, sizeof number);
  return number;
}

static void put_object(struct buf *b, const struct partner *p) {
  struct uuid id;
  char text[UUID_TEXT_LEN], time[CLOCK_TEXT_SIZE];
  id_of(p->number, &id);
  uuid_format(&id, text);
  buf_printf(b, "%s{\"x\":{\"createdAt\":1},\"id\":\"%.36s\"", b->len > 1 ? "," : "", text);
  clock_format((EPOCH_S + p->created_s) * INT64_C(1000), time);
  if (p->created_s >= 0) buf_printf(b, ",\"createdAt\":\"%s\"", time);
  buf_add_char(b, '}');
}

/* The answer to TARGET. */
static void get(struct service *s, const char *target, struct answer *page) {
  unsigned take, skip;
  char sort[5];
  struct buf b = BUF_WITH_LIMIT(4 << 20);
  if (s->shuffles_ties) shuffle_ties(s);
  assert_int_equal(sscanf(target, "/partners?take=%u&skip=%u&sort=%4s", &take, &skip, sort), 3);
  if (s->ignores_skip) skip = 0;
  bool is_newest_first = strcmp(sort, s->ignores_sort ? "asc" : "desc") == 0;
  buf_add_char(&b, '[');
  for (size_t i = skip; i < s->len && i < skip + take; i++)
    put_object(&b, &s->partners[is_newest_first ? s->len - 1 - i : i]);
  buf_add_char(&b, ']');
  answer_reset(page);
  (void)answer_feed(page, buf_slice(&b));
  answer_end(page);
  assert_int_equal(page->state, ANSWER_COMPLETE);
  buf_free(&b);
}

/* ---- a walk ---- */

struct walk {
  enum listing_step end;
  int pages;
  size_t fresh_len;
  bool is_seen[4 * PARTNERS_MAX]; /* by number */
  struct error err;
};

static void walk(struct service *s, const struct listing_options *options,
                 void (*meanwhile)(struct service *s, int page), struct walk *w) {
  struct listing *l;
  struct answer page;
  struct answer_options o = {
      .partners_max = LISTING_PAGE_MAX, .bytes_max = 4 << 20, .keeps_text = true};
  *w = (struct walk){.end = LISTING_ASK};
  assert_int_equal(listing_new(&l, options, &w->err), 0);
  assert_int_equal(answer_init(&page, &o, &w->err), 0);
  while (w->end == LISTING_ASK) {
    size_t len;
    get(s, listing_target(l), &page);
    w->end = listing_take(l, &page, &w->err);
    const uint32_t *fresh = listing_fresh(l, &len);
    for (size_t i = 0; i < len; i++) {
      uint32_t number = number_of(&page.partners[fresh[i]].id);
      assert_false(w->is_seen[number]);
      w->is_seen[number] = true;
    }
    w->fresh_len += len;
    for (size_t i = 0; w->end == LISTING_DONE && i < page.partners_len; i++)
      assert_true(listing_has(l, &page.partners[i].id));
    if (meanwhile && w->end == LISTING_ASK) meanwhile(s, w->pages);
    w->pages++;
  }
  struct uuid none;
  id_of(UINT32_MAX, &none);
  assert_false(listing_has(l, &none));
  answer_free(&page);
  listing_free(l);
}

static struct listing_options options_with(uint32_t page_rows, uint32_t overlap_rows) {
  return (struct listing_options){.since_ms = LISTING_ALL_TIME,
                                  .page_rows = page_rows,
                                  .overlap_rows = overlap_rows,
                                  .passes_max = 4,
                                  .partners_max = 1000,
                                  .key = {1, 2}};
}

static void a_list_that_rests_is_read_once(void **state) {
  (void)state;
  static const size_t lens[] = {0, 1, 9, 10, 11, 17, 18, 100};
  for (size_t i = 0; i < 2 * sizeof lens / sizeof lens[0]; i++) {
    struct service s = {0};
    struct walk w;
    struct listing_options o = options_with(10, 2);
    o.is_newest_first = i % 2;
    fill(&s, lens[i / 2], 1);
    walk(&s, &o, NULL, &w);
    assert_int_equal(w.end, LISTING_DONE);
    assert_int_equal(w.fresh_len, lens[i / 2]);
    assert_int_equal(w.pages, lens[i / 2] < 10 ? 1 : 1 + (lens[i / 2] - 2) / 8);
  }
}

static void a_walk_may_begin_further_on(void **state) {
  (void)state;
  struct service s = {0};
  struct walk w;
  struct listing_options o = options_with(10, 0);
  o.skip = 25;
  fill(&s, 40, 1);
  walk(&s, &o, NULL, &w);
  assert_int_equal(w.end, LISTING_DONE);
  assert_int_equal(w.fresh_len, 15);
  assert_true(!w.is_seen[25] && w.is_seen[26]);
}

static void create_one(struct service *s, int page) { create(s, 1000 + page); }
static void drop_first(struct service *s, int page) {
  if (page < 3) drop(s, 0);
}
static void drop_always(struct service *s, int page) {
  (void)page;
  if (s->len > 0) drop(s, 0);
  create(s, 1000);
}

static void new_partners_shift_no_page_of_a_whole_list(void **state) {
  (void)state;
  struct service s = {0};
  struct walk w;
  struct listing_options o = options_with(10, 2);
  fill(&s, 50, 1);
  walk(&s, &o, create_one, &w);
  assert_int_equal(w.end, LISTING_DONE);
  assert_int_equal(w.pages, 7);
  assert_int_equal(w.fresh_len, s.len);
}

static void new_partners_shift_the_newest_without_loss(void **state) {
  (void)state;
  struct service s = {0};
  struct walk w;
  struct listing_options o = options_with(10, 2);
  o.is_newest_first = true;
  fill(&s, 50, 1);
  walk(&s, &o, create_one, &w);
  assert_int_equal(w.end, LISTING_DONE);
  for (uint32_t n = 1; n <= 50; n++) assert_true(w.is_seen[n]);
}

static void a_partner_that_a_deletion_shifts_away_is_found_by_beginning_anew(void **state) {
  (void)state;
  struct service s = {0};
  struct walk w;
  struct listing_options o = options_with(10, 2);
  fill(&s, 50, 1);
  walk(&s, &o, drop_first, &w);
  assert_int_equal(w.end, LISTING_DONE);
  for (uint32_t n = 4; n <= 50; n++) assert_true(w.is_seen[n]);
}

static void a_list_that_never_rests_is_given_up(void **state) {
  (void)state;
  struct service s = {0};
  struct walk w;
  struct listing_options o = options_with(10, 2);
  fill(&s, 50, 1);
  walk(&s, &o, drop_always, &w);
  assert_int_equal(w.end, LISTING_FAILED);
  assert_non_null(strstr(w.err.message, "changes faster"));
  assert_int_equal(w.pages, 8); /* four passes, each broken at its second page */
}

static void the_newest_are_read_back_to_a_time(void **state) {
  (void)state;
  struct service s = {0};
  struct walk w;
  struct listing_options o = options_with(10, 2);
  o.is_newest_first = true;
  o.since_ms = (EPOCH_S + 75) * INT64_C(1000);
  fill(&s, 100, 1);
  walk(&s, &o, NULL, &w);
  assert_int_equal(w.end, LISTING_DONE);
  assert_int_equal(w.pages, 3);
  for (uint32_t n = 76; n <= 100; n++) assert_true(w.is_seen[n]);
}

static void partners_without_a_time_are_read_to_the_end(void **state) {
  (void)state;
  struct service s = {0};
  struct walk w;
  struct listing_options o = options_with(10, 2);
  o.is_newest_first = o.needs_agreement = true;
  o.since_ms = (EPOCH_S + 75) * INT64_C(1000);
  for (int i = 0; i < 30; i++) create(&s, -1);
  walk(&s, &o, NULL, &w);
  assert_int_equal(w.end, LISTING_DONE);
  assert_int_equal(w.fresh_len, 30);
  assert_int_equal(w.pages, 8);
}

/* ---- agreement ---- */

static void two_passes_agree_on_a_list_that_rests(void **state) {
  (void)state;
  struct service s = {0};
  struct walk w;
  struct listing_options o = options_with(10, 2);
  o.needs_agreement = true;
  fill(&s, 34, 1);
  walk(&s, &o, NULL, &w);
  assert_int_equal(w.end, LISTING_DONE);
  assert_int_equal(w.pages, 10);
  assert_int_equal(w.fresh_len, 34);
}

static void new_partners_do_not_disturb_an_agreement(void **state) {
  (void)state;
  for (int newest_first = 0; newest_first < 2; newest_first++) {
    struct service s = {0};
    struct walk w;
    struct listing_options o = options_with(10, 2);
    o.needs_agreement = true;
    o.is_newest_first = newest_first;
    o.since_ms = (EPOCH_S + 15) * INT64_C(1000);
    fill(&s, 34, 1);
    walk(&s, &o, create_one, &w);
    assert_int_equal(w.end, LISTING_DONE);
  }
}

/* Partner 20 is hidden from the first pass, as by a replica that lags. */
static void hide_and_show(struct service *s, int page) {
  if (page != 4) return;
  for (size_t i = s->len; i > 19; i--) s->partners[i] = s->partners[i - 1];
  s->partners[19] = (struct partner){20, 19};
  s->len++;
}

static void what_a_second_pass_finds_needs_a_third(void **state) {
  (void)state;
  struct service s = {0};
  struct walk w;
  struct listing_options o = options_with(10, 2);
  o.needs_agreement = true;
  fill(&s, 34, 1);
  drop(&s, 19);
  walk(&s, &o, hide_and_show, &w);
  assert_int_equal(w.end, LISTING_DONE);
  assert_true(w.is_seen[20]);
  assert_int_equal(w.pages, 14);
}

static void drop_between_passes(struct service *s, int page) {
  if (page == 4) drop(s, 19);
}

static void what_a_second_pass_misses_needs_a_third(void **state) {
  (void)state;
  struct service s = {0};
  struct walk w;
  struct listing_options o = options_with(10, 2);
  o.needs_agreement = true;
  fill(&s, 34, 1);
  walk(&s, &o, drop_between_passes, &w);
  assert_int_equal(w.end, LISTING_DONE);
  assert_int_equal(w.pages, 13);
}

/* ---- partners of one instant ---- */

static void rows_of_one_instant_in_changing_order_are_never_lost(void **state) {
  (void)state;
  int done = 0;
  for (uint64_t seed = 1; seed <= 60; seed += 4) {
    struct service s = {.seed = seed, .shuffles_ties = true};
    struct walk w;
    struct listing_options o = options_with(400, 40);
    o.passes_max = 30;
    o.partners_max = PARTNERS_MAX;
    o.is_newest_first = seed % 2;
    fill(&s, 1600, 1 + 7 * seed);
    walk(&s, &o, NULL, &w);
    if (w.end == LISTING_DONE) {
      done++;
      if (w.fresh_len != 1600) fail_msg("seed %d: %zu of 1600", (int)seed, w.fresh_len);
    }
  }
  assert_true(done >= 7); /* half a page of one instant can be read, more can not always */
}

static void unrest(struct service *s, int page) {
  (void)page;
  for (int i = 0; i < 2; i++) {
    uint32_t what = draw(s, 8);
    if (what == 0 && s->len > 0) drop(s, draw(s, (uint32_t)s->len));
    if (what == 1 && s->len < PARTNERS_MAX) create(s, 1000 + page);
  }
}

static void who_was_there_all_the_time_is_seen(void **state) {
  (void)state;
  int done = 0;
  for (unsigned seed = 1; seed <= 500; seed++) {
    struct service s = {.seed = seed, .shuffles_ties = seed % 3 == 0};
    struct walk w;
    struct listing_options o = options_with(12, 4);
    o.passes_max = 12;
    o.is_newest_first = seed % 2;
    o.needs_agreement = seed % 5 == 0;
    fill(&s, 80, 1 + seed % 4);
    walk(&s, &o, unrest, &w);
    if (w.end != LISTING_DONE) continue;
    done++;
    for (size_t i = 0; i < s.len; i++) {
      uint32_t number = s.partners[i].number;
      if (number <= 80 && !w.is_seen[number]) fail_msg("seed %u: partner %u", seed, number);
    }
  }
  assert_true(done > 100);
}

/* ---- a service that does not do as it is asked ---- */

static void a_service_that_ignores_skip_is_given_up(void **state) {
  (void)state;
  for (uint32_t overlap = 0; overlap < 3; overlap++) {
    struct service s = {.ignores_skip = true};
    struct walk w;
    struct listing_options o = options_with(10, overlap);
    fill(&s, 50, 1);
    walk(&s, &o, NULL, &w);
    assert_int_equal(w.end, LISTING_FAILED);
    assert_in_range(w.pages, 4, 8);
  }
}

static void an_order_that_was_not_asked_for_is_refused(void **state) {
  (void)state;
  struct service s = {.ignores_sort = true};
  struct walk w;
  struct listing_options o = options_with(10, 2);
  o.is_newest_first = true;
  create(&s, -1); /* says nothing of the order */
  fill(&s, 50, 1);
  walk(&s, &o, NULL, &w);
  assert_int_equal(w.end, LISTING_FAILED);
  assert_non_null(strstr(w.err.message, "not in the order"));
}

static void a_page_longer_than_asked_for_is_refused(void **state) {
  (void)state;
  struct service s = {0};
  struct listing *l;
  struct answer page;
  struct error err;
  size_t len;
  struct answer_options o = {.partners_max = 100, .bytes_max = 4 << 20, .keeps_text = true};
  struct listing_options options = options_with(10, 2);
  fill(&s, 50, 1);
  assert_int_equal(listing_new(&l, &options, &err), 0);
  assert_int_equal(answer_init(&page, &o, &err), 0);
  get(&s, "/partners?take=11&skip=0&sort=asc", &page);
  assert_int_equal(listing_take(l, &page, &err), LISTING_FAILED);
  (void)listing_fresh(l, &len);
  assert_int_equal(len, 0);
  assert_non_null(strstr(err.message, "and 11 came"));
  answer_free(&page);
  listing_free(l);
}

static void more_partners_than_the_limit_are_refused(void **state) {
  (void)state;
  struct service s = {0};
  struct walk w;
  struct listing_options o = options_with(10, 2);
  o.partners_max = 30;
  fill(&s, 50, 1);
  walk(&s, &o, NULL, &w);
  assert_int_equal(w.end, LISTING_FAILED);
  assert_int_equal(w.err.code, ERROR_MEMORY);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_list_that_rests_is_read_once),
      cmocka_unit_test(a_walk_may_begin_further_on),
      cmocka_unit_test(new_partners_shift_no_page_of_a_whole_list),
      cmocka_unit_test(new_partners_shift_the_newest_without_loss),
      cmocka_unit_test(a_partner_that_a_deletion_shifts_away_is_found_by_beginning_anew),
      cmocka_unit_test(a_list_that_never_rests_is_given_up),
      cmocka_unit_test(the_newest_are_read_back_to_a_time),
      cmocka_unit_test(partners_without_a_time_are_read_to_the_end),
      cmocka_unit_test(two_passes_agree_on_a_list_that_rests),
      cmocka_unit_test(new_partners_do_not_disturb_an_agreement),
      cmocka_unit_test(what_a_second_pass_finds_needs_a_third),
      cmocka_unit_test(what_a_second_pass_misses_needs_a_third),
      cmocka_unit_test(rows_of_one_instant_in_changing_order_are_never_lost),
      cmocka_unit_test(who_was_there_all_the_time_is_seen),
      cmocka_unit_test(a_service_that_ignores_skip_is_given_up),
      cmocka_unit_test(an_order_that_was_not_asked_for_is_refused),
      cmocka_unit_test(a_page_longer_than_asked_for_is_refused),
      cmocka_unit_test(more_partners_than_the_limit_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
