/* http_call.h - hoko.http: requests of the script to other services, and their answers
 * in pieces.
 *
 * The worker waits for each piece, so one is asked for at a time; answers that it has
 * not read to the end stay open, up to HTTP_OPEN_MAX.  What a request may reach is the
 * job's list (net/reach.h); keys come from the keystore by name, are attached here for
 * their own origin only, and no answer tells them. */
#ifndef HOKO_HOST_HTTP_CALL_H
#define HOKO_HOST_HTTP_CALL_H

#include "bridge/message.h"
#include "host/host.h"
#include "net/fetch.h"

enum { HTTP_OPEN_MAX = 8, HTTP_KEYS_MAX = 16 };

struct http_key {
  char name[KEYSTORE_NAME_SIZE];
  struct secret *key;
};

struct http_calls {
  struct fetcher *fetcher; /* NULL until the first request */
  struct reach *reach;
  struct fetch *open[HTTP_OPEN_MAX]; /* stream N is at N - 1 */
  int asked;                         /* stream whose piece the worker waits for; 0 */
  bool is_delayed;                   /* its request has not left yet */
  int64_t not_before_ns;
  struct http_key keys[HTTP_KEYS_MAX];
  size_t keys_len;
};

/* *c is zero.  -1: the job's list has a word that is no server. */
MUST_USE int http_calls_open(struct http_calls *c, const struct job *job, struct error *err);
/* The worker waits from here on until http_calls_step() has its answer.  -1: none will
 * come, *err tells; ERROR_AUTH, when the key may not be used or had. */
MUST_USE int http_calls_ask(struct http_calls *c, const struct job *job, const struct message *m,
                            struct error *err);
MUST_USE int http_calls_pull(struct http_calls *c, int64_t stream, struct error *err);
void http_calls_drop(struct http_calls *c, int64_t stream);

/* Nothing is waited for any more; answers that are open are closed, unless the request had
 * not left. */
void http_calls_cancel(struct http_calls *c);

/* true: *answer is what the worker waits for, its texts valid until the next call. */
bool http_calls_step(struct http_calls *c, int64_t now_ns, struct message *answer);
/* Monotonic; INT64_MAX: only http_calls_fd() tells. */
int64_t http_calls_wake_at(const struct http_calls *c);
/* Readable when a step may have an answer; -1: no request was made yet. */
int http_calls_fd(const struct http_calls *c);
void http_calls_free(struct http_calls *c);

#endif
