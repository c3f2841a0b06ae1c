#include "mock/work.h"
#include "mock/normal.h"

#include "base/random.h"

static int list_one(struct work *w, const struct uuid *id, struct error *err) {
  uint32_t index = partners_find(w->partners, id);
  if (index == PARTNERS_NONE) return error_set(err, ERROR_DATA, "an unknown id");
  w->index[w->len++] = index;
  return 0;
}

int work_list(struct work *w, const struct query *query, struct error *err) {
  size_t all = partners_len(w->partners);
  w->len = 0;
  if (query->has_id) return list_one(w, &query->id, err);
  if ((uint64_t)query->skip >= all) return 0;
  size_t left = all - (size_t)query->skip;
  size_t take = left < (size_t)query->take ? left : (size_t)query->take;
  for (size_t i = 0; i < take; i++) {
    size_t place = (size_t)query->skip + i;
    w->index[w->len++] = partners_at(w->partners, query->is_ascending ? place : all - 1 - place);
  }
  return 0;
}

static int check_refused(const struct work *w, const struct changes *c, struct error *err) {
  size_t len = w->refuse ? strlen(w->refuse) : 0;
  for (size_t i = 0; len && i < c->len; i++) {
    struct slice name = c->list[i].field[PARTNER_NAME].text;
    if (name.len && memmem(name.ptr, name.len, w->refuse, len))
      return error_set(err, ERROR_DATA, "row %zu: its name is refused", i + 1);
  }
  return 0;
}

static int apply(struct work *w, const struct changes *c, size_t len, int64_t now_s,
                 struct error *err) {
  struct partners_done done = {.index = w->index};
  random_bytes(w->new_ids, len * sizeof *w->new_ids);
  for (size_t i = 0; i < len; i++) w->new_ids[i] = uuid_from_random(w->new_ids[i].bytes);
  if (partners_apply(w->partners, c->list, len, w->new_ids, now_s, &done, err) < 0) return -1;
  w->len = len;
  w->totals->created += done.created;
  w->totals->updated += done.updated;
  w->totals->unchanged += done.unchanged;
  return 0;
}

static int refuse_half(size_t len, struct error *err) {
  return error_set(err, ERROR_DATA, "a fault: %zu rows are applied", len);
}

int work_write(struct work *w, enum change_kind kind, struct slice body,
               const struct fault_set *faults, int64_t now_s, struct error *err) {
  int result = -1;
  struct changes c = {0};
  struct buf folded = {0};
  w->len = 0;
  if (changes_parse(&c, kind, body, err) < 0 || check_refused(w, &c, err) < 0) goto out;
  if (faults->of[FAULT_TRIM]) normal_trim(c.list, c.len);
  if (faults->of[FAULT_FOLD] && normal_fold(c.list, c.len, &folded, err) < 0) goto out;
  size_t len = faults->of[FAULT_PARTIAL] ? c.len / 2 : c.len;
  if (apply(w, &c, len, now_s, err) < 0) goto out;
  result = faults->of[FAULT_PARTIAL] ? refuse_half(len, err) : 0;
out:
  buf_free(&folded);
  changes_free(&c);
  return result;
}

int work_delete(struct work *w, struct slice body, const struct fault_set *faults,
                struct error *err) {
  int result = -1;
  struct ids ids;
  w->len = 0;
  if (ids_parse(&ids, body, err) < 0) goto out;
  size_t len = faults->of[FAULT_PARTIAL] ? ids.len / 2 : ids.len;
  if (partners_delete(w->partners, ids.list, len, w->index, err) < 0) goto out;
  w->len = len;
  w->totals->deleted += len;
  result = faults->of[FAULT_PARTIAL] ? refuse_half(len, err) : 0;
out:
  ids_free(&ids);
  return result;
}
