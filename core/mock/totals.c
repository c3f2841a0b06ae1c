#include "mock/totals.h"

#include <inttypes.h>
#include <stdio.h>

void totals_begin(struct totals *t, enum method method) {
  t->requests++;
  t->by_method[method]++;
  if (++t->in_flight > t->max_in_flight) t->max_in_flight = t->in_flight;
}

void totals_status(struct totals *t, unsigned status) {
  if (status >= TOTALS_STATUS_MIN && status <= TOTALS_STATUS_MAX)
    t->by_status[status - TOTALS_STATUS_MIN]++;
}

/* Appends "NAME":N, behind a comma where the object has a member already. */
static void put_count(struct buf *b, const char *name, uint64_t n) {
  bool is_first = b->len && b->ptr[b->len - 1] == '{';
  buf_printf(b, "%s\"%s\":%" PRIu64, is_first ? "" : ",", name, n);
}

static void put_statuses(struct buf *b, const struct totals *t) {
  buf_add_text(b, ",\"by_status\":{");
  for (unsigned status = TOTALS_STATUS_MIN; status <= TOTALS_STATUS_MAX; status++) {
    char name[16];
    uint64_t n = t->by_status[status - TOTALS_STATUS_MIN];
    (void)snprintf(name, sizeof name, "%u", status);
    if (n) put_count(b, name, n);
  }
  if (t->resets) put_count(b, "reset", t->resets);
  buf_add_char(b, '}');
}

static void put_methods(struct buf *b, const struct totals *t) {
  buf_add_text(b, ",\"requests_by_method\":{");
  for (int i = 0; i < METHODS; i++)
    if (t->by_method[i]) put_count(b, method_name[i], t->by_method[i]);
  buf_add_char(b, '}');
}

void totals_put(struct buf *b, const struct totals *t, struct totals_store store) {
  buf_add_char(b, '{');
  put_count(b, "requests", t->requests);
  put_methods(b, t);
  put_statuses(b, t);
  put_count(b, "created", t->created);
  put_count(b, "updated", t->updated);
  put_count(b, "unchanged", t->unchanged);
  put_count(b, "deleted", t->deleted);
  put_count(b, "partners", store.partners);
  if (store.twins >= 0) put_count(b, "twins", (uint64_t)store.twins);
  put_count(b, "max_in_flight", t->max_in_flight);
  buf_add_char(b, '}');
}
