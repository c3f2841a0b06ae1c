/* service.h - the mock's Hoko: a request in, an answer out.
 *
 * Its callbacks are web's; it owns no socket and no loop.  Requests outside /api are
 * the mock's own: GET /mock/stats and GET /mock/partners, for tests. */
#ifndef HOKO_MOCK_SERVICE_H
#define HOKO_MOCK_SERVICE_H

#include "mock/fault.h"
#include "mock/partners.h"
#include "mock/quota.h"

#include "web/web.h"

struct service_options {
  const char *key;       /* NULL: any */
  unsigned scopes;       /* that the key has */
  unsigned write_scopes; /* of which PUT and DELETE need one */
  const char *refuse;    /* rows whose name contains it; NULL: none */
  struct quota_rate rate;
  const struct fault *faults;
  size_t faults_len;
  uint64_t seed;
  int64_t latency_ms;
};

struct service;

/* Borrows all of OPTIONS, PARTNERS and CLOCK. */
struct service *service_new(const struct service_options *options, struct partners *partners,
                            const struct clock *clock, struct error *err);
void service_free(struct service *s);

struct web_callbacks service_callbacks(struct service *s);

/* For poll(2), as web_timeout_ms(): when service_run() has something to do. */
int service_timeout_ms(const struct service *s);
/* Applies what FAULT_LATE put off until now. */
void service_run(struct service *s);

/* Appends the totals as one JSON object. */
void service_put_totals(struct buf *b, const struct service *s);

#endif
