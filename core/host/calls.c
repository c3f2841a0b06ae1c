/* What a worker may ask for by name; everything else is refused. */
#include "host/calls_inside.h"

#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/number.h"
#include "base/random.h"
#include "host/query_call.h"

#include <stdio.h>
#include <unistd.h>

int calls_texts(struct slice json, const char *const *names, struct buf *to, size_t len,
                struct error *err) {
  struct json_scan scan;
  json_init(&scan, 8);
  json_feed(&scan, json, true);
  if (json_next(&scan) != JSON_OBJECT_BEGIN) goto wrong;
  for (enum json_token token = json_next(&scan); token != JSON_OBJECT_END;
       token = json_next(&scan)) {
    size_t i = 0;
    if (token != JSON_KEY) goto wrong;
    while (i < len && !slice_is(scan.text, names[i])) i++;
    if (i == len || json_next(&scan) != JSON_STRING || json_unescape(&to[i], scan.text) ||
        !buf_ok(&to[i]))
      goto wrong;
  }
  return 0;
wrong:
  return error_set(err, ERROR_INTERNAL, "the worker's call has arguments that make no sense");
}

void calls_reply_error(struct running *r, const struct error *err) {
  running_send(r,
               &(struct message){.kind = MESSAGE_REPLY,
                                 .number = {err->code, err->line},
                                 .text = {{NULL, 0}, slice_of(err->message), slice_of(err->hint)}});
}

/* ---- hoko.api ------------------------------------------------------------ */

/* Whether a request to Hoko can be made. */
static int need_hoko(struct running *r, struct error *err) {
  if (r->stop.code != ERROR_NONE) {
    *err = r->stop;
    return -1;
  }
  if (running_need_net(r, err) == 0) return 0;
  running_stop(r, err);
  return -1;
}

static int call_api(struct running *r, struct slice json, struct reply *reply, struct error *err) {
  if (need_hoko(r, err)) return -1;
  r->api.give_up_ms = r->job->give_up_ms;
  random_bytes(&r->api.seed, sizeof r->api.seed);
  reply->is_later = true;
  return api_call_begin(&r->api, json, err);
}

static void reply_later(struct running *r, const struct buf *json, int rc, struct error *err) {
  if (rc == 0 && !buf_ok(json))
    rc = error_set(err, ERROR_MEMORY, "the answer is too large for a script");
  if (rc)
    calls_reply_error(r, err);
  else
    running_send(r, &(struct message){.kind = MESSAGE_REPLY, .text = {buf_slice(json)}});
}

/* What stops an upsert stops the run here, too. */
static void stop_for(struct running *r, int rc, const struct error *err) {
  if (rc && (err->code == ERROR_AUTH || err->code == ERROR_UNREACHABLE || err->code == ERROR_STATE))
    running_stop(r, err);
}

static void step_api(struct running *r) {
  struct buf reply = BUF_WITH_LIMIT(FRAME_PAYLOAD_MAX / 2 * 3 / 2);
  struct error err;
  int rc;
  if (api_call_step(&r->api, &r->call_gate.transport, r->job->clock, &reply, &rc, &err)) {
    if (r->api.is_listing) stop_for(r, rc, &err);
    reply_later(r, &reply, rc, &err);
  }
  buf_free(&reply);
}

/* ---- hoko.partners.delete ------------------------------------------------ */

static int call_delete(struct running *r, struct slice json, struct reply *reply,
                       struct error *err) {
  if (need_hoko(r, err)) return -1;
  struct delete_options o = {.job = {.transport = &r->call_gate.transport,
                                     .clock = r->job->clock,
                                     .batch_rows = DELETE_CALL_IDS_MAX,
                                     .give_up_ms = r->job->give_up_ms,
                                     .bisect_limit = r->job->bisect_limit},
                             .base_url = slice_of(r->job->base_url),
                             .may_be_declined = r->job->events.confirm};
  random_bytes(&o.job.seed, sizeof o.job.seed);
  random_bytes(&o.job.hash_key, sizeof o.job.hash_key);
  int rc = r->job->is_dry ? 0 : running_need_state(r, err); /* a dry run deletes nothing */
  if (!r->job->is_dry) o.state = r->state;
  if (rc == 0) rc = delete_call_begin(&r->deletion, json, &o, err);
  stop_for(r, rc, err);
  reply->is_later = true;
  return rc;
}

static void step_delete(struct running *r) {
  struct buf reply = BUF_WITH_LIMIT(1 << 20);
  struct error err;
  int rc;
  if (delete_call_step(&r->deletion, &reply, &rc, &err)) {
    stop_for(r, rc, &err);
    reply_later(r, &reply, rc, &err);
  }
  buf_free(&reply);
}

