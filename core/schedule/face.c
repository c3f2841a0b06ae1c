#include "schedule/face.h"

#include "base/number.h"
#include "schedule/metrics.h"
#include "web/web.h"

#include <stdio.h>
#include <stdlib.h>

enum { ADDRESS_SIZE = 64, BODY_MAX = 4096, ANSWER_MAX = 64 << 20 };

struct face {
  struct daemon *daemon;
  struct web *web;
  char address[ADDRESS_SIZE];
  bool has_pages;
};

/* ---- answers ---- */

static void answer_text(struct web_answer *a, unsigned status, const char *text) {
  a->status = status;
  buf_clear(&a->body);
  buf_add_text(&a->body, text);
  web_answer_header(a, "Content-Type", "text/plain; charset=utf-8");
}

static void answer_metrics(struct face *f, struct web_answer *a) {
  struct error err;
  if (metrics_put(&a->body, f->daemon, &err) != 0) {
    answer_text(a, 503, err.message);
    return;
  }
  web_answer_header(a, "Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

static void answer_health(struct face *f, struct web_answer *a) {
  if (daemon_is_stalled(f->daemon)) answer_text(a, 503, "the state cannot be written\n");
  else answer_text(a, 200, "ok\n");
}

static void answer(void *user, struct web_request *r, struct web_answer *a) {
  struct face *f = user;
  bool is_read = slice_is(r->method, "GET") || slice_is(r->method, "HEAD");
  web_answer_header(a, "Cache-Control", "no-store");
  if (slice_is(r->path, "/metrics") && is_read) answer_metrics(f, a);
  else if (slice_is(r->path, "/healthz") && is_read) answer_health(f, a);
  else answer_text(a, is_read ? 404 : 405, "/metrics and /healthz can be read here\n");
}

static bool begin(void *user, struct web_request *r) {
  (void)user, (void)r;
  return true;
}

static void end(void *user, struct web_request *r) { (void)user, (void)r; }

/* ---- the listener ---- */

/* "127.0.0.1:9464" or "[::1]:9464". */
static int read_where(struct face *f, const char *where, uint16_t *port, struct error *err) {
  const char *colon = strrchr(where, ':');
  int64_t number;
  size_t len = colon ? (size_t)(colon - where) : 0;
  bool has_brackets = len > 1 && where[0] == '[' && where[len - 1] == ']';
  if (len > 0 && len < sizeof f->address && number_int64(slice_of(colon + 1), 0, 65535, &number) == 0) {
    (void)snprintf(f->address, sizeof f->address, "%.*s", (int)(has_brackets ? len - 2 : len),
                   where + has_brackets);
    *port = (uint16_t)number;
    return 0;
  }
  (void)error_set(err, ERROR_USAGE, "\"%s\" is no address with its port", where);
  return error_hint(err, "write it as 127.0.0.1:9464 or [::1]:9464");
}

static int listen_at(struct face *f, const char *where, struct error *err) {
  struct web_options options = {.address = f->address, .body_max = BODY_MAX, .answer_max = ANSWER_MAX};
  const struct web_callbacks callbacks = {.begin = begin, .answer = answer, .end = end, .user = f};
  if (read_where(f, where, &options.port, err) != 0) return -1;
  f->web = web_new(&options, &callbacks, f->daemon->options->clock, err);
  return f->web ? 0 : -1;
}

int face_open(struct face **out, struct daemon *d, const char *where, bool has_pages, struct error *err) {
  struct face *f = calloc(1, sizeof *f);
  if (!f) return error_set(err, ERROR_MEMORY, "no memory for a listener");
  f->daemon = d;
  f->has_pages = has_pages;
  if (listen_at(f, where, err) != 0) {
    face_close(f);
    return error_context(err, has_pages ? "--web" : "--metrics");
  }
  bool is_v6 = strchr(f->address, ':') != NULL;
  daemon_log(d, NULL, LOG_INFO, "metrics are at http://%s%s%s:%u/metrics", is_v6 ? "[" : "", f->address,
             is_v6 ? "]" : "", (unsigned)web_port(f->web));
  *out = f;
  return 0;
}

void face_close(struct face *f) {
  if (!f) return;
  web_free(f->web);
  free(f);
}

int face_fd(const struct face *f) { return f ? web_fd(f->web) : -1; }

int face_timeout_ms(const struct face *f) { return f ? web_timeout_ms(f->web) : -1; }

void face_run(struct face *f) {
  struct error err;
  if (f && web_run(f->web, &err) != 0) daemon_log_error(f->daemon, &err, 1);
}
