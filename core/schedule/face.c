#include "schedule/face.h"

#include "base/number.h"
#include "schedule/guard.h"
#include "schedule/metrics.h"
#include "schedule/page.h"
#include "web/web.h"

#include <stdio.h>
#include <stdlib.h>

enum { ADDRESS_SIZE = 64, BODY_MAX = 4096, ANSWER_MAX = 64 << 20 };

struct face {
  struct daemon *daemon;
  struct web *web;
  char address[ADDRESS_SIZE];
  bool has_pages;
  struct guard guard; /* of the pages */
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
  web_answer_header(a, "Content-Type",
                    "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

static void answer_health(struct face *f, struct web_answer *a) {
  if (daemon_is_stalled(f->daemon))
    answer_text(a, 503, "the state cannot be written\n");
  else
    answer_text(a, 200, "ok\n");
}

static struct slice argument(const struct web_request *r, const char *name) {
  for (size_t i = 0; i < r->args_len; i++)
    if (slice_is(r->args[i].name, name)) return r->args[i].value;
  return (struct slice){0};
}

static struct served *job_asked_for(struct face *f, const struct web_request *r, const char *name) {
  char text[STATE_TEXT_SIZE];
  struct slice value = argument(r, name);
  if (value.len == 0 || value.len >= sizeof text) return NULL;
  memcpy(text, value.ptr, value.len);
  text[value.len] = '\0';
  return jobs_find(f->daemon, text);
}

/* ---- pages ---- */

/* Nothing but our own words and forms: no script, no other site, no frame. */
static void protect(struct web_answer *a) {
  web_answer_header(a, "Content-Security-Policy",
                    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
                    "base-uri 'none'; frame-ancestors 'none'");
  web_answer_header(a, "X-Content-Type-Options", "nosniff");
  web_answer_header(a, "Referrer-Policy", "no-referrer");
  web_answer_header(a, "Content-Type", "text/html; charset=utf-8");
}

static void redirect(struct web_answer *a, const char *to) {
  a->status = 303;
  web_answer_header(a, "Location", "%s", to);
}

static void answer_note(struct web_answer *a, enum html_language language, unsigned status,
                        enum html_word title, enum html_word sentence, struct slice about) {
  a->status = status;
  buf_clear(&a->body);
  page_put_note(&a->body, language, title, sentence, about);
}

static void answer_start(struct face *f, const struct web_request *r, struct web_answer *a) {
  struct served *s = job_asked_for(f, r, "job");
  if (!guard_is_our_form(&f->guard, r)) {
    answer_text(a, 403, "a run is started from the pages of this hoko serve only\n");
  } else if (!s || !s->is_wanted) {
    answer_text(a, 404, "there is no such job\n");
  } else if (step_request(f->daemon, s) != 0) {
    answer_text(a, 503, "the state cannot be written\n");
  } else {
    redirect(a, "/");
  }
}

static int put_page(struct face *f, const struct web_request *r, const struct page *p,
                    struct buf *b, struct error *err) {
  struct served *s = job_asked_for(f, r, "name");
  if (slice_is(r->path, "/")) return page_put_jobs(b, p, err);
  if (slice_is(r->path, "/job") && s) return page_put_job(b, p, s, err);
  if (slice_is(r->path, "/run")) return page_put_run(b, p, argument(r, "run"), err);
  return error_set(err, ERROR_USAGE, "there is no such page");
}

static void answer_page(struct face *f, const struct web_request *r, struct web_answer *a,
                        bool is_read) {
  const struct page p = {.daemon = f->daemon,
                         .language = html_language_of(web_request_header(r, "Accept-Language")),
                         .token = f->guard.token};
  struct error err;
  protect(a);
  if (is_read && guard_has_token(&f->guard, r)) {
    guard_give_cookie(&f->guard, a);
    redirect(a, "/");
  } else if (!guard_has_cookie(&f->guard, r)) {
    answer_note(a, p.language, 401, WORD_LOCKED, WORD_OPEN_LINK, SLICE(".hoko/web-link"));
  } else if (!is_read) {
    if (slice_is(r->path, "/start") && slice_is(r->method, "POST"))
      answer_start(f, r, a);
    else
      answer_text(a, 405, "this cannot be done here\n");
  } else if (put_page(f, r, &p, &a->body, &err) != 0) {
    bool is_missing = err.code == ERROR_USAGE;
    answer_note(a, p.language, is_missing ? 404 : 503, is_missing ? WORD_MISSING_PAGE : WORD_ERROR,
                WORD_ERROR, slice_of(err.message));
  }
}

static void answer(void *user, struct web_request *r, struct web_answer *a) {
  struct face *f = user;
  bool is_read = slice_is(r->method, "GET") || slice_is(r->method, "HEAD");
  web_answer_header(a, "Cache-Control", "no-store");
  if (f->has_pages && !guard_is_our_name(&f->guard, r))
    answer_text(a, 403, "this name is not that of hoko serve: ask for 127.0.0.1\n");
  else if (slice_is(r->path, "/metrics") && is_read)
    answer_metrics(f, a);
  else if (slice_is(r->path, "/healthz") && is_read)
    answer_health(f, a);
  else if (f->has_pages)
    answer_page(f, r, a, is_read);
  else
    answer_text(a, is_read ? 404 : 405, "/metrics and /healthz can be read here\n");
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
  if (len > 0 && len < sizeof f->address &&
      number_int64(slice_of(colon + 1), 0, 65535, &number) == 0) {
    (void)snprintf(f->address, sizeof f->address, "%.*s", (int)(has_brackets ? len - 2 : len),
                   where + has_brackets);
    *port = (uint16_t)number;
    return 0;
  }
  (void)error_set(err, ERROR_USAGE, "\"%s\" is no address with its port", where);
  return error_hint(err, "write it as 127.0.0.1:9464 or [::1]:9464");
}

static int listen_at(struct face *f, const char *where, struct error *err) {
  struct web_options options = {
      .address = f->address, .body_max = BODY_MAX, .answer_max = ANSWER_MAX};
  const struct web_callbacks callbacks = {.begin = begin, .answer = answer, .end = end, .user = f};
  if (read_where(f, where, &options.port, err) != 0) return -1;
  f->web = web_new(&options, &callbacks, f->daemon->options->clock, err);
  return f->web ? 0 : -1;
}

/* Pages are for this machine; from another one, through ssh -L. */
static int open_pages(struct face *f, struct error *err) {
  bool is_loopback = strncmp(f->address, "127.", 4) == 0 || strcmp(f->address, "::1") == 0;
  if (is_loopback) return guard_open(&f->guard, f->daemon->options->folder, web_port(f->web), err);
  (void)error_set(err, ERROR_USAGE, "%s can be reached from other machines", f->address);
  return error_hint(err, "--web 127.0.0.1:8080, and ssh -L 8080:127.0.0.1:8080 from elsewhere");
}

int face_open(struct face **out, struct daemon *d, const char *where, bool has_pages,
              struct error *err) {
  struct face *f = calloc(1, sizeof *f);
  if (!f) return error_set(err, ERROR_MEMORY, "no memory for a listener");
  f->daemon = d;
  f->has_pages = has_pages;
  if (listen_at(f, where, err) != 0 || (has_pages && open_pages(f, err) != 0)) {
    face_close(f);
    return error_context(err, has_pages ? "--web" : "--metrics");
  }
  bool is_v6 = strchr(f->address, ':') != NULL;
  daemon_log(d, NULL, LOG_INFO, "%s http://%s%s%s:%u%s",
             has_pages ? "the page is at" : "metrics are at", is_v6 ? "[" : "", f->address,
             is_v6 ? "]" : "", (unsigned)web_port(f->web),
             has_pages ? "/, its link with the token in .hoko/web-link" : "/metrics");
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
  int64_t now_ms = f ? daemon_wall_ms(f->daemon) : 0;
  if (!f || web_run(f->web, &err) == 0) return;
  if (condition_holds(&f->daemon->web_trouble, now_ms))
    daemon_log_error(f->daemon, &err, f->daemon->web_trouble.count);
}
