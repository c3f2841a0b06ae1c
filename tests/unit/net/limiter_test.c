#include "net/limiter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

static const int64_t S = INT64_C(1000000000), MS = INT64_C(1000000);
static const struct exchange_limits no_limits = {-1, -1, -1, -1, -1};
enum { EPOCH_S = 1764000000, GIVE_UP_S = 900, NONE = -1000 };

/* ---- what a 429 tells ---- */

struct told_case {
  double body_s, header_s, reset; /* NONE: absent */
  int64_t date_s; /* from EPOCH_S; NONE: no Date, and the local clock says EPOCH_S */
  double wait_s;
};

static const struct told_case told_cases[] = {
    {60, NONE, NONE, NONE, 60},
    {NONE, NONE, NONE, NONE, 60},
    {0, NONE, NONE, NONE, 1},
    {-5, NONE, NONE, NONE, 1},
    {0.25, NONE, NONE, NONE, 1},
    {1.5, NONE, NONE, NONE, 1.5},
    {1e9, NONE, NONE, NONE, GIVE_UP_S},
    {900, NONE, NONE, NONE, 900},
    {NONE, 30, NONE, NONE, 30},
    {NONE, 0, NONE, NONE, 1},
    {NONE, 1e12, NONE, NONE, GIVE_UP_S},
    {10, 30, NONE, NONE, 30},
    {30, 10, NONE, NONE, 30},
    {NONE, NONE, EPOCH_S + 45.0, 0, 45},
    {NONE, NONE, EPOCH_S + 45.0, NONE, 45},
    {NONE, NONE, EPOCH_S + 45.0, 40, 5},
    {NONE, NONE, (EPOCH_S + 45.0) * 1000, 0, 45},
    {NONE, NONE, 20, 0, 20},
    {NONE, NONE, 0, 0, 1},
    {NONE, NONE, 121, 0, 60},
    {NONE, NONE, 120, 0, 120},
    {NONE, NONE, EPOCH_S - 1.0, 0, 60},
    {NONE, NONE, EPOCH_S + 121.0, 0, 60},
    {5, NONE, EPOCH_S + 121.0, 0, 5},
    {5, 6, EPOCH_S + 7.0, 0, 7},
};

static void the_latest_time_that_makes_sense_is_obeyed(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof told_cases / sizeof told_cases[0]; i++) {
    const struct told_case *c = &told_cases[i];
    struct budget_event e = {
        .status = 429, .limits = no_limits, .wall_ms = EPOCH_S * INT64_C(1000)};
    e.has_retry_after = c->body_s > NONE;
    e.retry_after_s = c->body_s;
    if (c->header_s > NONE) e.limits.retry_after_s = c->header_s;
    if (c->reset > NONE) e.limits.reset = c->reset;
    if (c->date_s > NONE) e.limits.date_ms = (EPOCH_S + c->date_s) * 1000;
    int64_t wait_ns = budget_told_wait_ns(&e, GIVE_UP_S * S);
    if (wait_ns != (int64_t)(c->wait_s * 1e9)) fail_msg("case %zu: %g s", i, (double)wait_ns / 1e9);
  }
}

static void a_wait_never_passes_the_time_to_give_up(void **state) {
  (void)state;
  struct budget_event e = {.status = 429, .limits = no_limits};
  assert_int_equal(budget_told_wait_ns(&e, S / 2), S / 2);
  e.has_retry_after = true;
  assert_int_equal(budget_told_wait_ns(&e, S / 2), S / 2);
}

/* ---- a client and a server on a virtual clock ---- */

/* What the limiters of a test share. */
static struct budget budget;

static void begin(struct limiter *l, int concurrency, int per_minute) {
  const struct budget_rules rules = {
      .pid = 1, .give_up_ns = GIVE_UP_S * S, .per_minute_max = per_minute};
  budget = (struct budget){.is_shown = false};
  limiter_init(l, concurrency, &rules);
}

enum window_kind {
  WINDOW_FIXED,  /* all is renewed at the reset */
  WINDOW_OLDEST, /* sliding; the reset is when the oldest request leaves it */
  WINDOW_LATEST, /* sliding; the reset is when the window will be empty */
  WINDOW_SILENT, /* sliding, no headers; 429 tells when the oldest leaves */
};

