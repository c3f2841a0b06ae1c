/* Ctrl-C in a session: what runs is ended, what was defined is kept where that is possible. */
#include "host/running.h"

enum { TOLD_LAST = 2 }; /* after which nothing catches it */

static const int64_t NS_A_MS = 1000000;
/* From Ctrl-C on: when the worker is told again, and when it is ended, the latter if it has
 * spent some time since, else much later. */
static const int64_t again_ms = 50, end_ms = 110, idle_end_ms = 1000;
static const int64_t spent_ms = 20;

void interrupt_ask(struct running *r) {
  struct error err;
  if (r->interrupt.is_asked) return;
  r->interrupt = (struct interrupt){.is_asked = true, .at_ns = running_now(r)};
  (void)error_set(&err, ERROR_INTERRUPTED, "interrupted");
  running_stop(r, &err);
  calls_stop(r, &err);
  if (!r->sync) return;
  sync_stop(r->sync, &err);
  if (r->net) transport_cancel(net_transport(r->net));
}

/* Signals that wait for a worker become one, so it is told again and again.
 * A transform that raises makes a reject of its row, so the upsert ends first. */
static bool is_due(const struct running *r, int64_t passed_ms) {
  return r->interrupt.told ? passed_ms >= again_ms : !r->sync || passed_ms >= again_ms / 2;
}

static bool is_over(const struct running *r, int64_t passed_ms) {
  if (r->interrupt.told < TOLD_LAST || passed_ms < end_ms) return false;
  int64_t spent_ns = worker_spent_ns(r->worker) - r->interrupt.spent_ns;
  return spent_ns >= spent_ms * NS_A_MS || passed_ms >= idle_end_ms;
}

/* Nobody waits for the answer of a call any more. */
static void drop_calls(struct running *r) {
  struct error err;
  (void)error_set(&err, ERROR_INTERRUPTED, "the worker has ended");
  if (r->job->kind == JOB_SESSION && r->is_closed) calls_stop(r, &err);
}

void interrupt_step(struct running *r) {
  drop_calls(r);
  if (!r->interrupt.is_asked || r->is_done || r->is_closed) return;
  int64_t passed_ms = (running_now(r) - r->interrupt.at_ns) / NS_A_MS;
  if (is_due(r, passed_ms)) {
    if (++r->interrupt.told == TOLD_LAST) r->interrupt.spent_ns = worker_spent_ns(r->worker);
    worker_interrupt(r->worker);
  }
  if (is_over(r, passed_ms)) running_end_worker(r);
}
