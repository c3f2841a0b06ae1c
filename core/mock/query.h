/* query.h - what GET /partners asks for.  Pure. */
#ifndef HOKO_MOCK_QUERY_H
#define HOKO_MOCK_QUERY_H

#include "base/error.h"
#include "base/uuid.h"

enum { QUERY_TAKE = 50, QUERY_TAKE_MAX = 10000 };

struct query {
  bool has_id;
  struct uuid id;
  int64_t take, skip;
  bool is_ascending;
  unsigned seen; /* private */
};

/* Every parameter at its default. */
struct query query_default(void);
/* Takes one parameter.  -1: unknown, a second time, or a value out of its range. */
MUST_USE int query_take(struct query *q, struct slice name, struct slice value, struct error *err);

#endif
