/* fetch.h - requests of scripts to other services: any server of a reach, the answer in
 * pieces, so that one of any size needs no more memory than a small one.
 *
 * A fetcher runs libcurl on an I/O thread of its own; all functions here are the main
 * thread's.  A fetch has its turns: it is the I/O thread's from fetcher_submit() or
 * fetcher_pull() until fetcher_take() gives it back with a piece or its end, and
 * nothing may ask it then; while it is the caller's the server has to wait.  Redirects
 * are not followed and nothing is sent twice, but for a request of a safe method that a
 * kept connection lost.  TLS is always verified; no proxy, no cookies. */
#ifndef HOKO_NET_FETCH_H
#define HOKO_NET_FETCH_H

#include "base/buf.h"
#include "base/clock.h"

#include <stdint.h>

enum {
  FETCH_PIECE_MAX = 256 << 10,
  FETCH_HEAD_MAX = 256 << 10,
  FETCHES_MAX = 9, /* of one fetcher at a time */
};

struct fetch;
struct fetcher;
struct reach;
struct secret;

/* All of it is read by fetch_new() only, but REACH and CLOCK, which are kept. */
struct fetch_request {
  struct slice method;  /* upper-case letters */
  struct slice url;     /* http or https, its server in REACH */
  struct slice headers; /* lines "Name: value", each ended by a line feed */
  struct slice body;
  const struct secret *key; /* goes to its own origin only; NULL: none */
  const struct reach *reach;
  int64_t timeout_ms; /* of the whole answer; of a stream, of any wait for more of it */
  bool is_stream;
  const struct clock *clock;
};

/* While a fetcher runs.  NULL: ERROR_USAGE for what cannot be sent, ERROR_DENIED for a
 * server that is not in the reach, ERROR_AUTH for a key of another origin, ERROR_MEMORY. */
struct fetch *fetch_new(const struct fetch_request *request, struct error *err);
/* Of one that was never submitted. */
void fetch_free(struct fetch *f);

/* What came so far: 0 while no head has. */
int fetch_status(const struct fetch *f);
/* Its lines as they came, without the status line. */
struct slice fetch_head(const struct fetch *f);
/* What its Retry-After asks for; -1: nothing. */
int64_t fetch_retry_after_ms(const struct fetch *f);
/* The piece that came last; valid until the next turn. */
struct slice fetch_piece(const struct fetch *f);
/* Whether that piece is the last. */
bool fetch_is_ended(const struct fetch *f);
/* NULL unless it failed: ERROR_UNREACHABLE, ERROR_DENIED (an address), ERROR_MEMORY. */
const struct error *fetch_error(const struct fetch *f);

MUST_USE int fetcher_start(struct fetcher **out, struct error *err);
/* Ends what is under way and frees all that was submitted. */
void fetcher_stop(struct fetcher *g);
/* Fewer than FETCHES_MAX must be there. */
void fetcher_submit(struct fetcher *g, struct fetch *f);
/* The next piece of one that is not ended. */
void fetcher_pull(struct fetcher *g, struct fetch *f);
/* Ends F, which was submitted, and frees it. */
void fetcher_drop(struct fetcher *g, struct fetch *f);
/* One whose turn is over, or NULL. */
struct fetch *fetcher_take(struct fetcher *g);
/* Readable when fetcher_take() may give something. */
int fetcher_fd(const struct fetcher *g);

#endif
