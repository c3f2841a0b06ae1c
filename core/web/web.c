/* web.c - libmicrohttpd behind web.h.
 *
 * The library never sends a wrong answer by itself, but its hooks suffice for it:
 * a body reader that ends with an error cuts the answer short, suspending a
 * connection delays it, and connect(2) to AF_UNSPEC on the library's own socket
 * makes Linux send a reset at once (tcp_disconnect), after which the library
 * closes a socket that has nothing left to say.  SO_LINGER would not do: the
 * library calls shutdown(2) before close(2), so a FIN would go first. */
#include "web/web.h"
#include "web/listen.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  CONNECTION_MEMORY = 256 << 10, /* bodies arrive in pieces of about this size */
  CONNECTIONS_MAX = 4096,
  READ_BLOCK = 64 << 10,
  BODY_RESERVE_MAX = 8 << 20, /* of what a head promises, this much is taken on trust */
};

struct exchange {
  struct web_request request; /* first: web_request_header() goes back from it */
  struct web *web;
  struct MHD_Connection *connection;
  struct MHD_Response *response; /* from answer() until it is queued */
  struct web_answer answer;
  bool is_answered, is_paused;
  int64_t due_ns; /* while waiting */
  struct exchange *next_waiting;
};

struct web {
  struct MHD_Daemon *daemon;
  struct web_callbacks callbacks;
  struct web_options options;
  const struct clock *clock;
  struct exchange *waiting; /* suspended, in no order */
  uint16_t port;
};

/* Requests */

struct slice web_request_header(const struct web_request *r, const char *name) {
  const struct exchange *x = (const struct exchange *)r;
  const char *value = NULL;
  size_t len = 0;
  (void)MHD_lookup_connection_value_n(x->connection, MHD_HEADER_KIND, name, strlen(name), &value,
                                      &len); /* none: value stays NULL */
  return (struct slice){value, value ? len : 0};
}

static enum MHD_Result take_arg(void *user, enum MHD_ValueKind kind, const char *name,
                                size_t name_len, const char *value, size_t value_len) {
  struct web_request *r = user;
  (void)kind; /* only the query is asked for */
  if (r->args_len == WEB_ARGS_MAX) {
    r->has_more_args = true;
    return MHD_NO;
  }
  r->args[r->args_len++] = (struct web_field){{name, name_len}, {value, value ? value_len : 0}};
  return MHD_YES;
}

static void reserve_body(struct web_request *r) {
  struct slice length = web_request_header(r, "Content-Length");
  size_t promised = 0;
  for (size_t i = 0; i < length.len && promised < BODY_RESERVE_MAX; i++)
    promised = promised * 10 + (size_t)(length.ptr[i] & 15); /* checked by the library */
  if (promised > BODY_RESERVE_MAX) promised = BODY_RESERVE_MAX;
  if (promised <= r->body.limit) (void)buf_room(&r->body, promised); /* adding will tell */
}

static struct exchange *exchange_new(struct web *w, struct MHD_Connection *connection,
                                     const char *method, const char *path) {
  struct exchange *x = calloc(1, sizeof *x);
  if (!x) return NULL;
  x->web = w;
  x->connection = connection;
  x->request.method = slice_of(method);
  x->request.path = slice_of(path);
  x->request.body = BUF_WITH_LIMIT(w->options.body_max);
  x->answer = (struct web_answer){.status = 200, .body = BUF_WITH_LIMIT(w->options.answer_max)};
  (void)MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, take_arg, &x->request);
  return x;
}

static void exchange_free(struct exchange *x) {
  if (x->response) MHD_destroy_response(x->response);
  buf_free(&x->request.body);
  buf_free(&x->answer.body);
  free(x);
}

/* Answers */

void web_answer_header(struct web_answer *a, const char *name, const char *format, ...) {
  va_list args;
  size_t i = 0;
  while (i < a->headers_len && strcasecmp(a->headers[i].name, name) != 0) i++;
  assert(i < WEB_HEADERS_MAX);
  if (i == a->headers_len) a->headers_len++;
  a->headers[i].name = name;
  va_start(args, format);
  (void)vsnprintf(a->headers[i].value, WEB_HEADER_SIZE, format, args);
  va_end(args);
}

