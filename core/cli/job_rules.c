#include "cli/job_rules.h"

#include "base/hash.h"

static const enum policy_overlap overlaps[] = {
    [CONFIG_OVERLAP_SKIP] = POLICY_OVERLAP_SKIP,
    [CONFIG_OVERLAP_QUEUE] = POLICY_OVERLAP_QUEUE,
    [CONFIG_OVERLAP_REPLACE] = POLICY_OVERLAP_REPLACE,
};
static const enum policy_catch_up catch_ups[] = {
    [CONFIG_CATCH_UP_NONE] = POLICY_CATCH_UP_NONE,
    [CONFIG_CATCH_UP_LAST] = POLICY_CATCH_UP_LAST,
    [CONFIG_CATCH_UP_ALL] = POLICY_CATCH_UP_ALL,
};

/* The same in each process, so that a restart changes no start. */
static uint64_t seed_of(const char *name) {
  static const struct hash_key key = {0};
  return hash_slice(&key, slice_of(name));
}

static int at_line(const struct config_job *job, const char *field, struct error *err) {
  (void)error_context(err, "job \"%s\": %s", job->name, field);
  return error_place(err, "hoko.lua", config_job_line(job, field));
}

static int read_schedule(struct job_rules *to, int64_t now_ms, struct error *err) {
  const struct config_job *job = to->job;
  if (cron_parse(&to->cron, slice_of(job->schedule), err) != 0)
    return at_line(job, "schedule", err);
  to->rules.cron = &to->cron;
  if (policy_each(&to->rules, now_ms) < INT64_MAX) return 0;
  (void)error_set(err, ERROR_USAGE, "\"%s\" never comes in %s", job->schedule, job->timezone);
  (void)error_hint(err, "daylight saving jumps over it each time; write the minute as a number");
  return at_line(job, "schedule", err);
}

int job_rules_read(struct job_rules *to, const struct config_job *job, struct zones *zones,
                   int64_t now_ms, struct error *err) {
  *to = (struct job_rules){.job = job,
                           .rules = {.every_ms = job->every_ms,
                                     .overlap = overlaps[job->overlap],
                                     .catch_up = catch_ups[job->catch_up],
                                     .window_ms = job->catch_up_window_ms,
                                     .jitter_ms = job->jitter_ms,
                                     .jitter_seed = seed_of(job->name),
                                     .retry_times = job->retries.times,
                                     .retry_delay_ms = job->retries.delay_ms,
                                     .retry_factor = job->retries.factor}};
  if (zones_get(zones, slice_of(job->timezone), &to->rules.zone, err) != 0)
    return at_line(job, "timezone", err);
  return job->schedule ? read_schedule(to, now_ms, err) : 0;
}

int job_rules_check(const struct config *config, const char *tzdir, int64_t now_ms,
                    struct error *err) {
  struct job_rules rules;
  int rc = 0;
  if (config->jobs_len == 0) return 0;
  struct zones *zones = zones_new(tzdir);
  if (!zones) return error_set(err, ERROR_MEMORY, "no memory for time zones");
  for (size_t i = 0; rc == 0 && i < config->jobs_len; i++)
    rc = job_rules_read(&rules, &config->jobs[i], zones, now_ms, err);
  zones_free(zones);
  return rc;
}
