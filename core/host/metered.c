#include "host/metered.h"

#include <assert.h>
#include <string.h>

static int64_t ready_at(struct transport *t) {
  struct meter *m = ((struct metered *)t)->meter;
  return m->under_way_len < NET_CONCURRENCY_MAX ? transport_ready_at(m->under) : INT64_MAX;
}

static bool take(struct transport *t) {
  struct meter *m = ((struct metered *)t)->meter;
  return m->under_way_len < NET_CONCURRENCY_MAX && m->under->take(m->under);
}

static void submit(struct transport *t, struct exchange *e) {
  struct metered *a = (struct metered *)t;
  struct meter *m = a->meter;
  assert(m->under_way_len < NET_CONCURRENCY_MAX); /* ready_at() said so */
  m->under_way[m->under_way_len].exchange = e;
  m->under_way[m->under_way_len++].asker = a;
  transport_submit(m->under, e);
}

static void cancel(struct transport *t) { transport_cancel(((struct metered *)t)->meter->under); }

static void count_status(struct run_result *r, int status) {
  size_t cap = sizeof r->by_status / sizeof *r->by_status;
  for (size_t i = 0; i < cap; i++) {
    if (r->by_status[i].count && r->by_status[i].status != status) continue;
    r->by_status[i].status = status;
    r->by_status[i].count++;
    return;
  }
}

static void count(struct run_result *r, const struct exchange *e) {
  r->requests_sent += e->attempts;
  int first = e->is_again ? 0 : 1;
  if (e->attempts > first) r->requests_retried += e->attempts - first;
  r->bytes_sent += e->bytes_sent;
  r->bytes_received += e->bytes_received;
  if (e->status) count_status(r, e->status);
}

static struct metered *take_asker(struct meter *m, const struct exchange *e) {
  for (size_t i = 0; i < m->under_way_len; i++) {
    if (m->under_way[i].exchange != e) continue;
    struct metered *asker = m->under_way[i].asker;
    m->under_way[i] = m->under_way[--m->under_way_len];
    return asker;
  }
  assert(false); /* an exchange that nobody submitted */
  return NULL;
}

static struct exchange *take_back(struct metered *a) {
  struct exchange *e = a->back[0];
  a->back_len--;
  memmove(a->back, a->back + 1, a->back_len * sizeof *a->back);
  return e;
}

static struct exchange *next(struct transport *t) {
  struct metered *a = (struct metered *)t;
  struct exchange *e;
  if (a->back_len) return take_back(a);
  while ((e = transport_next(a->meter->under))) {
    struct metered *asker = take_asker(a->meter, e);
    count(a->meter->result, e);
    if (asker == a) return e;
    asker->back[asker->back_len++] = e; /* no more than are under way */
  }
  return NULL;
}

void meter_init(struct meter *m, struct transport *under, struct run_result *result) {
  *m = (struct meter){.under = under, .result = result};
}

void metered_init(struct metered *a, struct meter *m) {
  *a = (struct metered){.transport = {.whom = m->under->whom,
                                      .ready_at = ready_at,
                                      .take = take,
                                      .submit = submit,
                                      .next = next,
                                      .cancel = cancel},
                        .meter = m};
}