/* ---- hoko.http ----------------------------------------------------------- */

static void answer_error(struct running *r, const struct error *err) {
  if (err->code == ERROR_AUTH) running_stop(r, err); /* as for Hoko's own key: exit code 5 */
  running_send(r, &(struct message){
                      .kind = MESSAGE_ANSWER,
                      .number = {err->code},
                      .text = {{NULL, 0}, {NULL, 0}, slice_of(err->message), slice_of(err->hint)}});
}

void calls_http(struct running *r, const struct message *m) {
  struct error err;
  if (m->kind == MESSAGE_HTTP_DROP)
    http_calls_drop(&r->http, m->number[0]);
  else if (m->kind == MESSAGE_HTTP ? http_calls_ask(&r->http, r->job, m, &err)
                                   : http_calls_pull(&r->http, m->number[0], &err))
    answer_error(r, &err);
}

static void step_http(struct running *r) {
  struct message answer;
  if (http_calls_step(&r->http, running_now(r), &answer)) running_send(r, &answer);
}

/* ---- hoko test ------------------------------------------------------------ */

static int call_test_result(struct running *r, struct slice json, struct reply *reply,
                            struct error *err) {
  static const char *const names[] = {"file", "name", "message", "seconds"};
  enum { NAMES = sizeof names / sizeof *names };
  struct buf texts[NAMES];
  for (size_t i = 0; i < NAMES; i++) texts[i] = BUF_WITH_LIMIT(1 << 20);
  int rc = calls_texts(json, names, texts, NAMES, err);
  const struct run_events *events = &r->job->events;
  if (rc == 0 && events->tested)
    events->tested(events->user, buf_slice(&texts[0]), buf_slice(&texts[1]), buf_slice(&texts[2]),
                   buf_slice(&texts[3]));
  for (size_t i = 0; i < NAMES; i++) buf_free(&texts[i]);
  buf_add_text(&reply->json, "true");
  return rc;
}

/* ---- os.execute, io.popen ------------------------------------------------- */

/* {"line": …, "pipe": "read", "write" or "no"} → the command's number. */
static int call_command(struct running *r, struct slice json, struct reply *reply,
                        struct error *err) {
  static const char *const names[] = {"line", "pipe"};
  struct buf texts[2] = {BUF_WITH_LIMIT(1 << 20), BUF_WITH_LIMIT(16)};
  int number = -1;
  if (calls_texts(json, names, texts, 2, err) == 0) {
    struct slice pipe = buf_slice(&texts[1]);
    enum command_pipe which = slice_is(pipe, "read")    ? COMMAND_READ
                              : slice_is(pipe, "write") ? COMMAND_WRITE
                                                        : COMMAND_NO_PIPE;
    number = commands_start(&r->commands, buf_slice(&texts[0]), which, &reply->fd, err);
  }
  if (number > 0) buf_printf(&reply->json, "%d", number);
  buf_free(&texts[0]);
  buf_free(&texts[1]);
  return number < 0 ? -1 : 0;
}

/* {"number": "3"} → {"how": "exit" or "signal", "code": …}, when it has ended. */
static int call_command_end(struct running *r, struct slice json, struct reply *reply,
                            struct error *err) {
  static const char *const names[] = {"number"};
  struct buf text = BUF_WITH_LIMIT(32);
  int64_t number = 0;
  int rc = calls_texts(json, names, &text, 1, err);
  if (rc == 0 && number_int64(buf_slice(&text), 1, COMMANDS_MAX, &number))
    number = 0; /* which none has */
  if (rc == 0) rc = commands_await(&r->commands, number, err);
  reply->is_later = true;
  r->is_replying = false; /* the script's own time goes on */
  buf_free(&text);
  return rc;
}

static void step_command(struct running *r) {
  struct command_end end;
  char json[64];
  if (!commands_take_end(&r->commands, &end)) return;
  (void)snprintf(json, sizeof json, "{\"how\":\"%s\",\"code\":%d}",
                 end.is_signal ? "signal" : "exit", end.code);
  running_send(r, &(struct message){.kind = MESSAGE_REPLY, .text = {slice_of(json)}});
}

/* ---- hoko.sql ------------------------------------------------------------ */

static int call_sql(struct running *r, struct slice json, struct reply *reply, struct error *err) {
  struct query *query;
  reply->is_later = true;
  int rc = query_call_open(r, json, &query, err);
  if (rc && err->code == ERROR_AUTH) running_stop(r, err); /* as for hoko.http */
  return rc ? -1 : queries_add(&r->queries, query, err);
}

