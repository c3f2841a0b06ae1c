#include "net/limiter.h"

#include <math.h>

static const int64_t SLOWER_NS = INT64_C(100000000);
enum {
  UPLOAD_MIN = 1024, /* bytes; heads without a body are shorter */
  WEAR_OF = 1024,    /* a best time that is long gone wears off by so much an answer */
};

static int64_t later(int64_t a, int64_t b) { return a > b ? a : b; }

void limiter_init(struct limiter *l, int concurrency_max, const struct budget_rules *rules) {
  *l = (struct limiter){.rules = *rules,
                        .concurrency_max = concurrency_max,
                        .window = 1,
                        .threshold = concurrency_max};
}

static void shrink(struct limiter *l) {
  l->window = fmax(l->window / 2, 1);
  l->threshold = l->window;
}

static void grow(struct limiter *l) {
  if (l->window < l->threshold)
    l->window = l->threshold;
  else
    l->window += 1 / l->window;
  l->window = fmin(l->window, l->concurrency_max);
}

/* Where the best time of requests like E is kept: of the same direction, and of a size
 * that differs by less than a factor of two. */
static int64_t *best_of(struct limiter *l, const struct budget_event *e) {
  bool is_upload = e->bytes_sent >= UPLOAD_MIN;
  int size = 0;
  for (int64_t kib = (is_upload ? e->bytes_sent : e->bytes_received) >> 10; kib > 0; kib >>= 1)
    if (size < LIMITER_SIZES - 1) size++;
  return &l->best_ns[is_upload][size];
}

static void take_time(struct limiter *l, const struct budget_event *e, int64_t now_ns) {
  int64_t took_ns = later(now_ns - e->sent_ns, 1), *best_ns = best_of(l, e);
  if (*best_ns == 0 || took_ns < *best_ns) *best_ns = took_ns;
  if (took_ns > 4 * *best_ns && took_ns > *best_ns + SLOWER_NS) {
    l->window = fmax(l->window - 1 / l->window, 1);
    l->threshold = l->window;
  } else if (took_ns <= 2 * *best_ns) {
    grow(l);
  }
  *best_ns += *best_ns / WEAR_OF;
}

int64_t limiter_ready_at(const struct limiter *l, struct budget *b, int64_t now_ns,
                         enum net_wait *why) {
  *why = NET_WAIT_NONE;
  if (l->under_way >= (int)l->window) return INT64_MAX;
  return budget_ready_at(b, &l->rules, now_ns, why);
}

void limiter_sent(struct limiter *l, struct budget *b, int64_t now_ns) {
  budget_sent(b, &l->rules, now_ns);
  l->under_way++;
}

/* Requests that left before the last 429 came are one volley with it. */
static void take_429(struct limiter *l, const struct budget_event *e, int64_t now_ns) {
  if (l->shrunk_at_ns == 0 || e->sent_ns >= l->shrunk_at_ns) shrink(l);
  l->shrunk_at_ns = now_ns;
}

void limiter_returned(struct limiter *l, struct budget *b, const struct budget_event *e,
                      int64_t now_ns) {
  l->under_way--;
  budget_returned(b, &l->rules, e, now_ns);
  if (e->status == 429)
    take_429(l, e, now_ns);
  else if (e->status == 503)
    shrink(l);
  else if (e->status >= 200 && e->status < 300)
    take_time(l, e, now_ns); /* refusals are quick */
}
