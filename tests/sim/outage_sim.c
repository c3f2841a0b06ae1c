/* A week without Hoko, on a virtual clock: what a job that runs each quarter of an hour
 * writes to the log, whom it alarms and how often it knocks.  Driven by what the daemon
 * and the engine decide by: policy, condition, backoff and the log itself.
 *
 * Demanded: one alert when it starts and one when it is over; under 100 KB of log an hour,
 * and under 20 KB in all; never more than 12 requests a minute; every occurrence a row. */
#include "base/exit_code.h"
#include "base/log.h"
#include "schedule/allowance.h"
#include "schedule/condition.h"
#include "schedule/policy.h"
#include "schedule/zones.h"
#include "sync/backoff.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN_MS INT64_C(1767225600000) /* 2026-01-01T00:00Z */
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define WEEK_MS (7 * 24 * HOUR_MS)

enum { GIVE_UP_MS = 15 * 60000, HOURS = 7 * 24 + 2, MINUTES = HOURS * 60 };

struct week {
  struct clock clock; /* first: its functions go back from it */
  int64_t now_ms;
  struct log log;
  struct policy policy;
  struct policy_rules rules;
  struct condition failing, lost;
  struct allowance allowance;
  int64_t runs, occurrences, not_run, requests, alerts, lines, bytes;
  int64_t bytes_of[HOURS];
  int requests_of[MINUTES];
};

static int64_t wall_ms(const struct clock *c) {
  return ((const struct week *)(const void *)c)->now_ms;
}

static void demand(bool truth, const char *what) {
  if (truth) return;
  printf("broken: %s\n", what);
  exit(1);
}

static void sink(void *user, enum log_level level, struct slice line) {
  struct week *w = user;
  (void)level;
  w->lines++;
  w->bytes += (int64_t)line.len + 1;
  w->bytes_of[(w->now_ms - BEGIN_MS) / HOUR_MS] += (int64_t)line.len + 1;
}

static void tell(struct week *w, enum log_level level, const char *text) {
  const struct log_field fields[] = {{.name = "job", .text = SLICE("crm-partners")},
                                     {.name = "run", .text = SLICE("01KDVTZZZZZZZZZZZZZZZZZZZZ")}};
  if (allowance_take(&w->allowance, strlen(text), w->now_ms))
    log_write(&w->log, level, slice_of(text), fields, 2);
}

/* A run without an answer: it knocks until it gives up. */
static int64_t knock(struct week *w, int64_t lasts_ms) {
  uint64_t seed = (uint64_t)w->now_ms;
  int64_t at_ms = 0;
  for (unsigned tries = 1; at_ms < lasts_ms; tries++) {
    w->requests++;
    w->requests_of[(w->now_ms + at_ms - BEGIN_MS) / MINUTE_MS]++;
    at_ms += backoff_ns(tries, &seed) / 1000000;
  }
  return lasts_ms;
}

/* What became of the run that has just ended, as the daemon tells it. */
static void tell_end(struct week *w, int exit_code) {
  char text[256];
  int64_t count;
  if (exit_code == EXIT_OK) {
    if (!condition_ends(&w->failing, &count)) return;
    (void)snprintf(text, sizeof text, "well again after %" PRId64 " failures: ok in 812 ms", count);
    tell(w, LOG_INFO, text);
  } else if (condition_holds(&w->failing, w->now_ms)) {
    (void)snprintf(text, sizeof text,
                   "failed with exit 6: hoko.to cannot be reached: connection refused (%" PRId64
                   " times in a row)",
                   w->failing.count);
    tell(w, LOG_ERROR, text);
  }
}

static void note_lost(struct week *w, const struct policy_action *a) {
  char text[128];
  w->not_run += a->count;
  w->occurrences += a->count;
  w->lost.count += a->count - 1;
  if (!condition_holds(&w->lost, w->now_ms)) return;
  (void)snprintf(text, sizeof text, "did not start: %s (%" PRId64 " so far)",
                 policy_cause_name(a->cause), w->lost.count);
  tell(w, LOG_WARN, text);
}