/* {"number": "3"} → its next rows. */
static int call_sql_rows(struct running *r, struct slice json, struct reply *reply,
                         struct error *err) {
  static const char *const names[] = {"number"};
  struct buf text = BUF_WITH_LIMIT(32);
  int64_t number = 0;
  int rc = calls_texts(json, names, &text, 1, err);
  if (rc == 0 && number_int64(buf_slice(&text), 1, INT64_MAX, &number))
    number = 0; /* which none has */
  if (rc == 0) rc = queries_ask(&r->queries, number, err);
  reply->is_later = true;
  buf_free(&text);
  return rc;
}

static void step_queries(struct running *r) {
  struct slice reply;
  struct error err;
  int got = queries_step(&r->queries, &reply, &err);
  if (got < 0) calls_reply_error(r, &err);
  if (got > 0) running_send(r, &(struct message){.kind = MESSAGE_REPLY, .text = {reply}});
}

void calls_step(struct running *r) {
  step_api(r);
  step_delete(r);
  step_http(r);
  step_command(r);
  step_queries(r);
}

void calls_stop(struct running *r, const struct error *why) {
  if (r->http.asked) {
    http_calls_cancel(&r->http);
    answer_error(r, why);
  }
  if (r->queries.asked) {
    queries_cancel(&r->queries);
    calls_reply_error(r, why);
  }
  delete_call_stop(&r->deletion, why);
  if (r->api.is_sent || (r->deletion.is_active && !removal_is_done(r->deletion.removal)))
    transport_cancel(net_transport(r->net));
  if (!r->api.is_active || r->api.is_sent) return;
  r->api.is_active = false;
  calls_reply_error(r, why);
}

void calls_forget(struct running *r) {
  commands_end(&r->commands);
  r->commands = (struct commands){.allowed = &r->job->allowed, .folder = r->job->folder};
  queries_close(&r->queries);
  queries_init(&r->queries, r->job->clock);
  http_calls_cancel(&r->http);
  for (int stream = 1; stream <= HTTP_OPEN_MAX; stream++) http_calls_drop(&r->http, stream);
}

int64_t calls_wake_at(struct running *r) {
  const int64_t at[] = {delete_call_wake_at(&r->deletion),
                        api_call_wake_at(&r->api, &r->call_gate.transport),
                        http_calls_wake_at(&r->http), queries_wake_at(&r->queries)};
  int64_t first = INT64_MAX;
  for (size_t i = 0; i < sizeof at / sizeof *at; i++)
    if (at[i] < first) first = at[i];
  return first;
}

/* ---- a session's values -------------------------------------------------- */

static int call_columns(struct running *r, struct slice json, struct reply *reply,
                        struct error *err) {
  (void)json;
  if (r->job->kind != JOB_SESSION)
    return error_set(err, ERROR_INTERNAL, "only a session shows values");
  buf_printf(&reply->json, "%zu", r->job->events.columns(r->job->events.user));
  return 0;
}

/* ---- the table ----------------------------------------------------------- */

struct call {
  const char *name;
  int (*run)(struct running *r, struct slice json, struct reply *reply, struct error *err);
};

static const struct call calls[] = {{"log", call_log},
                                    {"api", call_api},
                                    {"delete", call_delete},
                                    {"store_get", call_store_get},
                                    {"test_result", call_test_result},
                                    {"store_set", call_store_set},
                                    {"columns", call_columns},
                                    {"command", call_command},
                                    {"command_end", call_command_end},
                                    {"remove", call_remove},
                                    {"rename", call_rename},
                                    {"sql", call_sql},
                                    {"sql_rows", call_sql_rows}};

static void send_reply(struct running *r, struct reply *reply) {
  const struct message m = {.kind = MESSAGE_REPLY, .text = {buf_slice(&reply->json)}};
  if (reply->fd < 0)
    running_send(r, &m);
  else
    (void)!channel_send_fd(r->worker->channel, &m, reply->fd); /* as in running_send() */
  reply->fd = -1;
  r->is_replying = false;
}

void calls_call(struct running *r, const struct message *m) {
  struct reply reply = {.json = BUF_WITH_LIMIT(FRAME_PAYLOAD_MAX / 2), .fd = -1};
  struct error err;
  const struct call *call = NULL;
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
    if (slice_is(m->text[0], calls[i].name)) call = &calls[i];
  int rc = call ? call->run(r, m->text[1], &reply, &err)
                : error_set(&err, ERROR_INTERNAL, "the worker asked for an unknown call");
  if (rc == 0 && !buf_ok(&reply.json))
    rc = error_set(&err, ERROR_MEMORY, "the answer is too large for a script");
  if (rc)
    calls_reply_error(r, &err);
  else if (!reply.is_later)
    send_reply(r, &reply);
  if (reply.fd >= 0) (void)close(reply.fd);
  buf_free(&reply.json);
}
