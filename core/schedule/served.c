#include "schedule/served.h"

#include <stddef.h>
#include <stdlib.h>

struct served *served_new(const char *name) {
  struct served *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  s->child.process_fd = s->child.output_fd = s->hook.process_fd = s->hook.output_fd = -1;
  s->name = strdup(name);
  s->timezone = strdup("UTC");
  if (s->name && s->timezone) return s;
  served_free(s);
  return NULL;
}

void served_free(struct served *s) {
  if (!s) return;
  child_leave(&s->child);
  child_leave(&s->hook);
  free(s->name);
  free(s->script);
  free(s->schedule);
  free(s->timezone);
  free(s);
}

bool served_is_under_way(const struct served *s) {
  return s->policy.phase == POLICY_RUNNING || s->policy.phase == POLICY_STOPPING;
}

/* ---- the record ---- */

static const struct {
  enum job_flag flag;
  size_t offset;
} flags[] = {{JOB_BY_HAND, offsetof(struct policy, is_by_hand)},
             {JOB_REQUESTED, offsetof(struct policy, is_requested)},
             {JOB_PAUSED, offsetof(struct policy, is_paused)},
             {JOB_KEYLESS, offsetof(struct policy, is_keyless)},
             {JOB_FAILING, offsetof(struct policy, is_failing)}};

static bool *flag_of(struct policy *p, size_t i) { return (bool *)((char *)p + flags[i].offset); }

static char *copy_of(struct slice text) { return text.len ? strndup(text.ptr, text.len) : NULL; }

static int no_memory(const struct served *s, struct error *err) {
  return error_set(err, ERROR_MEMORY, "no memory for job \"%s\"", s->name);
}

static int read_rules(struct served *s, int64_t every_ms, struct zones *zones, struct error *err) {
  struct error ignored = {.code =
                              ERROR_NONE}; /* hoko.lua's reader tells it, if it is still there */
  s->rules = (struct policy_rules){.every_ms = every_ms};
  if (!s->schedule) return 0;
  if (cron_parse(&s->cron, slice_of(s->schedule), &ignored) == 0 &&
      zones_get(zones, slice_of(s->timezone), &s->rules.zone, &ignored) == 0)
    s->rules.cron = &s->cron;
  return ignored.code == ERROR_MEMORY ? no_memory(s, err) : 0;
}

int served_take_record(struct served *s, const struct job_record *r, struct zones *zones,
                       struct error *err) {
  s->policy = (struct policy){.settled_ms = r->settled_ms,
                              .awake_ms = r->awake_ms,
                              .phase = (enum policy_phase)r->phase,
                              .run_ms = r->run_ms,
                              .attempt = r->attempt,
                              .retry_at_ms = r->retry_at_ms,
                              .alert = (enum policy_alert)r->alert};
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    *flag_of(&s->policy, i) = (r->flags & flags[i].flag) != 0;
  memcpy(s->run, r->run, sizeof s->run);
  free(s->schedule);
  free(s->timezone);
  s->schedule = copy_of(r->schedule);
  s->timezone = copy_of(r->timezone);
  if (!s->timezone || (r->schedule.len && !s->schedule)) return no_memory(s, err);
  return read_rules(s, r->every_ms, zones, err);
}

void served_put_record(const struct served *s, const struct policy *policy, struct job_record *to) {
  struct policy p = *policy;
  *to = (struct job_record){.name = slice_of(s->name),
                            .schedule = slice_of(s->schedule),
                            .timezone = slice_of(s->timezone),
                            .every_ms = s->rules.every_ms,
                            .settled_ms = p.settled_ms,
                            .awake_ms = p.awake_ms,
                            .phase = (int)p.phase,
                            .run_ms = p.run_ms,
                            .attempt = p.attempt,
                            .retry_at_ms = p.retry_at_ms,
                            .alert = (int)p.alert};
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (*flag_of(&p, i)) to->flags |= flags[i].flag;
  memcpy(to->run, s->run, sizeof to->run);
}

/* ---- the wish ---- */

static bool is_same(const char *a, const char *b) { return slice_equal(slice_of(a), slice_of(b)); }

bool served_is_as(const struct served *s, const struct daemon_wish *w) {
  return is_same(s->schedule, w->schedule) && s->rules.every_ms == w->rules.every_ms &&
         (!s->schedule || (is_same(s->timezone, w->timezone) && s->rules.cron));
}

int served_take_wish(struct served *s, const struct daemon_wish *w, struct error *err) {
  char *script = strdup(w->script), *timezone = strdup(w->timezone);
  char *schedule = copy_of(slice_of(w->schedule));
  if (!script || !timezone || (w->schedule && !schedule)) {
    free(script);
    free(timezone);
    free(schedule);
    return no_memory(s, err);
  }
  free(s->script);
  free(s->timezone);
  free(s->schedule);
  s->script = script;
  s->timezone = timezone;
  s->schedule = schedule;
  s->rules = w->rules;
  if (w->rules.cron) {
    s->cron = *w->rules.cron;
    s->rules.cron = &s->cron;
  }
  s->has_on_failure = w->on_failure != NULL;
  s->has_on_recovery = w->on_recovery != NULL;
  s->is_wanted = true;
  s->is_leaving = false;
  return 0;
}

void served_drop_wish(struct served *s) {
  free(s->schedule);
  s->schedule = NULL;
  s->rules = (struct policy_rules){.zone = s->rules.zone};
  s->has_on_failure = s->has_on_recovery = s->is_wanted = false;
}
