/* work.h - what was asked of partners, done whole or not at all. */
#ifndef HOKO_MOCK_WORK_H
#define HOKO_MOCK_WORK_H

#include "mock/fault.h"
#include "mock/partners.h"
#include "mock/query.h"
#include "mock/totals.h"

struct work {
  struct partners *partners;
  struct totals *totals;
  const char *refuse; /* a name that contains it is refused; NULL: none is */
  /* What the last call named, in the order of the request; one place is spare. */
  uint32_t index[CHANGES_MAX + 1];
  size_t len;
  struct uuid new_ids[CHANGES_MAX]; /* private */
};

/* All: -1 is a refusal (ERROR_DATA) or a lack of memory (ERROR_MEMORY), and nothing
 * is done.  Only FAULT_PARTIAL of FAULTS does half and refuses then. */
MUST_USE int work_list(struct work *w, const struct query *query, struct error *err);
MUST_USE int work_write(struct work *w, enum change_kind kind, struct slice body,
                        const struct fault_set *faults, int64_t now_s, struct error *err);
MUST_USE int work_delete(struct work *w, struct slice body, const struct fault_set *faults,
                         struct error *err);

#endif
