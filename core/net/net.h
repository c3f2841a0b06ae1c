/* net.h - requests to one server: the real transport.
 *
 * The main thread submits exchanges and takes them back (transport.h); when the
 * next one may leave is the limiter's to say.  libcurl runs on one I/O thread of
 * its own, keeps connections alive and decodes nothing but gzip.  A redirect is
 * never followed, TLS is always verified, and no exchange that is_once is ever
 * sent twice.  All functions are called on the main thread; a process may have
 * several nets. */
#ifndef HOKO_NET_NET_H
#define HOKO_NET_NET_H

#include "base/clock.h"
#include "net/transport.h"

struct secret;

enum {
  NET_CONCURRENCY_MAX = 64,
  NET_CONNECT_TIMEOUT_MS = 10 * 1000,
  NET_STALL_TIMEOUT_MS = 60 * 1000,
  NET_TOTAL_TIMEOUT_MS = 300 * 1000,
};

/* What is 0 or NULL takes the default.  Texts and key are read by net_open() only. */
struct net_options {
  const char *base_url;     /* "https://hoko.to/api"; http only to a loopback address */
  const struct secret *key; /* bound to that origin (secret.h); NULL: requests carry none */
  const char *proxy;        /* NULL: none, whatever the environment says */
  const char *ca_file;      /* NULL: the system's */
  int concurrency;          /* requests under way at most, up to NET_CONCURRENCY_MAX; default 1 */
  int requests_per_minute;  /* a ceiling; 0: only what the server shows */
  int64_t give_up_ms; /* the longest wait that the server's word is taken for; default 15 min */
  int64_t connect_timeout_ms;
  int64_t stall_timeout_ms;  /* less than a byte a second for so long; whole seconds */
  int64_t total_timeout_ms;  /* of one exchange */
  const struct clock *clock; /* kept; default clock_real */
};

struct net;

/* -1: ERROR_USAGE for the URL, ERROR_AUTH for a key of another origin (nothing was
 * sent), ERROR_MEMORY. */
MUST_USE int net_open(struct net **out, const struct net_options *options, struct error *err);
/* Ends what is under way.  Exchanges not taken by then are the caller's again. */
void net_close(struct net *n);

struct transport *net_transport(struct net *n);
/* Readable when transport_next() may give something. */
int net_fd(const struct net *n);

enum net_wait {
  NET_WAIT_NONE,
  NET_WAIT_TOLD,    /* a 429 told to wait */
  NET_WAIT_QUOTA,   /* X-RateLimit-Remaining is used up or nearly so */
  NET_WAIT_CEILING, /* requests_per_minute */
};

/* For progress and reports. */
struct net_limits {
  enum net_wait why;
  int64_t closed_until_mono_ns; /* 0 unless WHY */
  int64_t waited_ms;            /* in all, while something was to be sent */
  int under_way, under_way_max; /* the latter as the limiter has it now */
  double limit, remaining;      /* as last shown; -1: never */
};
struct net_limits net_limits(const struct net *n);

/* What all processes that share a workspace should know of its limit, wall clock. */
struct net_budget {
  int64_t closed_until_ms; /* no request before */
  int64_t reset_at_ms;     /* when REMAINING is renewed; 0: not known */
  int64_t seen_at_ms;      /* when LIMIT and REMAINING were shown; 0: never */
  int64_t limit, remaining;
};
struct net_budget net_budget(const struct net *n);
/* Obeys what another process learnt. */
void net_learn(struct net *n, const struct net_budget *b);

/* "libcurl/7.88.1 OpenSSL/3.0.19 …" */
const char *net_version(void);

#endif