enum { SENT_MAX = 20000, UNDER_WAY_MAX = 16 };

struct service {
  enum window_kind kind;
  int64_t limit, window_ns, latency_ns;
  int64_t others_every_ns;    /* another program of the workspace asks so often; 0: there is none */
  bool is_serial;             /* requests wait for each other */
  int64_t taken_ns[SENT_MAX]; /* accepted, oldest first */
  int taken_len, taken_first;
  int64_t others_next_ns, busy_until_ns;
};

struct flight {
  int process;
  int64_t sent_ns, back_ns;
  struct budget_event event;
};

struct outcome {
  int64_t took_ns;
  int refused, under_way_max;
};

static int64_t wall_ms(int64_t now_ns) { return EPOCH_S * INT64_C(1000) + 400 + now_ns / MS; }

static void slide(struct service *s, int64_t now_ns) {
  if (s->kind == WINDOW_FIXED) {
    int64_t begin = now_ns / s->window_ns * s->window_ns;
    while (s->taken_first < s->taken_len && s->taken_ns[s->taken_first] < begin) s->taken_first++;
  } else {
    while (s->taken_first < s->taken_len && s->taken_ns[s->taken_first] + s->window_ns <= now_ns)
      s->taken_first++;
  }
}

static bool take(struct service *s, int64_t now_ns) {
  slide(s, now_ns);
  if (s->taken_len - s->taken_first >= s->limit) return false;
  assert_true(s->taken_len < SENT_MAX);
  s->taken_ns[s->taken_len++] = now_ns;
  return true;
}

static int64_t reset_ns(const struct service *s, int64_t now_ns) {
  switch (s->kind) {
  case WINDOW_FIXED: return (now_ns / s->window_ns + 1) * s->window_ns;
  case WINDOW_LATEST: return s->taken_ns[s->taken_len - 1] + s->window_ns;
  case WINDOW_OLDEST:
  case WINDOW_SILENT: break;
  }
  return s->taken_ns[s->taken_first] + s->window_ns;
}

/* The request that left at NOW arrives half the latency later and is decided there. */
static void arrive(struct service *s, struct flight *f, int64_t now_ns) {
  int64_t at = now_ns + s->latency_ns / 2;
  if (s->is_serial) {
    at = (s->busy_until_ns > at ? s->busy_until_ns : at) + s->latency_ns;
    s->busy_until_ns = at;
  }
  while (s->others_every_ns > 0 && s->others_next_ns <= at) {
    (void)take(s, s->others_next_ns);
    s->others_next_ns += s->others_every_ns;
  }
  bool is_taken = take(s, at);
  *f = (struct flight){.sent_ns = now_ns, .back_ns = at + s->latency_ns / 2};
  f->event = (struct budget_event){.status = is_taken ? 200 : 429,
                                   .attempts = 1,
                                   .sent_ns = now_ns,
                                   .bytes_sent = 5000,
                                   .limits = no_limits};
  f->event.limits.date_ms = wall_ms(at) / 1000 * 1000;
  if (!is_taken) {
    f->event.has_retry_after = true;
    f->event.retry_after_s = (double)(reset_ns(s, at) - at) / 1e9;
  }
  if (s->kind == WINDOW_SILENT) return;
  f->event.limits.limit = (double)s->limit;
  f->event.limits.remaining = (double)(s->limit - (s->taken_len - s->taken_first));
  f->event.limits.reset = (double)((wall_ms(reset_ns(s, at)) + 999) / 1000);
}

/* From when the first of L[0..processes) may send; *which is that one. */
static int64_t first_ready(struct limiter *l, int processes, int turn, int64_t now, int *which) {
  int64_t first = INT64_MAX;
  for (int i = 0; i < processes; i++) {
    enum net_wait why;
    int p = (turn + i) % processes;
    int64_t at = limiter_ready_at(&l[p], &budget, now, &why);
    if (at >= first) continue;
    first = at;
    *which = p;
  }
  return first;
}

