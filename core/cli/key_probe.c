#include "cli/key_probe.h"

#include "api/refusal.h"
#include "base/json_scan.h"
#include "net/net.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { ANSWER_LIMIT = 512 * 1024, JSON_DEPTH = 16, TOTAL_TIMEOUT_MS = 30 * 1000 };

/* A proxy's page with status 200 is no word of Hoko's. */
static bool is_list(struct slice text) {
  struct json_scan s;
  json_init(&s, JSON_DEPTH);
  json_feed(&s, text, true);
  enum json_token token = json_next(&s);
  if (token != JSON_ARRAY_BEGIN) return false;
  while (token != JSON_END_OF_VALUE && token != JSON_ERROR && token != JSON_NEED_MORE)
    token = json_next(&s);
  return token == JSON_END_OF_VALUE;
}

static bool is_arabic(const struct cli *cli) {
  const char *lang = command_env(cli, "LANG");
  return lang && strncmp(lang, "ar", 2) == 0;
}

static int missing_scopes(const struct refusal *r, struct error *err) {
  struct buf list = BUF_WITH_LIMIT(sizeof err->hint);
  for (size_t i = 0; i < r->scopes_len; i++) buf_printf(&list, "%s%s", i ? ", " : "", r->scopes[i]);
  const char *names = buf_text(&list);
  if (r->scopes_len == 0)
    error_hint(err, "no missing scopes were named");
  else
    error_hint(err, "give the key these scopes: %s", names ? names : "those of the answer");
  buf_free(&list);
  return -1;
}

static int refused(const struct cli *cli, const struct exchange *e, const char *base_url,
                   struct error *err) {
  struct refusal r;
  refusal_parse(&r, buf_slice(&e->text));
  const char *says = refusal_text(&r, is_arabic(cli));
  enum error_code code = e->status == 401 || e->status == 403 ? ERROR_AUTH : ERROR_UNREACHABLE;
  error_set(err, code, "%s answered %d%s%s", base_url, e->status, says[0] ? ": " : "", says);
  if (e->status == 401)
    return error_hint(err, "the key is unknown, revoked or expired; make one in Hoko's pages");
  if (e->status == 403) return missing_scopes(&r, err);
  return error_hint(err, "this says nothing of the key; try again later, or look at --base-url");
}

static int judge(const struct cli *cli, const struct exchange *e, const char *base_url,
                 struct error *err) {
  if (e->end != EXCHANGE_ANSWERED) {
    *err = e->err;
    err->code = ERROR_UNREACHABLE;
    return -1;
  }
  if (e->status != 200) return refused(cli, e, base_url, err);
  if (is_list(buf_slice(&e->text))) return 0;
  error_set(err, ERROR_UNREACHABLE, "%s answered 200, but not as Hoko does", base_url);
  return error_hint(err, "look at --base-url");
}

static void ask(struct net *n, struct exchange *e) {
  struct transport *t = net_transport(n);
  struct pollfd wait = {.fd = net_fd(n), .events = POLLIN};
  transport_submit(t, e);
  while (!transport_next(t)) (void)poll(&wait, 1, -1); /* the exchange has a timeout of its own */
}

int key_probe(const struct cli *cli, const struct project *p, const struct secret *key,
              struct error *err) {
  struct net *n;
  struct net_options options = {.base_url = p->base_url,
                                .key = key,
                                .total_timeout_ms = TOTAL_TIMEOUT_MS,
                                .clock = cli->clock};
  struct exchange e = {.method = EXCHANGE_GET,
                       .target = "/partners?take=1",
                       .is_once = true,
                       .text = BUF_WITH_LIMIT(ANSWER_LIMIT)};
  if (net_open(&n, &options, err) != 0) return -1;
  ask(n, &e);
  net_close(n);
  int rc = judge(cli, &e, p->base_url, err);
  buf_free(&e.text);
  return rc;
}
