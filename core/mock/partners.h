/* partners.h - what the mock's workspace holds.
 *
 * A partner is a small record and its texts in one growing heap, found by id
 * through a hash table and listed in the order of creation.  It is named by its
 * index, which stays valid: a deleted one keeps its record and only leaves
 * finding and listing.  What changes the store happens whole or not at all. */
#ifndef HOKO_MOCK_PARTNERS_H
#define HOKO_MOCK_PARTNERS_H

#include "mock/change.h"
#include "mock/partner.h"

struct partners;

enum { PARTNERS_MAX = 100000000, PARTNERS_NONE = INT32_MAX };

struct partners *partners_new(struct error *err);
void partners_free(struct partners *p);

/* How many are not deleted. */
size_t partners_len(const struct partners *p);
/* The one at PLACE (below partners_len()) in the order of creation, oldest first. */
uint32_t partners_at(const struct partners *p, size_t place);
/* PARTNERS_NONE: unknown, or deleted. */
uint32_t partners_find(const struct partners *p, const struct uuid *id);
struct partner partners_get(const struct partners *p, uint32_t index);

struct partners_done {
  uint32_t *index; /* of each change's partner, in order; the caller's, of room enough */
  size_t created, updated, unchanged;
};

/* Applies LEN changes at wall time NOW_S: one with an id updates (updatedAt moves
 * even if nothing else does), one without creates with the next of NEW_IDS, of
 * which there are LEN.  -1: an id is unknown or stands twice (ERROR_DATA), a new
 * one is in use, or no memory (ERROR_MEMORY). */
MUST_USE int partners_apply(struct partners *p, const struct change *list, size_t len,
                            const struct uuid *new_ids, int64_t now_s, struct partners_done *done,
                            struct error *err);
/* Deletes partners found by LEN IDS and gives their indexes.  -1: an id is unknown
 * or stands twice.  Takes time in proportion to all partners. */
MUST_USE int partners_delete(struct partners *p, const struct uuid *ids, size_t len,
                             uint32_t *index, struct error *err);
/* Puts the listing in the order of createdAt, for changes that had times of their own. */
void partners_sort(struct partners *p);

/* How many partners have name, email and phone of another one.  -1: no memory. */
int64_t partners_twins(const struct partners *p);

#endif