/* Sends REQUESTS accepted requests as fast as the processes of L, in turn, may. */
static struct outcome drive_all(struct limiter *l, int processes, struct service *s, int requests) {
  struct flight flights[UNDER_WAY_MAX];
  struct outcome o = {0};
  int under_way = 0, accepted = 0, turn = 0;
  int64_t now = 7 * S, began = now;
  s->taken_len = s->taken_first = 0;
  s->others_next_ns = now;
  while (accepted < requests) {
    int which = 0, next = -1;
    int64_t at = accepted + under_way < requests ? first_ready(l, processes, turn++, now, &which)
                                                 : INT64_MAX;
    for (int i = 0; i < under_way; i++)
      if (next < 0 || flights[i].back_ns < flights[next].back_ns) next = i;
    if (at <= now) {
      assert_true(under_way < UNDER_WAY_MAX);
      limiter_sent(&l[which], &budget, now);
      arrive(s, &flights[under_way], now);
      flights[under_way++].process = which;
      if (under_way > o.under_way_max) o.under_way_max = under_way;
    } else if (next >= 0 && flights[next].back_ns <= at) {
      struct flight f = flights[next];
      flights[next] = flights[--under_way];
      now = f.back_ns;
      f.event.wall_ms = wall_ms(now);
      limiter_returned(&l[f.process], &budget, &f.event, now);
      if (f.event.status == 200) {
        accepted++;
      } else {
        o.refused++;
      }
    } else {
      assert_true(at < INT64_MAX);
      now = at;
    }
  }
  o.took_ns = now - began;
  return o;
}

static struct outcome drive(struct limiter *l, struct service *s, int requests) {
  return drive_all(l, 1, s, requests);
}

static struct service *service_new(struct service s) {
  struct service *copy = malloc(sizeof *copy);
  assert_non_null(copy);
  *copy = s;
  return copy;
}

static void a_quota_is_used_up_in_at_most_five_percent_above_the_least_time(void **state) {
  (void)state;
  static const int64_t limits[] = {1, 5, 20, 100, 1000};
  static const int64_t latencies_ms[] = {5, 80, 400};
  static const int concurrencies[] = {1, 4, 16};
  for (int kind = WINDOW_FIXED; kind <= WINDOW_LATEST; kind++) {
    for (size_t i = 0; i < 5 * 3 * 3; i++) {
      int64_t limit = limits[i % 5], latency = latencies_ms[i / 5 % 3] * MS;
      int concurrency = concurrencies[i / 15];
      for (int extra = -1; extra <= 1; extra++) {
        int requests = (int)(5 * limit) + extra;
        struct service *s = service_new((struct service){.kind = (enum window_kind)kind,
                                                         .limit = limit,
                                                         .window_ns = 60 * S,
                                                         .latency_ns = latency});
        struct limiter l;
        begin(&l, concurrency, 0);
        struct outcome o = drive(&l, s, requests);
        /* The least: full windows to wait for, and the last requests' own time.  A fixed
         * window was 7 s old at the begin. */
        int64_t full = (requests - 1) / limit, rest = requests - full * limit;
        int64_t least = full * 60 * S + (rest + concurrency - 1) / concurrency * latency;
        int64_t one_by_one = (requests + concurrency - 1) / concurrency * latency;
        if (least < one_by_one) least = one_by_one;
        if (o.took_ns > least + least / 20 + 2 * latency)
          fail_msg(
              "kind %d, limit %d, latency %d ms, %d under way, %d requests: %.1f s, least %.1f s",
              kind, (int)limit, (int)(latency / MS), concurrency, requests, (double)o.took_ns / 1e9,
              (double)least / 1e9);
        if (o.refused > 0) fail_msg("kind %d, limit %d: %d refused", kind, (int)limit, o.refused);
        assert_true(o.under_way_max <= concurrency);
        free(s);
      }
    }
  }
}

static void without_headers_it_goes_on_until_a_429_tells(void **state) {
  (void)state;
  struct service *s = service_new((struct service){
      .kind = WINDOW_SILENT, .limit = 100, .window_ns = 60 * S, .latency_ns = 20 * MS});
  struct limiter l;
  begin(&l, 4, 0);
  struct outcome o = drive(&l, s, 500);
  assert_in_range(o.took_ns / S, 240, 252);
  assert_true(o.refused <= 4 * 4 * 4);
  assert_int_equal(o.under_way_max, 4);
  free(s);
}

