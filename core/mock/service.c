#include "mock/service.h"
#include "mock/access.h"
#include "mock/reply.h"
#include "mock/sample.h"
#include "mock/totals.h"
#include "mock/work.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const int64_t MS = 1000000; /* in nanoseconds */

/* A write that was answered and is applied later (FAULT_LATE). */
struct late {
  int64_t due_ns;
  enum method method;
  struct buf body;
  struct late *next;
};

struct service {
  struct service_options options;
  const struct clock *clock;
  struct quota quota;
  struct totals totals;
  struct work work;
  uint64_t nth; /* of the last request to /api */
  uint64_t random;
  struct late *late;
};

/* What belongs to one request to /api, from begin to end. */
struct visit {
  enum method method;
  struct fault_set faults;
};

static int64_t now_s(const struct service *s) { return clock_wall_ms(s->clock) / 1000; }

struct service *service_new(const struct service_options *options, struct partners *partners,
                            const struct clock *clock, struct error *err) {
  struct service *s = calloc(1, sizeof *s);
  if (!s) {
    (void)error_set(err, ERROR_MEMORY, "no memory for the mock");
    return NULL;
  }
  s->options = *options;
  s->clock = clock;
  s->random = options->seed;
  s->work.partners = partners;
  s->work.totals = &s->totals;
  s->work.refuse = options->refuse;
  if (quota_init(&s->quota, options->rate, err) == 0) return s;
  free(s);
  return NULL;
}

static void late_free(struct late *late) {
  buf_free(&late->body);
  free(late);
}

void service_free(struct service *s) {
  if (!s) return;
  while (s->late) {
    struct late *late = s->late;
    s->late = late->next;
    late_free(late);
  }
  quota_free(&s->quota);
  free(s);
}

/* Doing what was asked */

static int do_method(struct service *s, enum method method, struct slice body,
                     const struct fault_set *faults, struct error *err) {
  switch (method) {
  case METHOD_POST: return work_write(&s->work, CHANGE_CREATE, body, faults, now_s(s), err);
  case METHOD_PUT: return work_write(&s->work, CHANGE_UPSERT, body, faults, now_s(s), err);
  case METHOD_DELETE: return work_delete(&s->work, body, faults, err);
  case METHOD_GET:
  case METHOD_OTHER:
  case METHODS: break;
  }
  return error_set(err, ERROR_INTERNAL, "no method that writes");
}

static int do_list(struct service *s, const struct web_request *r, struct error *err) {
  struct query query = query_default();
  if (r->has_more_args) return error_set(err, ERROR_DATA, "too many parameters");
  for (size_t i = 0; i < r->args_len; i++)
    if (query_take(&query, r->args[i].name, r->args[i].value, err) < 0) return -1;
  return work_list(&s->work, &query, err);
}

static bool has_json(const struct web_request *r) {
  static const char wanted[] = "application/json";
  const size_t len = sizeof wanted - 1;
  struct slice type = web_request_header(r, "Content-Type");
  return type.len >= len && strncasecmp(type.ptr, wanted, len) == 0 &&
         (type.len == len || type.ptr[len] == ';' || type.ptr[len] == ' ');
}

static int do_request(struct service *s, const struct web_request *r, const struct visit *v,
                      struct error *err) {
  if (v->method == METHOD_GET) return do_list(s, r, err);
  if (r->args_len) return error_set(err, ERROR_DATA, "parameters in a request that takes none");
  if (!has_json(r)) return error_set(err, ERROR_DATA, "Content-Type is not application/json");
  return do_method(s, v->method, buf_slice(&r->body), &v->faults, err);
}

/* Takes R's body to apply it later. */
static void put_off(struct service *s, struct web_request *r, enum method method,
                    int64_t delay_ms) {
  struct late *late = malloc(sizeof *late);
  if (!late) return; /* a server out of memory may lose what it gave up on */
  *late = (struct late){.due_ns = clock_mono_ns(s->clock) + delay_ms * MS,
                        .method = method,
                        .body = r->body,
                        .next = s->late};
  r->body = BUF_WITH_LIMIT(r->body.limit);
  s->late = late;
}

/* Answering */

static void refuse(struct web_answer *a, const struct error *err) {
  reply_error(a, err->code == ERROR_DATA ? 400 : 500);
  web_answer_header(a, "X-Mock-Reason", "%s", err->message);
}

/* What stands in place of doing anything; false: nothing does. */
static bool answer_instead(struct service *s, struct web_request *r, const struct visit *v,
                           struct web_answer *a) {
  const struct fault *const *of = v->faults.of;
  const struct fault *status = of[FAULT_STATUS], *late = of[FAULT_LATE];
  const struct fault *retry = of[FAULT_RETRY_AFTER], *away = of[FAULT_REDIRECT];
  if (retry) {
    reply_rate_limit(a, strcmp(retry->text, "absent") == 0 ? NULL : retry->text);
  } else if (away) {
    reply_error(a, 307);
    web_answer_header(a, "Location", "%s", away->text);
  } else if (status) {
    reply_error(a, (unsigned)status->number);
  } else if (late && v->method != METHOD_GET) {
    put_off(s, r, v->method, late->number);
    reply_error(a, 504);
  } else {
    return false;
  }
  return true;
}

