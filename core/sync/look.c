#include "sync/look.h"

#include "api/listing.h"
#include "api/refusal.h"
#include "sync/backoff.h"
#include "sync/match.h"

#include <stdlib.h>

enum {
  OVERLAP = 50,
  PASSES_MAX = 6,
  PARTNERS_MAX = 4 << 20,
  TEXT_MAX = 64 << 10,
  BYTES_A_PARTNER = 64 << 10
};

static const int64_t NS_A_MS = 1000000;

struct look {
  struct look_options options;
  struct listing *listing;
  struct answer answer;
  struct exchange exchange;
  struct looked *partners;
  size_t partners_len, partners_cap;
  unsigned tries;
  int64_t not_before_ns, failing_since_ns, skew_ms, requests;
  uint64_t seed;
  bool is_sent, is_done, is_stopped;
  struct error err;
};

int look_new(struct look **out, const struct look_options *options, struct error *err) {
  struct look *l = calloc(1, sizeof *l);
  if (!l) return error_set(err, ERROR_MEMORY, "out of memory for a listing");
  l->options = *options;
  l->seed = options->seed;
  l->exchange.text = BUF_WITH_LIMIT(TEXT_MAX);
  struct answer_options o = {.partners_max = options->page_rows,
                             .bytes_max = (size_t)options->page_rows * BYTES_A_PARTNER,
                             .keeps_text = true,
                             .key = options->key};
  struct listing_options p = {.is_newest_first = true,
                              .since_ms = options->since_ms,
                              .page_rows = options->page_rows,
                              .overlap_rows = OVERLAP,
                              .passes_max = PASSES_MAX,
                              .partners_max = PARTNERS_MAX,
                              .key = options->key};
  if (answer_init(&l->answer, &o, err)) {
    free(l);
    return -1;
  }
  if (listing_new(&l->listing, &p, err)) {
    look_free(l);
    return -1;
  }
  *out = l;
  return 0;
}

void look_free(struct look *l) {
  if (!l) return;
  listing_free(l->listing);
  answer_free(&l->answer);
  buf_free(&l->exchange.text);
  free(l->partners);
  free(l);
}

static void fail(struct look *l, const struct error *why) {
  l->err = *why;
  l->is_done = true;
}

/* ---- a page -------------------------------------------------------------- */

static int add(struct look *l, const struct looked *p) {
  if (l->partners_len == l->partners_cap) {
    size_t cap = l->partners_cap ? 2 * l->partners_cap : 1024;
    struct looked *more = realloc(l->partners, cap * sizeof *more);
    if (!more) return -1;
    l->partners = more;
    l->partners_cap = cap;
  }
  l->partners[l->partners_len++] = *p;
  return 0;
}

/* Keeps the partners that no page before showed, but for older ones on the last page. */
static int take_fresh(struct look *l) {
  size_t len;
  const uint32_t *fresh = listing_fresh(l->listing, &len);
  for (size_t i = 0; i < len; i++) {
    const struct answer_partner *p = &l->answer.partners[fresh[i]];
    struct row fields;
    if (!listing_is_recent(l->listing, &p->id)) continue;
    if (answer_object(answer_text(&l->answer, fresh[i]), &fields))
      return -1; /* it was scanned: no memory */
    struct looked looked = {.id = p->id,
                            .exact = match_content(p->field_hash),
                            .folded = match_fold(fields.field, &l->options.key)};
    if (add(l, &looked)) return -1;
  }
  return 0;
}

/* What an earlier pass showed and the last one did not is no more. */
static void drop_vanished(struct look *l) {
  size_t kept = 0;
  for (size_t i = 0; i < l->partners_len; i++)
    if (listing_has(l->listing, &l->partners[i].id)) l->partners[kept++] = l->partners[i];
  l->partners_len = kept;
}

static void page_came(struct look *l) {
  struct error err;
  if (l->exchange.limits.date_ms > 0)
    l->skew_ms = l->exchange.limits.date_ms - clock_wall_ms(l->options.clock);
  l->failing_since_ns = 0;
  l->tries = 0;
  enum listing_step step = listing_take(l->listing, &l->answer, &err);
  if (step == LISTING_FAILED) {
    fail(l, &err);
  } else if (take_fresh(l)) {
    (void)error_set(&err, ERROR_MEMORY, "out of memory for a list of %zu partners",
                    l->partners_len);
    fail(l, &err);
  } else if (step == LISTING_DONE) {
    drop_vanished(l);
    l->is_done = true;
  }
}