static void others_of_the_workspace_are_left_their_share(void **state) {
  (void)state;
  struct service *s = service_new((struct service){.kind = WINDOW_OLDEST,
                                                   .limit = 1000,
                                                   .window_ns = 60 * S,
                                                   .latency_ns = 50 * MS,
                                                   .others_every_ns = 200 * MS});
  struct limiter l;
  begin(&l, 4, 0);
  struct outcome o = drive(&l, s, 3000);
  assert_true(budget.is_shared);
  assert_true(o.refused <= 6); /* a slot that was free can be taken before we come */
  /* 700 of each 1000 are ours. */
  assert_in_range(o.took_ns / S, 180, 290);
  free(s);
}

static void a_ceiling_holds_within_any_minute(void **state) {
  (void)state;
  struct service *s = service_new((struct service){
      .kind = WINDOW_OLDEST, .limit = 30, .window_ns = 60 * S, .latency_ns = 10 * MS});
  struct limiter l;
  begin(&l, 4, 30);
  struct service *wide = service_new((struct service){
      .limit = SENT_MAX, .window_ns = 1, .latency_ns = 10 * MS, .kind = WINDOW_SILENT});
  struct outcome o = drive(&l, wide, 150);
  assert_in_range(o.took_ns / S, 240, 252);
  for (int i = 0; i < wide->taken_len; i++) assert_true(take(s, wide->taken_ns[i]));
  free(wide);
  free(s);
}

static void a_server_that_works_one_by_one_is_not_crowded(void **state) {
  (void)state;
  struct limiter l;
  struct service *s = service_new((struct service){.kind = WINDOW_SILENT,
                                                   .limit = SENT_MAX,
                                                   .window_ns = 1,
                                                   .latency_ns = 100 * MS,
                                                   .is_serial = true});
  begin(&l, 16, 0);
  struct outcome o = drive(&l, s, 400);
  assert_true(l.window <= 10);
  s->is_serial = false;
  begin(&l, 16, 0);
  o = drive(&l, s, 400);
  assert_int_equal(o.under_way_max, 16);
  free(s);
}

/* ---- step by step ---- */

static struct budget_event answered(int status, int64_t sent_ns) {
  return (struct budget_event){.status = status,
                               .attempts = 1,
                               .sent_ns = sent_ns,
                               .limits = no_limits,
                               .wall_ms = EPOCH_S * INT64_C(1000)};
}

static struct limiter fresh(int concurrency) {
  struct limiter l;
  begin(&l, concurrency, 0);
  return l;
}

static void send_and_return(struct limiter *l, struct budget_event e, int64_t now_ns) {
  limiter_sent(l, &budget, e.sent_ns);
  limiter_returned(l, &budget, &e, now_ns);
}

static int64_t ready_at(struct limiter *l, int64_t now_ns) {
  enum net_wait why;
  return limiter_ready_at(l, &budget, now_ns, &why);
}

static void one_goes_first_and_with_a_good_answer_all_that_may(void **state) {
  (void)state;
  struct limiter l = fresh(3);
  assert_int_equal(ready_at(&l, S), S);
  limiter_sent(&l, &budget, S);
  assert_true(ready_at(&l, S) == INT64_MAX);
  struct budget_event e = answered(200, S);
  limiter_returned(&l, &budget, &e, S + 10 * MS);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(ready_at(&l, 2 * S), 2 * S);
    limiter_sent(&l, &budget, 2 * S);
  }
  assert_true(ready_at(&l, 2 * S) == INT64_MAX);
}

/* 100 requests of 50 ms, 4 at a time, take 25 rounds and the first one's. */
static void latency_is_hidden_by_concurrency(void **state) {
  (void)state;
  struct limiter l;
  struct service *s = service_new((struct service){
      .kind = WINDOW_SILENT, .limit = SENT_MAX, .window_ns = 1, .latency_ns = 50 * MS});
  begin(&l, 4, 0);
  struct outcome o = drive(&l, s, 100);
  assert_in_range(o.took_ns / MS, 25 * 50, 26 * 50);
  free(s);
}

