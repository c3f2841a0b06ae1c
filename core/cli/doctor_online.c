/* Whether Hoko answers: one read without a key, any status will do.  Its Date tells
 * how far this machine's clock is off. */
#include "cli/doctor.h"

#include "net/net.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

enum { ANSWER_BYTES = 64 << 10, WAIT_MS = 15000, CLOCK_SKEW_MS = 120000 };

/* Waits for the one exchange that is under way; false: not within WAIT_MS. */
static bool wait_for_it(struct net *net, const struct clock *clock) {
  int64_t until_ns = clock_mono_ns(clock) + WAIT_MS * INT64_C(1000000);
  while (!transport_next(net_transport(net))) {
    int64_t left_ms = (until_ns - clock_mono_ns(clock)) / 1000000;
    if (left_ms <= 0) return false;
    struct pollfd ready = {net_fd(net), POLLIN, 0};
    (void)poll(&ready, 1, (int)left_ms); /* a signal's EINTR only looks once more */
  }
  return true;
}

static void tell_answer(const struct doctor *d, const struct exchange *e,
                        struct doctor_finding *f) {
  doctor_say(f, DOCTOR_OK, "%s answers (%d)", d->project->base_url, e->status);
  if (e->limits.date_ms < 0) return;
  int64_t skew_ms = clock_wall_ms(d->cli->clock) - e->limits.date_ms;
  if (llabs(skew_ms) < CLOCK_SKEW_MS) return;
  doctor_say(f, DOCTOR_WARN, "%s answers, but its clock differs from this machine's by %lld s",
             d->project->base_url, (long long)(skew_ms / 1000));
  doctor_fix(f, "timedatectl set-ntp true");
}

static void ask(const struct doctor *d, struct net *net, struct doctor_finding *f) {
  struct exchange e = {.target = "/partners?take=1", .text = BUF_WITH_LIMIT(ANSWER_BYTES)};
  transport_submit(net_transport(net), &e);
  if (!wait_for_it(net, d->cli->clock))
    doctor_say(f, DOCTOR_FAIL, "%s did not answer within 15 s", d->project->base_url);
  else if (e.end == EXCHANGE_ANSWERED)
    tell_answer(d, &e, f);
  else
    doctor_fail(f, &e.err);
  net_close(net); /* before the exchange, which it may still hold */
  buf_free(&e.text);
}

static void look_at_hoko(const struct doctor *d, struct doctor_finding *f) {
  struct net *net;
  struct error err;
  const struct net_options options = {
      .base_url = d->project->base_url, .clock = d->cli->clock, .total_timeout_ms = WAIT_MS};
  f->exit = EXIT_UNREACHABLE;
  if (net_open(&net, &options, &err))
    doctor_fail(f, &err);
  else
    ask(d, net, f);
}

const struct doctor_check doctor_online[] = {{"Hoko", look_at_hoko}, {NULL, NULL}};