/* ---- requests ------------------------------------------------------------ */

static void page_failed(struct look *l, enum error_code code) {
  struct error err = l->exchange.err;
  struct refusal refusal;
  if (l->exchange.end == EXCHANGE_ANSWERED && l->exchange.status / 100 == 2) {
    (void)error_set(&err, code, "the list of partners cannot be read: %s",
                    l->answer.reason ? l->answer.reason : "no list");
    (void)error_hint(&err, "check --base-url: partners are at BASE/partners");
  } else if (l->exchange.end == EXCHANGE_ANSWERED) {
    refusal_parse(&refusal, buf_slice(&l->exchange.text));
    (void)error_set(&err, code, "Hoko answered %d to %s, asked for a list: %s", l->exchange.status,
                    l->options.transport->whom, refusal_text(&refusal, false));
    if (l->exchange.status == 403)
      (void)error_hint(&err, "give the key the scope partnersRead or what the answer names");
  }
  err.code = code;
  fail(l, &err);
}

static void try_again(struct look *l) {
  int64_t now = clock_mono_ns(l->options.clock);
  if (!l->failing_since_ns) l->failing_since_ns = now;
  if (now - l->failing_since_ns >= l->options.give_up_ms * NS_A_MS) {
    page_failed(l, ERROR_UNREACHABLE);
    return;
  }
  l->tries++;
  l->not_before_ns = now + (l->exchange.status == 429 ? 0 : backoff_ns(l->tries, &l->seed));
}

bool look_take(struct look *l, struct exchange *e) {
  if (e != &l->exchange) return false;
  l->is_sent = false;
  l->requests += e->attempts;
  bool is_answered = e->end == EXCHANGE_ANSWERED;
  if (is_answered && e->status == 200 && l->answer.state == ANSWER_COMPLETE)
    page_came(l);
  else if (is_answered && (e->status == 401 || e->status == 403))
    page_failed(l, ERROR_AUTH);
  else if (e->end == EXCHANGE_TLS_REFUSED ||
           (is_answered && e->status >= 300 && e->status < 500 && e->status != 429 &&
            e->status != 408 && e->status != 425))
    page_failed(l, ERROR_UNREACHABLE);
  else
    try_again(l);
  return true;
}

void look_step(struct look *l) {
  if (l->is_done || l->is_sent || l->is_stopped ||
      clock_mono_ns(l->options.clock) < l->not_before_ns)
    return;
  if (!transport_is_ready(l->options.transport, l->options.clock)) return;
  struct buf text = l->exchange.text;
  buf_clear(&text);
  answer_reset(&l->answer);
  l->exchange = (struct exchange){.method = EXCHANGE_GET,
                                  .target = listing_target(l->listing),
                                  .is_again = l->failing_since_ns != 0,
                                  .answer = &l->answer,
                                  .owner = l,
                                  .text = text};
  l->is_sent = true;
  transport_submit(l->options.transport, &l->exchange);
}

int64_t look_wake_at(const struct look *l) {
  if (l->is_done || l->is_sent || l->is_stopped) return INT64_MAX;
  int64_t open = transport_ready_at(l->options.transport);
  return open > l->not_before_ns ? open : l->not_before_ns;
}

bool look_is_done(const struct look *l) { return !l->is_sent && (l->is_done || l->is_stopped); }
bool look_is_waiting(const struct look *l) { return l->is_sent; }
void look_stop(struct look *l) { l->is_stopped = true; }
const struct error *look_error(const struct look *l) {
  return l->err.code != ERROR_NONE ? &l->err : NULL;
}

const struct looked *look_partners(const struct look *l, size_t *len) {
  *len = l->partners_len;
  return l->partners;
}

int64_t look_skew_ms(const struct look *l) { return l->skew_ms; }
int64_t look_requests(const struct look *l) { return l->requests; }