static void after_a_429_one_goes_ahead_alone(void **state) {
  (void)state;
  struct limiter l = fresh(8);
  l.window = 8;
  struct budget_event e = answered(429, S);
  e.has_retry_after = true;
  e.retry_after_s = 10;
  for (int i = 0; i < 4; i++) limiter_sent(&l, &budget, S);
  for (int i = 0; i < 4; i++) limiter_returned(&l, &budget, &e, S + (i + 1) * MS);
  enum net_wait why;
  assert_int_equal(limiter_ready_at(&l, &budget, 2 * S, &why),
                   11 * S + 4 * MS); /* the volley's latest */
  assert_int_equal(why, NET_WAIT_TOLD);
  assert_int_equal((int)l.window, 4);
  int64_t now = 12 * S;
  assert_int_equal(ready_at(&l, now), now);
  limiter_sent(&l, &budget, now);
  assert_true(ready_at(&l, now) == INT64_MAX);
  e = answered(200, now);
  limiter_returned(&l, &budget, &e, now + MS);
  limiter_sent(&l, &budget, now + MS);
  assert_int_equal(ready_at(&l, now + MS), now + MS);
}

static void a_row_of_429s_waits_longer_each_time(void **state) {
  (void)state;
  static const int64_t waits_s[] = {1, 2, 4, 8, 16, 32, 60, 60};
  struct limiter l = fresh(1);
  int64_t now = S;
  for (int i = 0; i < 8; i++) {
    struct budget_event e = answered(429, now);
    e.has_retry_after = true;
    send_and_return(&l, e, now);
    assert_int_equal(ready_at(&l, now), now + waits_s[i] * S);
    now += waits_s[i] * S;
  }
  send_and_return(&l, answered(400, now), now); /* any other answer ends the row */
  struct budget_event e = answered(429, now);
  e.has_retry_after = true;
  send_and_return(&l, e, now);
  assert_int_equal(ready_at(&l, now), now + S);
}

static void a_503_halves_and_then_one_more_goes_a_round(void **state) {
  (void)state;
  struct limiter l = fresh(8);
  l.window = 8;
  send_and_return(&l, answered(503, S), S);
  assert_int_equal((int)l.window, 4);
  for (int i = 0; i < 4; i++) send_and_return(&l, answered(200, S), S + MS);
  assert_int_equal((int)l.window, 4);
  send_and_return(&l, answered(200, S), S + MS);
  assert_int_equal((int)l.window, 5);
  for (int i = 0; i < 9; i++) send_and_return(&l, answered(503, S), S);
  assert_int_equal((int)l.window, 1);
}

static void slow_answers_hold_and_then_shrink_the_window(void **state) {
  (void)state;
  struct limiter l = fresh(8);
  send_and_return(&l, answered(200, S), S + 100 * MS);
  assert_int_equal((int)l.window, 8);
  for (int i = 0; i < 9; i++) send_and_return(&l, answered(200, S), S + 350 * MS);
  assert_int_equal((int)l.window, 8);
  for (int i = 0; i < 8; i++) send_and_return(&l, answered(200, S), S + 500 * MS);
  assert_int_equal((int)l.window, 6);
  for (int i = 0; i < 80; i++) send_and_return(&l, answered(200, S), S + 900 * MS);
  assert_int_equal((int)l.window, 1);
  /* A tenth of a second more is no more than a busy machine takes for itself. */
  l = fresh(8);
  send_and_return(&l, answered(200, S), S + 10 * MS);
  for (int i = 0; i < 9; i++) send_and_return(&l, answered(200, S), S + 105 * MS);
  assert_int_equal((int)l.window, 8);
  /* A quick refusal says nothing of how long work takes, nor does a request of another size. */
  struct budget_event large = answered(200, S);
  large.bytes_sent = 1 << 20;
  l = fresh(8);
  send_and_return(&l, answered(400, S), S + MS);
  send_and_return(&l, answered(200, S), S + 300 * MS);
  send_and_return(&l, large, S + 1900 * MS);
  large.bytes_sent = INT64_MAX;
  send_and_return(&l, large, S + 9900 * MS);
  assert_int_equal((int)l.window, 8);
}

/* An answer that left when it came; the server's clock is at EPOCH_S when ours is at 0.
 * RESET_S on that clock, or NONE. */
