#include "mock/query.h"

#include "base/number.h"

enum parameter { ID, TAKE, SKIP, SORT };
static const char *const names[] = {[ID] = "id", [TAKE] = "take", [SKIP] = "skip", [SORT] = "sort"};
enum { PARAMETERS = sizeof names / sizeof *names };

struct query query_default(void) {
  return (struct query){.take = QUERY_TAKE};
}

static int take_sort(struct query *q, struct slice value) {
  q->is_ascending = slice_is(value, "asc");
  return q->is_ascending || slice_is(value, "desc") ? 0 : -1;
}

static int take_id(struct query *q, struct slice value) {
  q->has_id = uuid_parse(value, &q->id);
  return q->has_id ? 0 : -1;
}

static int take_value(struct query *q, enum parameter which, struct slice value) {
  switch (which) {
  case ID: return take_id(q, value);
  case TAKE: return number_int64(value, 1, QUERY_TAKE_MAX, &q->take);
  case SKIP: return number_int64(value, 0, INT64_MAX, &q->skip);
  case SORT: break;
  }
  return take_sort(q, value);
}

/* The reasons repeat nothing of the query: they travel in a header. */
int query_take(struct query *q, struct slice name, struct slice value, struct error *err) {
  unsigned i = 0;
  while (i < PARAMETERS && !slice_is(name, names[i])) i++;
  if (i == PARAMETERS) return error_set(err, ERROR_DATA, "an unknown parameter");
  if (q->seen & 1u << i) return error_set(err, ERROR_DATA, "%s stands twice", names[i]);
  q->seen |= 1u << i;
  if (take_value(q, (enum parameter)i, value) == 0) return 0;
  return error_set(err, ERROR_DATA, "%s has a value out of its range", names[i]);
}
