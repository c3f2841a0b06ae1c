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

/* How the processes that use one workspace keep its limit together. */
struct net_share {
  void *user;
  /* Lets APPLY change the record of net_share_size() bytes, all 0 at first, while no
   * other process can, and keeps it if APPLY says that it changed.  -1: it could not.
   * Called a few times a request, so it is to cost microseconds. */
  int (*change)(void *user, bool (*apply)(void *arg, void *record), void *arg);
  /* Where they are on several machines: how far the clock of the record is ahead of the
   * own monotonic one, and a negative number for this process; else 0. */
  int64_t ahead_ns, member;
};

/* What is 0 or NULL takes the default.  Texts and key are read by net_open() only. */
struct net_options {
  const char *base_url;     /* "https://hoko.to/api"; http only to a loopback address */
  const struct secret *key; /* bound to that origin (secret.h); NULL: requests carry none */
  const char *proxy;        /* NULL: none, whatever the environment says */
  const char *ca_file;      /* NULL: the system's */
  int concurrency;          /* requests under way at most, up to NET_CONCURRENCY_MAX; default 1 */
  int requests_per_minute;  /* a ceiling; 0: only what the server shows */
  struct net_share share;   /* change NULL: what is learnt is this net's alone */
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

/* Bytes of the record that net_share shares. */
size_t net_share_size(void);

/* "libcurl/7.88.1 OpenSSL/3.0.19 …" */
const char *net_version(void);

#endif