static struct budget_event shown(int64_t sent_ns, double limit, double remaining, int reset_s) {
  struct budget_event e = answered(200, sent_ns);
  e.limits.limit = limit;
  e.limits.remaining = remaining;
  if (reset_s > NONE) e.limits.reset = EPOCH_S + reset_s;
  e.limits.date_ms = (EPOCH_S + sent_ns / S) * 1000;
  return e;
}

static void a_quota_is_never_overdrawn_by_what_is_under_way(void **state) {
  (void)state;
  struct limiter l = fresh(8);
  l.window = 8;
  send_and_return(&l, shown(S, 3, 2, 31), S);
  limiter_sent(&l, &budget, S);
  assert_int_equal(ready_at(&l, S), S);
  limiter_sent(&l, &budget, S);
  assert_true(ready_at(&l, S) == INT64_MAX);
  struct budget_event e = shown(S, 3, 0, 31);
  limiter_returned(&l, &budget, &e, S);
  limiter_returned(&l, &budget, &e, S);
  enum net_wait why;
  assert_int_equal(limiter_ready_at(&l, &budget, S, &why), 31 * S);
  assert_int_equal(why, NET_WAIT_QUOTA);
  assert_int_equal(ready_at(&l, 31 * S), 31 * S);
  limiter_sent(&l, &budget, 31 * S);
  assert_true(ready_at(&l, 31 * S) == INT64_MAX); /* one looks what is there */
}

static void of_answers_under_way_together_the_least_counts(void **state) {
  (void)state;
  struct limiter l = fresh(8);
  send_and_return(&l, shown(2 * S, 100, 50, 33), 3 * S);
  send_and_return(&l, shown(2 * S, 100, 60, 21), 3 * S);
  assert_true(budget.remaining == 50);
  send_and_return(&l, shown(S, 100, 40, 33), 4 * S);
  assert_true(budget.remaining == 40);
  send_and_return(&l, shown(3 * S, 100, 45, 33), 4 * S);
  assert_true(budget.remaining == 40);
  send_and_return(&l, shown(4 * S, 100, 45, 33), 5 * S);
  assert_true(budget.remaining == 45);
}

static void what_shows_no_quota_still_counts(void **state) {
  (void)state;
  struct limiter l = fresh(1);
  send_and_return(&l, shown(S, 100, 2, 31), S);
  send_and_return(&l, answered(0, S), S);
  assert_true(budget.remaining == 1);
  struct budget_event unsent = answered(0, S);
  unsent.attempts = 0;
  send_and_return(&l, unsent, S);
  assert_true(budget.remaining == 1);
  send_and_return(&l, answered(502, S), S);
  send_and_return(&l, answered(502, S), S);
  assert_true(budget.remaining == 0);
  struct budget_event twice = answered(200, S);
  twice.attempts = 3;
  send_and_return(&l, twice, S);
  assert_int_equal(sendlog_count(&budget.sent, S), 8); /* six sent, two of them again */
}

static void a_quota_without_reset_is_renewed_when_our_oldest_is_a_minute_old(void **state) {
  (void)state;
  struct limiter l = fresh(1);
  send_and_return(&l, shown(2 * S, -1, 0, NONE), 2 * S);
  assert_in_range(ready_at(&l, 3 * S), 62 * S, 62 * S + 250 * MS);
  send_and_return(&l, shown(4 * S, 1, 0, 500), 4 * S); /* no sensible one */
  assert_in_range(ready_at(&l, 4 * S), 64 * S, 64 * S + 250 * MS);
  send_and_return(&l, shown(5 * S, 0, 0, NONE), 5 * S); /* a quota of nothing */
  assert_in_range(ready_at(&l, 5 * S), 62 * S, 62 * S + 250 * MS);
  assert_int_equal(ready_at(&l, 500 * S), 500 * S);
}

