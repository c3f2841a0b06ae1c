/* access.h - who may do what: key and scopes.  Pure. */
#ifndef HOKO_MOCK_ACCESS_H
#define HOKO_MOCK_ACCESS_H

#include "mock/method.h"

#include "base/buf.h"

enum scope {
  SCOPE_PARTNERS_READ = 1 << 0,
  SCOPE_PARTNERS_WRITE = 1 << 1,
  SCOPE_LINKS_READ = 1 << 2,
  SCOPE_LINKS_WRITE = 1 << 3,
  SCOPE_COLLECTIONS_READ = 1 << 4,
  SCOPE_COLLECTIONS_WRITE = 1 << 5,
  SCOPE_TAGS_READ = 1 << 6,
  SCOPE_TAGS_WRITE = 1 << 7,
  SCOPE_CUSTOMERS_READ = 1 << 8,
  SCOPE_CUSTOMERS_WRITE = 1 << 9,
  SCOPE_ANALYTICS_READ = 1 << 10,
  SCOPE_CONVERSIONS_WRITE = 1 << 11,
  SCOPES_ALL = (1 << 12) - 1,
};

/* "partnersRead,linksWrite" as a set. */
MUST_USE int access_scopes_parse(struct slice s, unsigned *scopes, struct error *err);

/* Whether AUTHORIZATION ("Bearer KEY", or KEY alone) carries KEY, or, where KEY is
 * NULL, any key at all. */
bool access_has_key(struct slice authorization, const char *key);

/* The scopes of which METHOD on partners needs any one; 0: it is none of partners'.  PUT and
 * DELETE need what EITHER says, since Hoko's pages disagree on them. */
unsigned access_needed(enum method method, unsigned either);

/* Appends the names of SCOPES as a JSON array. */
void access_put_scopes(struct buf *b, unsigned scopes);

#endif