static void answer_partners(struct service *s, struct web_request *r, const struct visit *v,
                            struct web_answer *a) {
  struct error err;
  if (r->is_body_too_large) {
    reply_error(a, 413);
  } else if (answer_instead(s, r, v, a)) {
    return;
  } else if (do_request(s, r, v, &err) < 0) {
    refuse(a, &err);
  } else if (v->method == METHOD_DELETE) {
    reply_deleted(a, &s->work, &v->faults, &s->random);
  } else {
    reply_partners(a, &s->work, &v->faults, &s->random, now_s(s));
    if (v->method == METHOD_POST) a->status = 201;
  }
}

static void put_rate_headers(struct service *s, struct web_answer *a, struct quota_left left) {
  int64_t reset_ms =
      clock_wall_ms(s->clock) + (left.wait_ms ? left.wait_ms : s->quota.rate.window_ms);
  web_answer_header(a, "X-RateLimit-Limit", "%" PRId64, s->quota.rate.limit);
  web_answer_header(a, "X-RateLimit-Remaining", "%" PRId64, left.remaining);
  web_answer_header(a, "X-RateLimit-Reset", "%" PRId64, (reset_ms + 999) / 1000);
}

static void refuse_rate(struct web_answer *a, struct quota_left left) {
  char seconds[32];
  (void)snprintf(seconds, sizeof seconds, "%" PRId64, (left.wait_ms + 999) / 1000);
  reply_rate_limit(a, seconds);
}

/* Key, endpoint, scope and rate, in this order; then what was asked. */
static void answer_api(struct service *s, struct web_request *r, struct web_answer *a) {
  const struct visit *v = r->user;
  const struct service_options *o = &s->options;
  int64_t now_ns = clock_mono_ns(s->clock);
  unsigned needed = access_needed(v->method, o->write_scopes);
  if (!access_has_key(web_request_header(r, "Authorization"), o->key)) {
    reply_error(a, 401);
  } else if (!slice_is(r->path, "/api/partners") || !needed) {
    reply_error(a, 404);
  } else if (!(o->scopes & needed)) {
    reply_missing_scopes(a, needed);
  } else if (!quota_take(&s->quota, now_ns)) {
    refuse_rate(a, quota_left(&s->quota, now_ns));
  } else {
    answer_partners(s, r, v, a);
  }
  put_rate_headers(s, a, quota_left(&s->quota, now_ns));
  a->delay_ms = o->latency_ms;
  reply_bend(a, &v->faults);
}

/* Callbacks */

static bool is_api(const struct web_request *r) {
  const struct slice prefix = SLICE("/api/");
  return r->path.len >= prefix.len && memcmp(r->path.ptr, prefix.ptr, prefix.len) == 0;
}

static void end(void *user, struct web_request *r) {
  struct service *s = user;
  if (!r->user) return;
  s->totals.in_flight--;
  free(r->user);
  r->user = NULL;
}

static bool begin(void *user, struct web_request *r) {
  struct service *s = user;
  if (!is_api(r)) return true;
  struct visit *v = malloc(sizeof *v);
  if (!v) return false;
  v->method = method_named(r->method);
  v->faults = fault_pick(s->options.faults, s->options.faults_len, ++s->nth, &s->random);
  totals_begin(&s->totals, v->method);
  r->user = v;
  if (!v->faults.of[FAULT_RESET_BEFORE]) return true;
  s->totals.resets++;
  end(s, r);
  return false;
}

static void answer(void *user, struct web_request *r, struct web_answer *a) {
  struct service *s = user;
  bool is_get = slice_is(r->method, "GET");
  if (r->user) {
    answer_api(s, r, a);
    if (a->way == WEB_RESET)
      s->totals.resets++;
    else
      totals_status(&s->totals, a->status);
  } else if (is_get && slice_is(r->path, "/mock/stats")) {
    web_answer_header(a, "Content-Type", "application/json");
    service_put_totals(&a->body, s);
  } else if (is_get && slice_is(r->path, "/mock/partners")) {
    web_answer_header(a, "Content-Type", "application/json");
    sample_put(&a->body, s->work.partners);
  } else {
    reply_error(a, 404);
  }
}

struct web_callbacks service_callbacks(struct service *s) {
  return (struct web_callbacks){.begin = begin, .answer = answer, .end = end, .user = s};
}

/* The rest */

int service_timeout_ms(const struct service *s) {
  int64_t least_ns = INT64_MAX;
  if (!s->late) return -1;
  for (const struct late *l = s->late; l; l = l->next)
    if (l->due_ns < least_ns) least_ns = l->due_ns;
  int64_t left_ms = (least_ns - clock_mono_ns(s->clock) + MS - 1) / MS;
  return left_ms < 0 ? 0 : left_ms > 3600000 ? 3600000 : (int)left_ms;
}

void service_run(struct service *s) {
  static const struct fault_set none;
  int64_t now_ns = clock_mono_ns(s->clock);
  struct late **at = &s->late;
  while (*at) {
    struct late *late = *at;
    struct error err;
    if (late->due_ns > now_ns) {
      at = &late->next;
      continue;
    }
    *at = late->next;
    (void)do_method(s, late->method, buf_slice(&late->body), &none, &err); /* nobody waits for it */
    late_free(late);
  }
}

void service_put_totals(struct buf *b, const struct service *s) {
  struct totals_store store = {.partners = partners_len(s->work.partners),
                               .twins = partners_twins(s->work.partners)};
  totals_put(b, &s->totals, store);
}