static void the_last_tenth_of_a_shared_quota_is_spread(void **state) {
  (void)state;
  struct limiter l = fresh(4);
  l.window = 4;
  send_and_return(&l, shown(S, 1000, 500, 31), S);
  assert_true(budget.is_shared);
  assert_int_equal(ready_at(&l, S), S);
  send_and_return(&l, shown(S, 1000, 49, 31), S);
  enum net_wait why;
  assert_int_equal(limiter_ready_at(&l, &budget, S, &why),
                   2 * S); /* 29 beside the share of 20, 30 s */
  assert_int_equal(why, NET_WAIT_QUOTA);
  send_and_return(&l, shown(2 * S, 1000, 20, 31), 2 * S);
  assert_int_equal(ready_at(&l, 2 * S), 31 * S);
  send_and_return(&l, shown(40 * S, 1000, 60, 40), 40 * S); /* its reset is now */
  assert_int_equal(ready_at(&l, 40 * S), 40 * S);
  send_and_return(&l, shown(41 * S, 1000, 60, NONE), 41 * S);
  assert_int_equal(ready_at(&l, 41 * S), 41 * S);
  send_and_return(&l, shown(42 * S, 1000, 0, NONE), 42 * S);
  assert_int_equal(ready_at(&l, 42 * S), 61250 * MS); /* our first is a minute old */
}

static void the_servers_clock_is_read_better_with_each_date(void **state) {
  (void)state;
  /* The server's clock is 0.9 s ahead: at our AT_MS it shows DATE_S. */
  static const struct clock_case {
    int64_t at_ms;
    int date_s;
    int64_t reset_at_ms;
  } cases[] = {
      {10000, 10, 61000}, {10200, 11, 60200}, {11000, 11, 60200},
      {11095, 11, 60200}, {11100, 12, 60100}, {14000, 12, 63000}, /* it was set back */
  };
  struct limiter l = fresh(1);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct budget_event e = shown(cases[i].at_ms * MS, 1, 0, 61);
    e.limits.date_ms = (EPOCH_S + cases[i].date_s) * INT64_C(1000);
    send_and_return(&l, e, cases[i].at_ms * MS);
    assert_in_range(budget.reset_at_ns, cases[i].reset_at_ms * MS - MS,
                    cases[i].reset_at_ms * MS + MS);
  }
}

/* ---- shared with other processes ---- */

/* COUNT processes, each with CONCURRENCY, on one budget. */
static void begin_all(struct limiter *l, int count, int concurrency, int per_minute) {
  for (int i = 0; i < count; i++) {
    begin(&l[i], concurrency, per_minute);
    l[i].rules.pid = i + 1;
  }
}

static void
processes_use_up_a_quota_together_in_at_most_five_percent_above_the_least_time(void **state) {
  (void)state;
  static const int64_t limits[] = {1, 5, 20, 100, 1000};
  for (int kind = WINDOW_FIXED; kind <= WINDOW_LATEST; kind++) {
    for (size_t i = 0; i < 5 * 3; i++) {
      int64_t limit = limits[i % 5], latency = 50 * MS;
      int processes = 2 + (int)(i / 5), requests = (int)(3 * limit) + 1;
      struct service *s = service_new((struct service){.kind = (enum window_kind)kind,
                                                       .limit = limit,
                                                       .window_ns = 60 * S,
                                                       .latency_ns = latency});
      struct limiter l[4];
      begin_all(l, processes, 4, 0);
      struct outcome o = drive_all(l, processes, s, requests);
      int64_t full = (requests - 1) / limit, least = full * 60 * S;
      if (o.refused > (limit < processes ? processes - limit : 0)) /* the first of each */
        fail_msg("kind %d, limit %d: %d refused", kind, (int)limit, o.refused);
      if (o.took_ns > least + least / 20 + 2 * latency)
        fail_msg("kind %d, limit %d, %d processes: %.1f s, least %.1f s", kind, (int)limit,
                 processes, (double)o.took_ns / 1e9, (double)least / 1e9);
      free(s);
    }
  }
}

static void after_one_429_no_process_sends_before_the_time_told(void **state) {
  (void)state;
  struct limiter l[3];
  begin_all(l, 3, 4, 0);
  struct budget_event e = answered(429, S);
  e.has_retry_after = true;
  e.retry_after_s = 20;
  limiter_sent(&l[0], &budget, S);
  limiter_returned(&l[0], &budget, &e, S);
  for (int i = 0; i < 3; i++) assert_int_equal(ready_at(&l[i], 2 * S), 21 * S);
  /* Then one of them goes ahead, and the others wait for what it finds. */
  limiter_sent(&l[1], &budget, 21 * S);
  for (int i = 0; i < 3; i++) assert_true(ready_at(&l[i], 22 * S) == INT64_MAX);
  e = answered(200, 21 * S);
  limiter_returned(&l[1], &budget, &e, 22 * S);
  for (int i = 0; i < 3; i++) assert_int_equal(ready_at(&l[i], 22 * S), 22 * S);
}

