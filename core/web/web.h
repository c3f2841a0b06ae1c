/* web.h - a small HTTP/1.1 server's face, inside its caller's loop.
 *
 * For the mock, and for the metrics and pages of serve.  One thread owns a struct
 * web: it polls web_fd() for reading, for web_timeout_ms() at most, and calls
 * web_run(), within which the callbacks run.  A callback answers at once; an
 * answer may be told to leave later.
 *
 * What a request's slices point to lives from begin() to end(), its body until
 * answer() is left. */
#ifndef HOKO_WEB_WEB_H
#define HOKO_WEB_WEB_H

#include "base/buf.h"
#include "base/clock.h"

struct web;

struct web_field {
  struct slice name, value;
};

enum { WEB_ARGS_MAX = 16, WEB_HEADERS_MAX = 16, WEB_HEADER_SIZE = 256 };

struct web_request {
  struct slice method, path;           /* path: decoded, without the query */
  struct web_field args[WEB_ARGS_MAX]; /* of the query, decoded, in its order */
  size_t args_len;
  bool has_more_args;     /* than WEB_ARGS_MAX */
  struct buf body;        /* whole in answer(), which may take it away */
  bool is_body_too_large; /* the body passed body_max and was dropped */
  void *user;             /* the callbacks' own, NULL at begin() */
};

/* The value of header NAME (any letter case), empty where there is none. */
struct slice web_request_header(const struct web_request *r, const char *name);

/* What becomes of the connection, for servers that misbehave on purpose. */
enum web_way {
  WEB_WHOLE,      /* the answer, then the next request */
  WEB_RESET,      /* no answer, a TCP reset */
  WEB_CUT,        /* half of the body that the head promised, then a close */
  WEB_RESET_HALF, /* half of the body, then a TCP reset */
  WEB_PAUSE,      /* half of the body, the rest after pause_ms */
  WEB_DROP,       /* the answer, then a close that no header told */
};

struct web_answer {
  unsigned status; /* 200 at first */
  struct buf body; /* filled by the callback, freed by web */
  struct {
    const char *name; /* a constant, or alive until answer() is left */
    char value[WEB_HEADER_SIZE];
  } headers[WEB_HEADERS_MAX];
  size_t headers_len;
  int64_t delay_ms;    /* the answer leaves so much later */
  uint64_t spaces_len; /* so many spaces go before the body */
  bool is_chunked;
  enum web_way way;
  int64_t pause_ms;
};

/* Sets header NAME (any letter case) to a value, cut at WEB_HEADER_SIZE - 1.  More than
 * WEB_HEADERS_MAX of them are a mistake of ours. */
void web_answer_header(struct web_answer *a, const char *name, const char *format, ...)
    PRINTF_LIKE(3, 4);

struct web_callbacks {
  /* The head is there.  false: the connection is reset, nothing more is read. */
  bool (*begin)(void *user, struct web_request *r);
  /* Head and body are there: fill in A. */
  void (*answer)(void *user, struct web_request *r, struct web_answer *a);
  /* The request is over, answered or lost.  Not called after begin() was false. */
  void (*end)(void *user, struct web_request *r);
  void *user;
};

struct web_options {
  const char *address; /* numeric: "127.0.0.1", "::1" */
  uint16_t port;       /* 0: a free one */
  size_t body_max;     /* of a request, in bytes */
  size_t answer_max;   /* of an answer's body */
};

struct web *web_new(const struct web_options *options, const struct web_callbacks *callbacks,
                    const struct clock *clock, struct error *err);
/* Closes all connections; requests under way end. */
void web_free(struct web *w);

uint16_t web_port(const struct web *w);
int web_fd(const struct web *w);
/* For poll(2): -1 when nothing is due by itself. */
int web_timeout_ms(const struct web *w);
MUST_USE int web_run(struct web *w, struct error *err);

/* Of libmicrohttpd. */
const char *web_version(void);

#endif
