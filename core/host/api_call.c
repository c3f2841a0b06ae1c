#include "host/api_call.h"

#include "api/answer.h"
#include "api/refusal.h"

#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/utf8.h"
#include "sync/backoff.h"

#include <stdio.h>
#include <string.h>

enum { PARTNERS_MAX = 10000, BODY_MAX = 24 << 20, TRIES_MAX = 8 };

static const int64_t NS_A_MS = 1000000;

static const char *const methods[] = {[EXCHANGE_GET] = "GET",
                                      [EXCHANGE_POST] = "POST",
                                      [EXCHANGE_PUT] = "PUT",
                                      [EXCHANGE_DELETE] = "DELETE"};

static int take_method(struct api_call *c, struct slice name) {
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
    if (slice_is(name, methods[i])) {
      c->exchange.method = (enum exchange_method)i;
      return 0;
    }
  return -1;
}

/* A path beneath the base URL: printable, no "..", no other authority. */
static int take_path(struct api_call *c, struct slice text) {
  struct buf plain = BUF_WITH_LIMIT(sizeof c->target - 1);
  int rc = json_unescape(&plain, text);
  bool is_good = rc == 0 && buf_ok(&plain) && plain.len && plain.ptr[0] == '/' &&
                 !(plain.len > 1 && plain.ptr[1] == '/');
  for (size_t i = 0; is_good && i < plain.len; i++)
    if ((unsigned char)plain.ptr[i] <= ' ' || (unsigned char)plain.ptr[i] >= 0x7f ||
        plain.ptr[i] == '#')
      is_good = false;
  if (is_good) {
    memcpy(c->target, plain.ptr, plain.len);
    c->target[plain.len] = '\0';
    if (strstr(c->target, "/..") || strstr(c->target, "/./")) is_good = false;
  }
  buf_free(&plain);
  return is_good ? 0 : -1;
}

int api_call_begin(struct api_call *c, struct slice json, struct error *err) {
  struct json_scan scan;
  struct buf body = c->body, text = c->exchange.text;
  int64_t give_up_ms = c->give_up_ms;
  uint64_t seed = c->seed;
  *c = (struct api_call){.is_active = true, .body = body, .give_up_ms = give_up_ms, .seed = seed};
  c->body.limit = c->exchange.text.limit = BODY_MAX;
  c->exchange.text = text;
  c->exchange.text.limit = BODY_MAX;
  buf_clear(&c->body);
  json_init(&scan, 8);
  json_feed(&scan, json, true);
  if (json_next(&scan) != JSON_OBJECT_BEGIN) goto wrong;
  for (enum json_token token = json_next(&scan); token != JSON_OBJECT_END;
       token = json_next(&scan)) {
    if (token != JSON_KEY) goto wrong;
    struct slice name = scan.text;
    if (json_next(&scan) != JSON_STRING) goto wrong;
    if (slice_is(name, "expects")) {
      c->is_listing = slice_is(scan.text, "partners");
      continue;
    }
    if (slice_is(name, "method") ? take_method(c, scan.text)
        : slice_is(name, "path") ? take_path(c, scan.text)
                                 : json_unescape(&c->body, scan.text))
      goto wrong;
  }
  if (!buf_ok(&c->body)) goto wrong;
  c->exchange.is_once = c->exchange.method == EXCHANGE_POST; /* it may make something */
  return 0;
wrong:
  c->is_active = false;
  return error_set(err, ERROR_USAGE,
                   "hoko.api: the path must begin with one / and stay beneath the base URL, "
                   "and the body must be smaller than 24 MiB");
}

static void send(struct api_call *c, struct transport *t) {
  struct buf text = c->exchange.text;
  enum exchange_method method = c->exchange.method;
  bool is_once = c->exchange.is_once;
  buf_clear(&text);
  c->exchange = (struct exchange){.method = method,
                                  .target = c->target,
                                  .body = buf_slice(&c->body),
                                  .is_once = is_once,
                                  .is_again = c->failing_since_ns != 0,
                                  .text = text};
  c->is_sent = true;
  transport_submit(t, &c->exchange);
}