static void a_ceiling_is_of_all_processes(void **state) {
  (void)state;
  struct limiter l[2];
  begin_all(l, 2, 4, 30);
  struct service *wide = service_new((struct service){
      .limit = SENT_MAX, .window_ns = 1, .latency_ns = 10 * MS, .kind = WINDOW_SILENT});
  struct outcome o = drive_all(l, 2, wide, 90);
  assert_in_range(o.took_ns / S, 120, 126);
  free(wide);
}

static void what_a_dead_process_had_under_way_is_forgotten(void **state) {
  (void)state;
  struct limiter l[2];
  begin_all(l, 2, 4, 0);
  send_and_return(&l[0], shown(S, 2, 1, 31), S);
  limiter_sent(&l[0], &budget, S); /* the last one, by a process that dies */
  assert_true(ready_at(&l[1], 2 * S) == INT64_MAX);
  budget_forget(&budget, l[0].rules.pid);
  assert_int_equal(ready_at(&l[1], 2 * S), 2 * S);
  limiter_sent(&l[0], &budget, 2 * S); /* and one whose death nobody can see */
  assert_true(ready_at(&l[1], 3 * S) == INT64_MAX);
  assert_true(ready_at(&l[1], 400 * S) <= 400 * S);
}

static void more_processes_than_there_is_room_for_are_not_counted(void **state) {
  (void)state;
  struct limiter l = fresh(1);
  for (int i = 0; i < BUDGET_USERS_MAX + 5; i++) {
    l.rules.pid = i + 1;
    budget_sent(&budget, &l.rules, S);
  }
  for (int i = 0; i < BUDGET_USERS_MAX + 5; i++) {
    l.rules.pid = i + 1;
    budget_unsent(&budget, &l.rules);
  }
  for (int i = 0; i < BUDGET_USERS_MAX; i++) assert_int_equal(budget.user[i].pid, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_latest_time_that_makes_sense_is_obeyed),
      cmocka_unit_test(a_wait_never_passes_the_time_to_give_up),
      cmocka_unit_test(a_quota_is_used_up_in_at_most_five_percent_above_the_least_time),
      cmocka_unit_test(without_headers_it_goes_on_until_a_429_tells),
      cmocka_unit_test(others_of_the_workspace_are_left_their_share),
      cmocka_unit_test(a_ceiling_holds_within_any_minute),
      cmocka_unit_test(a_server_that_works_one_by_one_is_not_crowded),
      cmocka_unit_test(one_goes_first_and_with_a_good_answer_all_that_may),
      cmocka_unit_test(latency_is_hidden_by_concurrency),
      cmocka_unit_test(after_a_429_one_goes_ahead_alone),
      cmocka_unit_test(a_row_of_429s_waits_longer_each_time),
      cmocka_unit_test(a_503_halves_and_then_one_more_goes_a_round),
      cmocka_unit_test(slow_answers_hold_and_then_shrink_the_window),
      cmocka_unit_test(a_quota_is_never_overdrawn_by_what_is_under_way),
      cmocka_unit_test(of_answers_under_way_together_the_least_counts),
      cmocka_unit_test(what_shows_no_quota_still_counts),
      cmocka_unit_test(a_quota_without_reset_is_renewed_when_our_oldest_is_a_minute_old),
      cmocka_unit_test(the_last_tenth_of_a_shared_quota_is_spread),
      cmocka_unit_test(the_servers_clock_is_read_better_with_each_date),
      cmocka_unit_test(
          processes_use_up_a_quota_together_in_at_most_five_percent_above_the_least_time),
      cmocka_unit_test(after_one_429_no_process_sends_before_the_time_told),
      cmocka_unit_test(a_ceiling_is_of_all_processes),
      cmocka_unit_test(what_a_dead_process_had_under_way_is_forgotten),
      cmocka_unit_test(more_processes_than_there_is_room_for_are_not_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
