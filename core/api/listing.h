/* listing.h - the walk over GET /partners: which page to ask for next, and what it adds.
 *
 * Pure: (listing, page) → listing; who drives it does the requests.  Pages are taken
 * by skip, and skip moves while partners come and go, so pages overlap and are joined
 * by id.  Where a page does not hold the last rows of the one before, the pass begins
 * anew.  Partners of one instant have no order that is promised, so an overlap covers
 * all of them that a page ends with, where they are a quarter of it at most.  Where one
 * is missing from an overlap, the order does change: the pass begins anew with overlaps
 * of up to half a page, and two passes must agree.
 *
 * A pass proves that an id exists.  That one does not is proved by two passes in a row
 * that agree: the second shows all ids that the first did, and no other that is as old.
 *
 * Memory: about 60 bytes a partner seen. */
#ifndef HOKO_API_LISTING_H
#define HOKO_API_LISTING_H

#include "api/answer.h"

#define LISTING_ALL_TIME INT64_MIN

enum { LISTING_PAGE_MAX = 10000 };

struct listing_options {
  bool is_newest_first;  /* else oldest first, so that new partners shift no page */
  int64_t since_ms;      /* newest first only: goes back to partners created then, by the
                            server's clock, or LISTING_ALL_TIME */
  uint64_t skip;         /* of the first page */
  uint32_t page_rows;    /* 1 to LISTING_PAGE_MAX */
  uint32_t overlap_rows; /* at least; below page_rows, a tenth of it is good */
  bool needs_agreement;  /* two passes in a row that agree */
  unsigned passes_max;   /* begun, whole or not */
  size_t partners_max;
  struct hash_key key;
};

struct listing;

MUST_USE int listing_new(struct listing **out, const struct listing_options *options,
                         struct error *err);
void listing_free(struct listing *l);

/* What to GET: "/partners?take=…".  Valid until the next listing_take(). */
const char *listing_target(const struct listing *l);

enum listing_step {
  LISTING_ASK, /* for the next target */
  LISTING_DONE,
  LISTING_FAILED, /* *err tells */
};
/* PAGE: the whole answer to the target, its text kept. */
enum listing_step listing_take(struct listing *l, const struct answer *page, struct error *err);

/* The partners of that page which no page before showed, in any pass: their indices. */
const uint32_t *listing_fresh(const struct listing *l, size_t *len);
/* Whether the present pass, or the last one, showed ID. */
bool listing_has(const struct listing *l, const struct uuid *id);
/* Whether ID, of a page taken, was created since since_ms, or does not say when. */
bool listing_is_recent(const struct listing *l, const struct uuid *id);

#endif
