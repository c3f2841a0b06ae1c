#include "host/gate.h"

#include "base/json_scan.h"
#include "host/running.h"
#include "sync/missing.h"

#include <assert.h>
#include <stdio.h>

static const char *const methods[] = {[EXCHANGE_GET] = "GET",
                                      [EXCHANGE_POST] = "POST",
                                      [EXCHANGE_PUT] = "PUT",
                                      [EXCHANGE_DELETE] = "DELETE"};

static struct gate *gate_of(struct transport *t) { return (struct gate *)t; }

/* ---- what a request would do --------------------------------------------- */

/* The items of a JSON array; 0 for anything else. */
static int64_t count_items(struct slice json) {
  struct json_scan scan;
  int64_t items = 0;
  unsigned depth = 0;
  json_init(&scan, 64);
  json_feed(&scan, json, true);
  if (json_next(&scan) != JSON_ARRAY_BEGIN) return 0;
  for (;;) {
    enum json_token token = json_next(&scan);
    bool is_end = token == JSON_ARRAY_END || token == JSON_OBJECT_END;
    if (token == JSON_ERROR || token == JSON_NEED_MORE || (is_end && depth == 0)) return items;
    if (is_end)
      depth--;
    else if (depth == 0)
      items++;
    if (token == JSON_ARRAY_BEGIN || token == JSON_OBJECT_BEGIN) depth++;
  }
}

static struct write_plan plan_of_rows(const struct running *r, bool is_delete) {
  if (is_delete)
    return (struct write_plan){.deletes = missing_counts(r->missing).missing, .is_all = true};
  struct sync_planned planned = sync_planned(r->sync);
  return (struct write_plan){
      .creates = planned.creates, .updates = planned.updates, .is_all = planned.is_all};
}

static struct write_plan plan_of_call(const struct exchange *e, const char *call) {
  if (e->method == EXCHANGE_DELETE && strcmp(e->target, "/partners") == 0)
    return (struct write_plan){.deletes = count_items(e->body), .is_all = true};
  return (struct write_plan){.request = call, .is_all = true};
}

/* ---- asking -------------------------------------------------------------- */

static bool is_confirmed(struct running *r, const struct write_plan *plan) {
  if (!r->job->events.confirm || r->is_always_fine) return true;
  enum confirmed answer = r->job->events.confirm(r->job->events.user, plan);
  r->last_ns = running_now(r); /* the person's time is not the script's */
  r->is_always_fine = answer == CONFIRMED_ALWAYS;
  return answer != CONFIRMED_NO;
}

static bool are_rows_fine(struct gate *g, const struct exchange *e) {
  bool is_delete = e->method == EXCHANGE_DELETE;
  bool *is_fine = is_delete ? &g->is_delete_fine : &g->is_write_fine;
  if (*is_fine) return true;
  struct write_plan plan = plan_of_rows(g->r, is_delete);
  *is_fine = is_confirmed(g->r, &plan);
  return *is_fine;
}

static bool is_call_fine(struct gate *g, const struct exchange *e) {
  char call[sizeof g->call];
  (void)snprintf(call, sizeof call, "%s %s", methods[e->method], e->target);
  if (g->r->job->is_dry) return false;
  if (strcmp(call, g->call) == 0) return true;
  struct write_plan plan = plan_of_call(e, call);
  if (!is_confirmed(g->r, &plan)) return false;
  memcpy(g->call, call, sizeof call);
  return true;
}

/* Rows come back as not sent, and the upsert ends; a call is not to be tried again. */
static void decline(struct gate *g, struct exchange *e) {
  struct running *r = g->r;
  const char *why = r->job->is_dry ? "a dry run sends nothing" : "it was not confirmed";
  (void)error_set(&e->err, r->job->is_dry ? ERROR_USAGE : ERROR_INTERRUPTED, "not sent: %s", why);
  e->end = g->is_for_rows ? EXCHANGE_NOT_SENT : EXCHANGE_CANCELLED;
  e->began_mono_ns = e->ended_mono_ns = running_now(r);
  assert(g->declined_len < NET_CONCURRENCY_MAX);
  g->declined[g->declined_len++] = e;
  if (g->is_for_rows && r->sync) sync_stop(r->sync, &e->err);
}

/* ---- the transport ------------------------------------------------------- */

static int64_t ready_at(struct transport *t) {
  struct gate *g = gate_of(t);
  return g->declined_len < NET_CONCURRENCY_MAX ? transport_ready_at(g->under) : INT64_MAX;
}

static bool take(struct transport *t) {
  struct gate *g = gate_of(t);
  return g->declined_len < NET_CONCURRENCY_MAX && g->under->take(g->under);
}

static void submit(struct transport *t, struct exchange *e) {
  struct gate *g = gate_of(t);
  bool is_fine =
      e->method == EXCHANGE_GET || (g->is_for_rows ? are_rows_fine(g, e) : is_call_fine(g, e));
  if (is_fine)
    transport_submit(g->under, e);
  else
    decline(g, e);
}

static struct exchange *next(struct transport *t) {
  struct gate *g = gate_of(t);
  return g->declined_len ? g->declined[--g->declined_len] : transport_next(g->under);
}

static void cancel(struct transport *t) { transport_cancel(gate_of(t)->under); }

void gate_init(struct gate *g, struct metered *under, struct running *r, bool is_for_rows) {
  *g = (struct gate){.transport = {.whom = under->transport.whom,
                                   .ready_at = ready_at,
                                   .take = take,
                                   .submit = submit,
                                   .next = next,
                                   .cancel = cancel},
                     .under = &under->transport,
                     .r = r,
                     .is_for_rows = is_for_rows};
}

void gate_shut(struct gate *g) {
  g->is_write_fine = g->is_delete_fine = false;
  g->call[0] = '\0';
}