static int socket_of(struct MHD_Connection *connection) {
  return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

static void reset_connection(struct MHD_Connection *connection) {
  const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
  (void)connect(socket_of(connection), &nowhere, sizeof nowhere); /* gone already: as wished */
}

static void wait_until(struct exchange *x, int64_t delay_ms) {
  x->due_ns = clock_mono_ns(x->web->clock) + delay_ms * 1000000;
  x->next_waiting = x->web->waiting;
  x->web->waiting = x;
  MHD_suspend_connection(x->connection);
}

/* How far the body may be read before x->answer.way decides. */
static uint64_t half_of(const struct exchange *x) {
  return x->answer.spaces_len + x->answer.body.len / 2;
}

static ssize_t stop_half(struct exchange *x) {
  if (x->answer.way != WEB_PAUSE) {
    if (x->answer.way == WEB_RESET_HALF) reset_connection(x->connection);
    return MHD_CONTENT_READER_END_WITH_ERROR;
  }
  x->is_paused = true;
  wait_until(x, x->answer.pause_ms);
  return 0;
}

static bool has_half(const struct exchange *x) {
  switch (x->answer.way) {
  case WEB_CUT:
  case WEB_RESET_HALF: return true;
  case WEB_PAUSE: return !x->is_paused;
  case WEB_WHOLE:
  case WEB_RESET:
  case WEB_DROP: break;
  }
  return false;
}

/* The body as the library asks for it: spaces, then the bytes. */
static ssize_t read_body(void *user, uint64_t pos, char *to, size_t max) {
  struct exchange *x = user;
  const struct web_answer *a = &x->answer;
  uint64_t end = has_half(x) ? half_of(x) : a->spaces_len + a->body.len;
  if (pos >= end) return has_half(x) ? stop_half(x) : MHD_CONTENT_READER_END_OF_STREAM;
  if (pos < a->spaces_len && end > a->spaces_len) end = a->spaces_len;
  size_t len = end - pos < max ? (size_t)(end - pos) : max;
  if (pos < a->spaces_len)
    memset(to, ' ', len);
  else
    memcpy(to, a->body.ptr + (pos - a->spaces_len), len);
  return (ssize_t)len;
}

static struct MHD_Response *make_response(struct exchange *x) {
  struct web_answer *a = &x->answer;
  bool is_plain = !a->spaces_len && !a->is_chunked && !has_half(x);
  struct MHD_Response *made =
      is_plain ? MHD_create_response_from_buffer(a->body.len, a->body.ptr, MHD_RESPMEM_PERSISTENT)
               : MHD_create_response_from_callback(a->is_chunked ? MHD_SIZE_UNKNOWN
                                                                 : a->spaces_len + a->body.len,
                                                   READ_BLOCK, read_body, x, NULL);
  for (size_t i = 0; made && i < a->headers_len; i++)
    if (MHD_add_response_header(made, a->headers[i].name, a->headers[i].value) != MHD_YES) {
      MHD_destroy_response(made);
      made = NULL;
    }
  return made;
}

static enum MHD_Result send_answer(struct exchange *x) {
  if (x->answer.way == WEB_RESET) {
    reset_connection(x->connection);
    return MHD_NO;
  }
  enum MHD_Result queued = MHD_queue_response(x->connection, x->answer.status, x->response);
  MHD_destroy_response(x->response); /* the library keeps a reference of its own */
  x->response = NULL;
  return queued;
}

static enum MHD_Result answer(struct exchange *x) {
  x->is_answered = true;
  x->web->callbacks.answer(x->web->callbacks.user, &x->request, &x->answer);
  buf_free(&x->request.body);
  if (!buf_ok(&x->answer.body)) { /* too long or no memory: the head must not promise it */
    buf_free(&x->answer.body);
    x->answer.status = 500;
  }
  x->response = make_response(x);
  if (!x->response) return MHD_NO;
  if (x->answer.delay_ms <= 0) return send_answer(x);
  wait_until(x, x->answer.delay_ms);
  return MHD_YES;
}

/* The library's hooks */

static enum MHD_Result begin(struct web *w, struct MHD_Connection *connection, const char *method,
                             const char *path, void **state) {
  struct exchange *x = exchange_new(w, connection, method, path);
  if (!x) return MHD_NO;
  if (!w->callbacks.begin(w->callbacks.user, &x->request)) {
    reset_connection(connection);
    exchange_free(x);
    return MHD_NO;
  }
  reserve_body(&x->request);
  *state = x;
  return MHD_YES;
}

static void take_body(struct web_request *r, const char *bytes, size_t len) {
  if (r->is_body_too_large) return;
  buf_add(&r->body, bytes, len);
  if (buf_ok(&r->body)) return;
  r->is_body_too_large = true;
  buf_free(&r->body);
}

/* Called with the head, with each piece of the body, at the body's end, and once
 * more after a wait. */
static enum MHD_Result handle(void *user, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *bytes,
                              size_t *bytes_len, void **state) {
  struct exchange *x = *state;
  (void)version;
  if (!x) return begin(user, connection, method, path, state);
  if (*bytes_len) {
    take_body(&x->request, bytes, *bytes_len);
    *bytes_len = 0;
    return MHD_YES;
  }
  return x->is_answered ? send_answer(x) : answer(x);
}

static void completed(void *user, struct MHD_Connection *connection, void **state,
                      enum MHD_RequestTerminationCode how) {
  struct web *w = user;
  struct exchange *x = *state;
  (void)how;
  if (!x) return;
  if (x->answer.way == WEB_DROP) (void)shutdown(socket_of(connection), SHUT_RDWR);
  w->callbacks.end(w->callbacks.user, &x->request);
  exchange_free(x);
  *state = NULL;
}

/* The server */

static struct MHD_Daemon *start_daemon(struct web *w, int fd) {
  return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle, w,
                          MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED, completed, w,
                          MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
                          MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
                          MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

struct web *web_new(const struct web_options *options, const struct web_callbacks *callbacks,
                    const struct clock *clock, struct error *err) {
  int fd;
  struct web *w = calloc(1, sizeof *w);
  if (!w) {
    (void)error_set(err, ERROR_MEMORY, "no memory for a server");
    return NULL;
  }
  *w = (struct web){.callbacks = *callbacks, .options = *options, .clock = clock};
  if (listen_open(options->address, options->port, &fd, &w->port, err) < 0) {
    free(w);
    return NULL;
  }
  w->daemon = start_daemon(w, fd);
  if (w->daemon) return w;
  (void)error_errno(err, ERROR_INTERNAL, errno, "cannot start the HTTP server");
  (void)close(fd);
  free(w);
  return NULL;
}

/* Resumes what is due at NOW_NS. */
static void resume_due(struct web *w, int64_t now_ns) {
  struct exchange **at = &w->waiting;
  while (*at) {
    struct exchange *x = *at;
    if (x->due_ns > now_ns) {
      at = &x->next_waiting;
      continue;
    }
    *at = x->next_waiting;
    MHD_resume_connection(x->connection);
  }
}

void web_free(struct web *w) {
  if (!w) return;
  resume_due(w, INT64_MAX); /* the library must not be stopped with suspended connections */
  MHD_stop_daemon(w->daemon);
  free(w);
}

uint16_t web_port(const struct web *w) { return w->port; }

int web_fd(const struct web *w) {
  return MHD_get_daemon_info(w->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

int web_timeout_ms(const struct web *w) {
  MHD_UNSIGNED_LONG_LONG library_ms;
  int64_t least = INT64_MAX;
  int64_t now_ns = clock_mono_ns(w->clock);
  if (MHD_get_timeout(w->daemon, &library_ms) == MHD_YES) least = (int64_t)library_ms;
  for (const struct exchange *x = w->waiting; x; x = x->next_waiting) {
    int64_t left_ms = (x->due_ns - now_ns + 999999) / 1000000;
    if (left_ms < least) least = left_ms > 0 ? left_ms : 0;
  }
  if (least == INT64_MAX) return -1;
  return least > 3600000 ? 3600000 : (int)least; /* a loop may turn for nothing once an hour */
}

int web_run(struct web *w, struct error *err) {
  resume_due(w, clock_mono_ns(w->clock));
  if (MHD_run(w->daemon) == MHD_YES) return 0;
  return error_set(err, ERROR_INTERNAL, "the HTTP server failed");
}
