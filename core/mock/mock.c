#include "mock/mock.h"
#include "mock/access.h"
#include "mock/sample.h"
#include "mock/service.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

static const size_t BODY_MAX = (size_t)64 << 20;
static const size_t ANSWER_MAX = (size_t)8 << 30; /* GET /mock/partners shows all */
static const struct quota_rate ample = {.limit = 1000000, .window_ms = 60000};

struct mock {
  struct fault faults[MOCK_FAULTS_MAX];
  struct partners *partners;
  struct service *service;
  struct web *web;
  const char *data;
  char url[64];
};

static int parse_faults(struct mock *m, const struct mock_options *o, struct error *err) {
  if (o->faults_len > MOCK_FAULTS_MAX)
    return error_set(err, ERROR_USAGE, "more than %d faults", MOCK_FAULTS_MAX);
  for (size_t i = 0; i < o->faults_len; i++)
    if (fault_parse(slice_of(o->faults[i]), &m->faults[i], err) < 0) return -1;
  return 0;
}

static int parse_scopes(const char *text, unsigned fallback, unsigned *scopes, struct error *err) {
  *scopes = fallback;
  return text ? access_scopes_parse(slice_of(text), scopes, err) : 0;
}

static int parse_options(struct mock *m, const struct mock_options *o, struct service_options *out,
                         struct error *err) {
  const unsigned either = SCOPE_PARTNERS_WRITE | SCOPE_LINKS_WRITE;
  *out = (struct service_options){.key = o->key,
                                  .refuse = o->refuse,
                                  .rate = ample,
                                  .faults = m->faults,
                                  .faults_len = o->faults_len,
                                  .seed = o->seed,
                                  .latency_ms = o->latency_ms};
  if (parse_faults(m, o, err) < 0) return -1;
  if (parse_scopes(o->scopes, SCOPES_ALL, &out->scopes, err) < 0) return -1;
  if (parse_scopes(o->write_scope, either, &out->write_scopes, err) < 0) return -1;
  return o->rate ? quota_rate_parse(slice_of(o->rate), &out->rate, err) : 0;
}

static int fill(struct mock *m, const struct mock_options *o, int64_t now_s, struct error *err) {
  m->data = o->data;
  m->partners = partners_new(err);
  if (!m->partners) return -1;
  if (sample_make(m->partners, o->partners, now_s, err) < 0) return -1;
  return o->data ? sample_load(m->partners, o->data, now_s, err) : 0;
}

static int open_web(struct mock *m, uint16_t port, const struct clock *clock, struct error *err) {
  const struct web_options options = {
      .address = "127.0.0.1", .port = port, .body_max = BODY_MAX, .answer_max = ANSWER_MAX};
  struct web_callbacks callbacks = service_callbacks(m->service);
  m->web = web_new(&options, &callbacks, clock, err);
  if (!m->web) return -1;
  (void)snprintf(m->url, sizeof m->url, "http://127.0.0.1:%u/api", (unsigned)web_port(m->web));
  return 0;
}

struct mock *mock_new(const struct mock_options *options, const struct clock *clock,
                      struct error *err) {
  struct service_options parsed;
  struct mock *m = calloc(1, sizeof *m);
  if (!m) {
    (void)error_set(err, ERROR_MEMORY, "no memory for the mock");
    return NULL;
  }
  if (parse_options(m, options, &parsed, err) < 0) goto failed;
  if (fill(m, options, clock_wall_ms(clock) / 1000, err) < 0) goto failed;
  m->service = service_new(&parsed, m->partners, clock, err);
  if (!m->service || open_web(m, options->port, clock, err) < 0) goto failed;
  return m;
failed:
  mock_free(m);
  return NULL;
}

void mock_free(struct mock *m) {
  if (!m) return;
  web_free(m->web); /* ends its requests, which the service still hears of */
  service_free(m->service);
  partners_free(m->partners);
  free(m);
}

const char *mock_url(const struct mock *m) { return m->url; }

/* The sooner of two timeouts for poll(2), -1 being never. */
static int sooner(int a_ms, int b_ms) {
  if (a_ms < 0) return b_ms;
  return b_ms < 0 || a_ms < b_ms ? a_ms : b_ms;
}

int mock_run(struct mock *m, int stop_fd, struct error *err) {
  struct pollfd fds[] = {{.fd = stop_fd, .events = POLLIN},
                         {.fd = web_fd(m->web), .events = POLLIN}};
  for (;;) {
    int timeout_ms = sooner(web_timeout_ms(m->web), service_timeout_ms(m->service));
    if (poll(fds, 2, timeout_ms) < 0 && errno != EINTR)
      return error_errno(err, ERROR_INTERNAL, errno, "cannot wait for requests");
    if (fds[0].revents) return 0;
    service_run(m->service);
    if (web_run(m->web, err) < 0) return -1;
  }
}

int mock_save(const struct mock *m, struct error *err) {
  return m->data ? sample_save(m->partners, m->data, err) : 0;
}

void mock_put_totals(struct buf *b, const struct mock *m) { service_put_totals(b, m->service); }
