/* headers.h - the head of an answer, line by line: what of it counts for us.
 *
 * Pure but for HTTP dates, which libcurl reads. */
#ifndef HOKO_NET_HEADERS_H
#define HOKO_NET_HEADERS_H

#include "net/transport.h"

struct headers {
  int status; /* 0: no head yet */
  bool is_ended;
  struct exchange_limits limits;
  int64_t retry_at_ms; /* Retry-After as a date; 0: none */
  char content_type[64], location[256];
};

void headers_reset(struct headers *h);
/* A line, with its line end or without.  A status line begins a new head, an empty one
 * ends it; what comes behind that (trailers) is ignored.  NOW_MS, wall clock, stands in
 * for a Date that the head does not have. */
void headers_line(struct headers *h, struct slice line, int64_t now_ms);

#endif