static void put_reply(struct buf *reply, const struct exchange *e) {
  struct slice body = buf_slice(&e->text);
  buf_printf(reply, "{\"status\":%d,\"content_type\":", e->status);
  json_put_string(reply, slice_of(e->content_type));
  buf_add_text(reply, ",\"body\":");
  if (utf8_check(body) == body.len)
    json_put_string(reply, body);
  else
    buf_add_text(reply, "\"\",\"is_binary\":true");
  buf_add_char(reply, '}');
}

static bool is_partners(struct slice body) {
  struct answer_options o = {.partners_max = PARTNERS_MAX, .bytes_max = BODY_MAX};
  struct answer answer;
  struct error err;
  if (answer_init(&answer, &o, &err)) return false;
  (void)answer_feed(&answer, body);
  answer_end(&answer);
  bool is_whole = answer.state == ANSWER_COMPLETE;
  answer_free(&answer);
  return is_whole;
}

/* A 200 that is no list of partners, where one was asked for. */
static bool is_garbled(const struct api_call *c) {
  const struct exchange *e = &c->exchange;
  return c->is_listing && e->end == EXCHANGE_ANSWERED && e->status == 200 &&
         !is_partners(buf_slice(&e->text));
}

/* Whether it is worth another try: safe methods on a bad day, and a 429 always. */
static bool is_retried(struct api_call *c, int64_t now) {
  const struct exchange *e = &c->exchange;
  bool is_answered = e->end == EXCHANGE_ANSWERED;
  bool is_limited = is_answered && e->status == 429;
  bool is_bad_day = e->end == EXCHANGE_NOT_SENT || e->end == EXCHANGE_BROKEN ||
                    (is_answered && e->status >= 500) || is_garbled(c);
  if (!is_limited && !(is_bad_day && (!e->is_once || e->end == EXCHANGE_NOT_SENT))) return false;
  if (!c->failing_since_ns) c->failing_since_ns = now;
  if (now - c->failing_since_ns >= c->give_up_ms * NS_A_MS || c->tries == TRIES_MAX) return false;
  if (!is_limited) c->tries++;
  c->not_before_ns = now + (is_limited ? 0 : backoff_ns(c->tries, &c->seed));
  return true;
}

/* Of a listing that ends with another answer than a list. */
static int fail_listing(const struct exchange *e, const char *whom, struct error *err) {
  struct refusal refusal;
  enum error_code code = e->status == 401 || e->status == 403 ? ERROR_AUTH : ERROR_UNREACHABLE;
  refusal_parse(&refusal, buf_slice(&e->text));
  if (e->status == 200)
    return error_set(err, code, "Hoko's answer is no list of partners: %s",
                     refusal_text(&refusal, false));
  (void)error_set(err, code, "Hoko answered %d to %s, asked for a list: %s", e->status, whom,
                  refusal_text(&refusal, false));
  if (refusal.scopes_len)
    (void)error_hint(err, "give the key this scope in Hoko's dashboard: %s", refusal.scopes[0]);
  return -1;
}

bool api_call_step(struct api_call *c, struct transport *t, const struct clock *clock,
                   struct buf *reply, int *rc, struct error *err) {
  if (!c->is_active) return false;
  if (c->is_sent && transport_next(t)) {
    c->is_sent = false;
    if (!is_retried(c, clock_mono_ns(clock))) {
      c->is_active = false;
      *rc = c->exchange.end == EXCHANGE_ANSWERED ? 0 : -1;
      if (*rc)
        *err = c->exchange.err;
      else if (c->is_listing && (c->exchange.status != 200 || is_garbled(c)))
        *rc = fail_listing(&c->exchange, t->whom, err);
      else if (c->exchange.is_text_cut)
        *rc = error_set(err, ERROR_DATA, "hoko.api: the answer is larger than 24 MiB");
      else
        put_reply(reply, &c->exchange);
      return true;
    }
  }
  if (!c->is_sent && clock_mono_ns(clock) >= c->not_before_ns && transport_is_ready(t, clock))
    send(c, t);
  return false;
}

int64_t api_call_wake_at(const struct api_call *c, struct transport *t) {
  if (!c->is_active || c->is_sent) return INT64_MAX;
  int64_t open = transport_ready_at(t);
  return open > c->not_before_ns ? open : c->not_before_ns;
}

void api_call_free(struct api_call *c) {
  buf_free(&c->body);
  buf_free(&c->exchange.text);
}
