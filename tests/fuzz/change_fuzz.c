/* A body is refused with a reason, or its changes are what the store can take; what
 * the store then shows is a body that loads again. */
#include "mock/partners.h"

#include "check.h"

enum { IDS_MAX = 64 };

static void check_changes(const struct changes *c) {
  check(c->len >= 1 && c->len <= CHANGES_MAX);
  for (size_t i = 0; i < c->len; i++)
    for (int f = 0; f < PARTNER_FIELDS; f++) {
      const struct change_text *t = &c->list[i].field[f];
      check((t->state == CHANGE_TEXT) == (t->text.len > 0));
    }
}

static void check_shown(const struct partners *p) {
  struct buf shown = BUF_WITH_LIMIT((size_t)1 << 24);
  struct changes again;
  struct partner_writer w;
  struct error err;
  partner_writer_begin(&w, &shown);
  for (size_t i = 0; i < partners_len(p); i++) {
    struct partner one = partners_get(p, partners_at(p, i));
    partner_write(&w, &one);
  }
  partner_writer_end(&w);
  check(buf_ok(&shown));
  check(changes_parse(&again, CHANGE_LOAD, buf_slice(&shown), &err) == 0);
  check(again.len == partners_len(p));
  changes_free(&again);
  buf_free(&shown);
}

static void apply(struct changes *c) {
  struct uuid ids[IDS_MAX] = {{{0}}};
  uint32_t index[IDS_MAX];
  struct partners_done done = {.index = index};
  struct error err;
  struct partners *p = partners_new(&err);
  if (c->len > IDS_MAX) c->len = IDS_MAX;
  for (size_t i = 0; i < c->len; i++) {
    ids[i].bytes[0] = (uint8_t)(i + 1);
    c->list[i].has_id = false;
  }
  check(partners_apply(p, c->list, c->len, ids, 1000000000, &done, &err) == 0);
  check(done.created == c->len && partners_len(p) == c->len);
  check(partners_twins(p) <= (int64_t)c->len);
  check_shown(p);
  for (size_t i = 0; i < c->len; i++) {
    c->list[i].has_id = true;
    c->list[i].id = ids[i];
  }
  check(partners_apply(p, c->list, c->len, ids, 1000000001, &done, &err) == 0);
  check(done.unchanged == c->len);
  partners_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  static const enum change_kind kinds[] = {CHANGE_UPSERT, CHANGE_CREATE, CHANGE_LOAD};
  struct slice body = {(const char *)data, len};
  struct error err;
  struct ids ids;
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    struct changes c;
    int result = changes_parse(&c, kinds[k], body, &err);
    if (result == 0) check_changes(&c);
    if (result == 0 && kinds[k] == CHANGE_CREATE) apply(&c);
    changes_free(&c);
  }
  if (ids_parse(&ids, body, &err) == 0) check(ids.len >= 1 && ids.len <= CHANGES_MAX);
  ids_free(&ids);
  return 0;
}