static void note_start(struct week *w, const struct policy_action *a) {
  char text[128];
  int64_t count;
  w->runs++;
  w->occurrences += a->start != POLICY_RETRY;
  if (!condition_ends(&w->lost, &count)) return;
  (void)snprintf(text, sizeof text, "starts again; %" PRId64 " did not start before", count);
  tell(w, LOG_INFO, text);
}

/* Acts until there is something to wait for; *ends_ms: when the run that it started ends. */
static int64_t step(struct week *w, int64_t *ends_ms, bool is_down) {
  struct policy_action a;
  for (;;) {
    policy_next(&w->policy, &w->rules, w->now_ms, true, &a);
    switch (a.kind) {
    case POLICY_WAIT: return a.wait_ms;
    case POLICY_NOT_RUN: note_lost(w, &a); break;
    case POLICY_ALERT: w->alerts++; break;
    case POLICY_START:
      note_start(w, &a);
      *ends_ms = w->now_ms + (is_down ? knock(w, GIVE_UP_MS) : 1000);
      break;
    case POLICY_STOP:
    case POLICY_RETRACT: demand(false, "nothing of that kind was asked for");
    }
  }
}

static void live(struct week *w, int64_t until_ms, bool is_down) {
  int64_t ends_ms = INT64_MAX;
  for (;;) {
    int64_t wait_ms = step(w, &ends_ms, is_down);
    w->now_ms = ends_ms < wait_ms ? ends_ms : wait_ms;
    if (w->now_ms == ends_ms) {
      ends_ms = INT64_MAX;
      policy_ended(&w->policy, &w->rules, is_down ? EXIT_UNREACHABLE : EXIT_OK, w->now_ms);
      tell_end(w, is_down ? EXIT_UNREACHABLE : EXIT_OK);
    }
    if (w->now_ms >= until_ms && ends_ms == INT64_MAX && w->policy.alert == POLICY_ALERT_NONE)
      return;
  }
}

static void check(const struct week *w, int64_t alerts_before) {
  demand(alerts_before == 1 && w->alerts == 2, "one alert, and one that it is over");
  for (int i = 0; i < HOURS; i++) demand(w->bytes_of[i] < 100 * 1000, "100 KB of log an hour");
  demand(w->bytes < 20 * 1000, "20 KB of log in all");
  for (int i = 0; i < MINUTES; i++) demand(w->requests_of[i] <= 12, "12 requests a minute");
  demand(w->occurrences >= WEEK_MS / (15 * MINUTE_MS), "a row for every occurrence");
}

int main(void) {
  static struct week w;
  static struct cron cron;
  struct error err;
  struct zones *zones = zones_new(NULL);
  w = (struct week){.clock = {.mono_ns = NULL, .wall_ms = wall_ms}, .now_ms = BEGIN_MS};
  w.log = (struct log){.least = LOG_INFO, .sink = sink, .user = &w, .clock = &w.clock};
  w.rules = (struct policy_rules){.cron = &cron,
                                  .overlap = POLICY_OVERLAP_SKIP,
                                  .catch_up = POLICY_CATCH_UP_LAST,
                                  .window_ms = 24 * HOUR_MS,
                                  .retry_times = 3,
                                  .retry_delay_ms = MINUTE_MS,
                                  .retry_factor = 2};
  demand(zones && cron_parse(&cron, SLICE("*/15 * * * *"), &err) == 0 &&
             zones_get(zones, SLICE("UTC"), &w.rules.zone, &err) == 0,
         "the schedule is read");
  policy_begin(&w.policy, w.now_ms);
  live(&w, BEGIN_MS + WEEK_MS, true);
  int64_t alerts_before = w.alerts;
  live(&w, w.now_ms + HOUR_MS, false);
  check(&w, alerts_before);
  printf("a week of outage: %" PRId64 " occurrences, %" PRId64 " of them did not start; %" PRId64
         " runs, %" PRId64 " requests; %" PRId64 " alerts; %" PRId64 " lines of log, %" PRId64
         " bytes\n",
         w.occurrences, w.not_run, w.runs, w.requests, w.alerts, w.lines, w.bytes);
  zones_free(zones);
  printf("1 passed, 0 failed\n");
  return 0;
}
