#include "host/task.h"

#include "base/json_text.h"
#include "base/utf8.h"

#include <inttypes.h>

static bool is_text(const char *text) { return utf8_check(slice_of(text)) == strlen(text); }

static void put_list(struct buf *b, const char *const *texts) {
  buf_add_char(b, '[');
  for (size_t i = 0; texts && texts[i]; i++) {
    if (i) buf_add_char(b, ',');
    json_put_string(b, slice_of(texts[i]));
  }
  buf_add_char(b, ']');
}

static bool is_visible(const struct job *job, struct slice name) {
  if (slice_is(name, "LANG") || slice_is(name, "TZ")) return true;
  for (size_t i = 0; job->allowed.env.at && job->allowed.env.at[i]; i++)
    if (slice_is(name, job->allowed.env.at[i])) return true;
  return false;
}

static void put_environment(struct buf *b, const struct job *job) {
  bool is_first = true;
  buf_add_char(b, '{');
  for (char *const *e = job->environment; e && *e; e++) {
    const char *equals = strchr(*e, '=');
    if (!equals || !is_visible(job, (struct slice){*e, (size_t)(equals - *e)}) || !is_text(*e))
      continue;
    if (!is_first) buf_add_char(b, ',');
    is_first = false;
    json_put_string(b, (struct slice){*e, (size_t)(equals - *e)});
    buf_add_char(b, ':');
    json_put_string(b, slice_of(equals + 1));
  }
  buf_add_char(b, '}');
}

static void put_kind(struct buf *b, const struct job *job) {
  switch (job->kind) {
  case JOB_SCRIPT: return;
  case JOB_TESTS:
    buf_printf(b,
               ",\"kind\":\"tests\",\"is_tap\":%s,\"is_update\":%s,\"wants_results\":%s,\"tests\":",
               job->is_tap ? "true" : "false", job->is_update ? "true" : "false",
               job->events.tested ? "true" : "false");
    put_list(b, job->tests.at);
    return;
  case JOB_SESSION: buf_add_text(b, ",\"kind\":\"session\""); return;
  case JOB_CODE:
    buf_printf(b, ",\"kind\":\"code\",\"columns\":%zu,\"code\":", job->columns);
    json_put_string(b, slice_of(job->code));
    return;
  }
}

static void put_task(struct buf *b, const struct job *job, const char *run) {
  buf_add_text(b, "{\"script\":");
  json_put_string(b, slice_of(job->script));
  buf_add_text(b, ",\"args\":");
  put_list(b, job->args);
  if (job->stream) {
    buf_add_text(b, ",\"stream\":");
    json_put_string(b, slice_of(job->stream));
  }
  buf_printf(b, ",\"run\":\"%s\",\"dry_run\":%s", run, job->is_dry ? "true" : "false");
  if (job->cause) {
    buf_add_text(b, ",\"cause\":");
    buf_add_text(b, job->cause); /* JSON as it was recorded */
  }
  buf_printf(b,
             ",\"limits\":{\"batch_rows\":%" PRId64 ",\"batch_bytes\":%" PRId64
             ",\"concurrency\":%" PRId64 "}",
             job->batch_rows, job->batch_bytes, job->concurrency);
  buf_add_text(b, ",\"env\":");
  put_environment(b, job);
  buf_add_text(b, ",\"env_allowed\":{\"LANG\":true,\"TZ\":true");
  for (size_t i = 0; job->allowed.env.at && job->allowed.env.at[i]; i++) {
    buf_add_char(b, ',');
    json_put_string(b, slice_of(job->allowed.env.at[i]));
    buf_add_text(b, ":true");
  }
  buf_add_char(b, '}');
  bool is_listed = job->allowed.run.at && job->allowed.run.at[0];
  if (job->allowed.is_run_any || is_listed)
    buf_printf(b, ",\"commands\":\"%s\"", job->allowed.is_run_any ? "any" : "listed");
  put_kind(b, job);
  buf_add_char(b, '}');
}

static int64_t task_flags(const struct job *job) {
  return (job->is_verbose ? TASK_VERBOSE : 0) | (job->is_uncaged ? TASK_UNCAGED : 0);
}

static int check_texts(const struct job *job, struct error *err) {
  for (size_t i = 0; job->args && job->args[i]; i++)
    if (!is_text(job->args[i]))
      return error_set(err, ERROR_USAGE, "argument %zu is not valid UTF-8", i + 1);
  if (!is_text(job->script))
    return error_set(err, ERROR_USAGE, "the name of the script is not valid UTF-8");
  for (size_t i = 0; job->tests.at && job->tests.at[i]; i++)
    if (!is_text(job->tests.at[i]))
      return error_set(err, ERROR_USAGE, "the name of a test is not valid UTF-8");
  if (job->code && !is_text(job->code))
    return error_set(err, ERROR_USAGE, "the code is not valid UTF-8");
  return 0;
}

int task_send(struct channel *channel, const struct job *job, const char *run, struct error *err) {
  static const enum task tasks[] = {[JOB_SCRIPT] = TASK_RUN,
                                    [JOB_TESTS] = TASK_TEST,
                                    [JOB_CODE] = TASK_EVAL,
                                    [JOB_SESSION] = TASK_SESSION};
  struct buf json = BUF_WITH_LIMIT(FRAME_PAYLOAD_MAX / 2);
  if (check_texts(job, err)) return -1;
  put_task(&json, job, run);
  struct message m = {.kind = MESSAGE_TASK,
                      .number = {tasks[job->kind], task_flags(job), job->memory_bytes},
                      .text = {slice_of("run"), buf_slice(&json)}};
  int rc = buf_ok(&json) ? channel_send(channel, &m) : -1;
  buf_free(&json);
  return rc ? error_set(err, ERROR_LIMIT, "the worker process ended before it took its task") : 0;
}
