#include "host/told.h"

enum { REASONS_MAX = 100 };

static void tell_acked(void *user, uint64_t ordinal, struct slice object) {
  struct running *r = user;
  if (!r->upsert.wants_objects && !r->upsert.wants_drops) return;
  struct message m = {.kind = MESSAGE_ACKED,
                      .number = {(int64_t)ordinal, object.len ? ACKED_WITH_OBJECT : ACKED_NO_CALL},
                      .text = {object}};
  running_send(r, &m);
}

static void tell_dropped(void *user, uint64_t ordinal) {
  struct running *r = user;
  if (!r->upsert.wants_drops) return;
  running_send(
      r, &(struct message){.kind = MESSAGE_ACKED, .number = {(int64_t)ordinal, ACKED_NO_CALL}});
}

static void tell_refused(void *user, uint64_t ordinal, const struct sync_refusal *why) {
  struct running *r = user;
  if (!r->upsert.wants_all_rejects && r->rejects_told >= REASONS_MAX) {
    tell_dropped(user, ordinal);
    return;
  }
  r->rejects_told++;
  struct message m = {.kind = MESSAGE_REFUSED,
                      .number = {(int64_t)ordinal, why->status},
                      .text = {slice_of(why->code), slice_of(why->message), slice_of(why->field)}};
  running_send(r, &m);
}

static void tell_planned(void *user, const struct row *row, bool is_create,
                         const struct known *known) {
  struct running *r = user;
  if (r->job->events.planned) r->job->events.planned(r->job->events.user, row, is_create, known);
}

static void tell_planned_reject(void *user, const struct reject *reject) {
  struct running *r = user;
  if (r->job->events.planned_reject) r->job->events.planned_reject(r->job->events.user, reject);
}

static void tell_planned_wait(void *user, const struct row *row) {
  struct running *r = user;
  if (r->job->events.planned_wait) r->job->events.planned_wait(r->job->events.user, row);
}

static void tell_warning(void *user, const char *message) { running_warn(user, message); }

struct sync_events told_events(struct running *r) {
  const struct upsert_options *u = &r->upsert;
  return (struct sync_events){.user = r,
                              .acked = u->wants_objects || u->wants_drops ? tell_acked : NULL,
                              .dropped = u->wants_drops ? tell_dropped : NULL,
                              .refused = tell_refused,
                              .planned = tell_planned,
                              .planned_reject = tell_planned_reject,
                              .planned_wait = tell_planned_wait,
                              .warn = tell_warning};
}
