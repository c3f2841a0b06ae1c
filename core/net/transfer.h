/* transfer.h - one exchange at a time on one libcurl handle, which is kept for the
 * next.  I/O thread only, but for transfer_new() and transfer_free(). */
#ifndef HOKO_NET_TRANSFER_H
#define HOKO_NET_TRANSFER_H

#include "net/net.h"

#include <curl/curl.h>

/* What all transfers of one engine share; it outlives them. */
struct transfer_shared {
  const char *base_url; /* without a slash at its end */
  const char *origin;
  const char *proxy, *ca_file;
  struct curl_slist *with_body, *without; /* header lines of requests */
  int64_t connect_timeout_ms, stall_timeout_ms, total_timeout_ms;
  const struct clock *clock;
};

struct transfer;

/* NULL: no memory. */
struct transfer *transfer_new(const struct transfer_shared *shared);
void transfer_free(struct transfer *t);

/* Makes T ready to perform E; -1: E is ended, with its error set. */
MUST_USE int transfer_begin(struct transfer *t, struct exchange *e);
/* Fills in what came of it, after libcurl is done with T; gives the exchange back. */
struct exchange *transfer_end(struct transfer *t, CURLcode code);
struct exchange *transfer_cancelled(struct transfer *t);

/* NULL: idle. */
struct exchange *transfer_exchange(const struct transfer *t);
CURL *transfer_easy(const struct transfer *t);
struct transfer *transfer_of(CURL *easy);

#endif
