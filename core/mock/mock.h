/* mock.h - a strict local Hoko, to try things on and to test against.
 *
 * It obeys what is known of the service (keys, scopes, rate, shapes, rows, all or
 * nothing) and refuses what is doubtful, so that a client that passes here does not
 * live on luck; and it misbehaves as told.  One thread; loopback only. */
#ifndef HOKO_MOCK_MOCK_H
#define HOKO_MOCK_MOCK_H

#include "base/buf.h"
#include "base/clock.h"

enum { MOCK_FAULTS_MAX = 64 };

/* Text is as a user wrote it and must outlive the mock; what is NULL or 0 is off. */
struct mock_options {
  uint16_t port;             /* 0: a free one */
  size_t partners;           /* made up at the start; ids as in sample.h */
  int64_t latency_ms;        /* of every answer */
  const char *rate;          /* "100/60s"; NULL: more than anybody asks */
  const char *const *faults; /* "3:status=503"; fault.h lists them */
  size_t faults_len;
  uint64_t seed;           /* of the faults that come by chance */
  const char *key;         /* NULL: any that is not empty */
  const char *scopes;      /* "partnersRead,linksWrite"; NULL: all */
  const char *write_scope; /* that PUT and DELETE need; NULL: partnersWrite or linksWrite */
  const char *refuse;      /* rows with this in their name get 400 */
  const char *data;        /* a file of partners, read at the start, written by mock_save() */
};

struct mock;

/* Listens when it returns. */
struct mock *mock_new(const struct mock_options *options, const struct clock *clock,
                      struct error *err);
void mock_free(struct mock *m);

/* "http://127.0.0.1:PORT/api". */
const char *mock_url(const struct mock *m);
/* Serves until STOP_FD is readable. */
MUST_USE int mock_run(struct mock *m, int stop_fd, struct error *err);
/* Writes options.data, if there is one. */
MUST_USE int mock_save(const struct mock *m, struct error *err);
/* Appends the totals as one JSON object without line end: requests, requests_by_method,
 * by_status ("reset" where there was no answer), created, updated, unchanged, deleted,
 * partners, twins (those with name, email and phone of another), max_in_flight. */
void mock_put_totals(struct buf *b, const struct mock *m);

#endif
