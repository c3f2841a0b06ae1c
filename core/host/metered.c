#include "host/metered.h"

static int64_t ready_at(struct transport *t) { return transport_ready_at(((struct metered *)t)->under); }

static void submit(struct transport *t, struct exchange *e) { transport_submit(((struct metered *)t)->under, e); }

static void cancel(struct transport *t) { transport_cancel(((struct metered *)t)->under); }

static void count_status(struct run_result *r, int status) {
  size_t cap = sizeof r->by_status / sizeof *r->by_status;
  for (size_t i = 0; i < cap; i++) {
    if (r->by_status[i].count && r->by_status[i].status != status) continue;
    r->by_status[i].status = status;
    r->by_status[i].count++;
    return;
  }
}

static struct exchange *next(struct transport *t) {
  struct metered *m = (struct metered *)t;
  struct exchange *e = transport_next(m->under);
  if (!e) return NULL;
  m->result->requests_sent += e->attempts;
  if (e->attempts > 1) m->result->requests_retried += e->attempts - 1;
  m->result->bytes_sent += e->bytes_sent;
  m->result->bytes_received += e->bytes_received;
  if (e->status) count_status(m->result, e->status);
  return e;
}

void metered_init(struct metered *m, struct transport *under, struct run_result *result) {
  *m = (struct metered){.transport = {.ready_at = ready_at, .submit = submit, .next = next, .cancel = cancel},
                        .under = under,
                        .result = result};
}
