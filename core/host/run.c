/* The loop of a run: worker, network and signals on one side, sync on the other. */
#include "host/running.h"

#include "base/json_text.h"
#include "base/printable.h"
#include "base/random.h"
#include "base/signals.h"
#include "host/excerpt.h"
#include "host/script_end.h"
#include "host/task.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
  TICK_MS = 100,
  SIGNAL_WAIT_S = 30,
  ASK_MS = 100,
  ASK_TICK_MS = 10,
  ASKS_MAX = 2,
  MESSAGES_AT_ONCE = 64,
  WARNINGS_MAX = 64 << 10
};

static const int64_t NS_A_MS = 1000000, NS_A_S = 1000000000;

int64_t running_now(const struct running *r) { return clock_mono_ns(r->job->clock); }

void running_stop(struct running *r, const struct error *why) {
  if (r->stop.code == ERROR_NONE) r->stop = *why;
}

void running_send(struct running *r, const struct message *m) {
  if (r->is_closed) return;
  (void)!channel_send(r->worker->channel,
                      m); /* of a worker that is gone, reading finds the last words and the end */
  switch (m->kind) {
  case MESSAGE_ANSWER:
  case MESSAGE_REPLY: r->is_replying = false; break;
  case MESSAGE_CREDIT:
    r->credits += m->number[0];
    if (!r->is_source_ended) r->is_awaited = false;
    break;
  case MESSAGE_RESULT: r->is_awaited = false; break;
  default: break;
  }
}

void running_warn(struct running *r, const char *message) {
  struct buf *warnings = &r->result->warnings;
  if (strncmp(message, r->warned, sizeof r->warned - 1) == 0) return;
  (void)snprintf(r->warned, sizeof r->warned, "%s", message);
  r->job->events.warn(r->job->events.user, message);
  if (warnings->len > WARNINGS_MAX / 2) return; /* there is room for no other */
  if (warnings->len) buf_add_char(warnings, ',');
  json_put_string(warnings, slice_of(message));
}

/* ---- state and network, when they are first needed ------------------------ */

int running_need_state(struct running *r, struct error *err) {
  if (r->state) return 0;
  struct state_options o = {
      .url = r->job->state, .clock = r->job->clock, .is_reader = r->job->is_dry};
  if (state_open(&r->state, &o, err)) return -1;
  if (r->job->is_dry) return 0;
  struct run_record record = {.script = slice_of(r->job->script),
                              .job = slice_of(r->job->name),
                              .started_ms = r->result->started_ms};
  memcpy(record.run, r->result->run, sizeof record.run);
  if (r->job->run ? run_record_claim(r->state, &record, err)
                  : run_record_begin(r->state, &record, err))
    return -1;
  r->run_number = record.number;
  return 0;
}

/* What leaves no trace in a state shares no limit in it either. */
static bool shares_rate(const struct running *r) {
  return !r->job->is_dry && (r->job->kind == JOB_SCRIPT || r->state);
}

int running_need_net(struct running *r, struct error *err) {
  if (r->net) return 0;
  if (!r->key && r->job->events.key(r->job->events.user, &r->key, err)) return -1;
  if (shares_rate(r) && running_need_state(r, err)) return -1;
  struct net_options o = {.base_url = r->job->base_url,
                          .key = r->key,
                          .concurrency = (int)r->job->concurrency,
                          .requests_per_minute = (int)r->job->requests_per_minute,
                          .give_up_ms = r->job->give_up_ms,
                          .clock = r->job->clock};
  if (shares_rate(r)) o.share = shared_rate_begin(&r->rate, r->state, r->job->base_url, r->key);
  if (net_open(&r->net, &o, err)) return -1;
  meter_init(&r->meter, net_transport(r->net), r->result);
  metered_init(&r->for_rows, &r->meter);
  metered_init(&r->for_call, &r->meter);
  gate_init(&r->rows_gate, &r->for_rows, r, true);
  gate_init(&r->call_gate, &r->for_call, r, false);
  return 0;
}

/* ---- the end of the script ------------------------------------------------ */

void running_fail(struct running *r, const struct error *err) {
  if (r->result->has_error) return;
  r->result->has_error = true;
  r->result->err = *err;
}

/* The last line known to have run is the error's place. */
static void place_last_line(const struct running *r, struct error *err) {
  char file[SPOT_FILE_SIZE], shown[sizeof err->file];
  int line = spot_get(r->worker->spot, file);
  printable_copy(shown, sizeof shown, slice_of(file));
  if (line) (void)error_place(err, shown, line);
}

/* The line that ERR is about; only of what the script itself may read. */
static void show_line(struct running *r, const struct error *err) {
  struct error ignored;
  enum open_mode mode = strcmp(err->file, r->job->script) == 0 ? OPEN_MODULE : OPEN_READ;
  if (!err->line || !err->file[0] || strcmp(err->file, "-") == 0) return;
  int fd = files_open_for(&r->files, slice_of(err->file), mode, &ignored);
  if (fd < 0) return;
  excerpt_put(&r->result->excerpt, fd, err->line);
  (void)close(fd);
}

static void script_done(struct running *r, const struct message *m) {
  struct error err;
  r->is_done = true;
  r->done = (enum done)m->number[0];
  r->done_number = m->number[1];
  if (r->job->kind == JOB_SESSION && r->done == DONE_OK) buf_add_slice(&r->done_text, m->text[3]);
  upsert_cut(r); /* it may end in the middle of its source */
  if (script_end_read(m, r->job->memory_bytes, &err) == 0) return;
  if (err.code == ERROR_LIMIT) place_last_line(r, &err);
  if (m->number[0] == DONE_ERROR) buf_add_slice(&r->result->trace, m->text[2]);
  show_line(r, &err);
  running_fail(r, &err);
}

/* The worker is gone without a word: killed from outside, or by the kernel. */
static void worker_lost(struct running *r) {
  struct error err;
  r->is_closed = true;
  upsert_cut(r);
  if (r->is_done || r->signal || r->result->has_error) return;
  (void)error_set(&err, ERROR_LIMIT, "the worker process ended without a word");
  (void)error_hint(&err,
                   "the kernel may have ended it for want of memory; see dmesg, or set --memory");
  running_fail(r, &err);
}

/* ---- messages ------------------------------------------------------------ */

/* Who asked for an end need not see what was printed before it, which may be much. */
static void take_output(struct running *r, const struct message *m) {
  if (r->interrupt.is_asked) return;
  r->job->events.output(r->job->events.user, m->number[0] == STDERR_FILENO, m->text[0]);
}

static void take_message(struct running *r, const struct message *m) {
  r->is_replying = m->kind == MESSAGE_OPEN || m->kind == MESSAGE_CALL || m->kind == MESSAGE_HTTP ||
                   m->kind == MESSAGE_HTTP_PULL;
  if (m->kind == MESSAGE_UPSERT || m->kind == MESSAGE_END) r->is_awaited = true;
  switch (m->kind) {
  case MESSAGE_OPEN: calls_open(r, m); break;
  case MESSAGE_CALL: calls_call(r, m); break;
  case MESSAGE_HTTP:
  case MESSAGE_HTTP_PULL:
  case MESSAGE_HTTP_DROP: calls_http(r, m); break;
  case MESSAGE_OUTPUT: take_output(r, m); break;
  case MESSAGE_UPSERT: upsert_begin(r, m); break;
  case MESSAGE_FILE: upsert_file(r, m); break;
  case MESSAGE_ROWS: upsert_rows(r, m); break;
  case MESSAGE_REJECT: upsert_reject(r, m); break;
  case MESSAGE_SEEN: upsert_seen(r, m); break;
  case MESSAGE_END: upsert_end(r, m); break;
  case MESSAGE_DROP: queries_drop(&r->queries, m->number[0]); break;
  case MESSAGE_DONE: script_done(r, m); break;
  default: r->is_closed = true; break; /* none of these comes from a worker of ours */
  }
}

/* Not all that come: a script that prints without end leaves signals and limits their turn. */
static void take_messages(struct running *r) {
  struct message m;
  struct error err;
  for (int i = 0; i < MESSAGES_AT_ONCE && !r->is_closed && !r->is_done; i++) {
    switch (channel_next(r->worker->channel, &m, &err)) {
    case CHANNEL_MESSAGE: take_message(r, &m); break;
    case CHANNEL_NOTHING: return;
    case CHANNEL_CLOSED: worker_lost(r); return;
    case CHANNEL_BROKEN:
      running_fail(r, &err);
      worker_lost(r);
      return;
    }
  }
}

/* ---- signals and limits --------------------------------------------------- */

void running_end_worker(struct running *r) {
  worker_end(r->worker);
  queries_close(&r->queries); /* nobody reads on */
  r->is_closed = true;
  upsert_cut(r);
}

static void first_signal(struct running *r, int number) {
  struct error err;
  r->signal = number;
  r->signal_deadline_ns = running_now(r) + SIGNAL_WAIT_S * NS_A_S;
  (void)error_set(&err, ERROR_INTERRUPTED, "stopped by %s",
                  number == SIGINT    ? "SIGINT"
                  : number == SIGTERM ? "SIGTERM"
                                      : "SIGHUP");
  running_end_worker(r);
  running_stop(r, &err);
  if (r->sync) sync_stop(r->sync, &err);
}

static void take_signals(struct running *r) {
  struct signalfd_siginfo info;
  while (read(r->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
    if (r->job->kind == JOB_SESSION && info.ssi_signo == SIGINT)
      interrupt_ask(r);
    else if (r->signal)
      r->signal_deadline_ns = 0; /* the second one does not wait */
    else
      first_signal(r, (int)info.ssi_signo);
  }
  if (r->signal && r->sync && r->net && running_now(r) >= r->signal_deadline_ns)
    transport_cancel(net_transport(r->net));
}

/* Asks the script that has run too long where it is, and again ASK_MS later; false: it
 * has told, or no answer is worth waiting for. */
static bool is_asking(struct running *r, int64_t now) {
  char file[SPOT_FILE_SIZE];
  if (!r->asked)
    r->late_ns = now;
  else if (spot_get(r->worker->spot, file))
    return false;
  if (now < r->late_ns + r->asked * ASK_MS * NS_A_MS) return true;
  if (r->asked == ASKS_MAX) return false;
  r->asked++;
  worker_ask(r->worker);
  return true;
}

/* Time counts while the script itself runs, not while it waits for us. */
static void watch_time(struct running *r) {
  int64_t now = running_now(r);
  bool is_full = r->sync && r->credits <= 0;
  bool is_waiting = r->is_replying || r->is_awaited || is_full || r->is_done || r->is_closed;
  if (!is_waiting) r->script_ns += now - r->last_ns;
  r->last_ns = now;
  if (!r->job->timeout_ms || r->is_done || r->is_closed ||
      r->script_ns < r->job->timeout_ms * NS_A_MS)
    return;
  if (is_asking(r, now)) return;
  take_messages(r); /* what it printed before it told */
  if (r->is_done || r->is_closed) return;
  struct error err;
  char file[SPOT_FILE_SIZE];
  const char *untold = spot_get(r->worker->spot, file) ? "" : ", at a line that it did not tell";
  (void)error_set(&err, ERROR_LIMIT, "the script ran past its limit of %" PRId64 " ms%s",
                  r->job->timeout_ms, untold);
  (void)error_hint(&err, "set --timeout, or look for a loop that does not end");
  place_last_line(r, &err);
  show_line(r, &err);
  running_fail(r, &err);
  running_end_worker(r);
}

/* ---- the loop ------------------------------------------------------------ */

static int timeout_ms(struct running *r) {
  int64_t now = running_now(r),
          at = now + (r->asked || r->interrupt.is_asked ? ASK_TICK_MS : TICK_MS) * NS_A_MS;
  int64_t wake = upsert_wake_at(r), call = calls_wake_at(r);
  if (call < wake) wake = call;
  if (wake < at) at = wake;
  return at <= now ? 0 : (int)((at - now + NS_A_MS - 1) / NS_A_MS);
}

static void wait_for_something(struct running *r) {
  struct pollfd fds[5 + QUERIES_MAX] = {{.fd = r->signal_fd, .events = POLLIN}};
  nfds_t n = 1;
  if (!r->is_closed && !r->is_done) {
    bool has_more = channel_queued(r->worker->channel) > 0;
    fds[n++] = (struct pollfd){.fd = channel_fd(r->worker->channel),
                               .events = (short)(POLLIN | (has_more ? POLLOUT : 0))};
  }
  if (r->net) fds[n++] = (struct pollfd){.fd = net_fd(r->net), .events = POLLIN};
  if (commands_fd(&r->commands) >= 0)
    fds[n++] = (struct pollfd){.fd = commands_fd(&r->commands), .events = POLLIN};
  fds[n++] =
      (struct pollfd){.fd = http_calls_fd(&r->http), .events = POLLIN}; /* -1 is passed over */
  n += queries_poll(&r->queries, fds + n);
  (void)poll(fds, n, timeout_ms(r)); /* EINTR and time-outs are all the same to the loop */
}

/* What is waited for, "" where nothing is; a long wait is told once. */
static const char *tell_wait(struct running *r) {
  char text[RATE_WAIT_TEXT_SIZE];
  if (!r->net) return "";
  struct net_limits limits = net_limits(r->net);
  if (rate_wait_tell(&r->wait, &limits, r->job->clock, text))
    r->job->events.log(r->job->events.user, LOG_INFO, slice_of(text), SLICE(""));
  return limits.why != NET_WAIT_NONE ? "the rate limit" : "";
}

static void tell_progress(struct running *r) {
  struct tally t = r->before;
  if (r->sync) tally_add(&t, sync_tally(r->sync));
  const char *wait = tell_wait(r);
  if (r->queries.asked) wait = "the database";
  if (r->job->events.progress) r->job->events.progress(r->job->events.user, &t, wait);
}

/* A limit that cannot be kept with the others is not kept. */
static void watch_rate(struct running *r) {
  if (r->rate.err.code == ERROR_NONE) return;
  running_stop(r, &r->rate.err);
  if (r->sync) sync_stop(r->sync, &r->rate.err);
}

/* What is on the wire for a call comes back before its memory is used again. */
static bool is_calling(const struct running *r) {
  return r->api.is_sent || (r->job->kind == JOB_SESSION && r->deletion.is_active);
}

void running_loop(struct running *r) {
  r->last_ns = running_now(r);
  while (!((r->is_done || r->is_closed) && !r->sync && !is_calling(r))) {
    wait_for_something(r);
    take_signals(r);
    take_messages(r);
    if (!r->is_closed && !r->is_done && channel_flush(r->worker->channel)) worker_lost(r);
    upsert_step(r);
    calls_step(r);
    watch_time(r);
    interrupt_step(r);
    watch_rate(r);
    tell_progress(r);
  }
}

/* ---- the whole ----------------------------------------------------------- */

void running_name(struct running *r) {
  uint8_t random[10];
  random_bytes(random, sizeof random);
  r->result->started_ms = clock_wall_ms(r->job->clock);
  if (r->job->run)
    (void)snprintf(r->result->run, sizeof r->result->run, "%s", r->job->run);
  else
    ulid_format(r->result->started_ms, random, r->result->run);
}

void running_close(struct running *r) {
  worker_stop(r->worker);
  commands_end(&r->commands);
  queries_close(&r->queries);
  stream_close(r->stream);
  net_close(r->net); /* it gives back what it took of the shared limit */
  state_close(r->state);
  api_call_free(&r->api);
  delete_call_free(&r->deletion);
  seen_free(&r->seen);
  http_calls_free(&r->http);
  watermarks_free(&r->watermarks);
  secret_free(r->key);
  buf_free(&r->done_text);
  files_close(&r->files);
  if (r->signal_fd >= 0) (void)close(r->signal_fd);
}

/* A run that the scheduler recorded is claimed before its script is, so that it starts once. */
int running_prepare(struct running *r, struct error *err) {
  const struct job *job = r->job;
  queries_init(&r->queries, r->job->clock);
  r->signal_fd = signals_open(err);
  if (r->signal_fd < 0 || (job->run && running_need_state(r, err)) ||
      files_open(&r->files, job, err))
    return -1;
  if (http_calls_open(&r->http, job, err) || worker_limit_memory(r->worker, job->memory_bytes, err))
    return -1;
  return task_send(r->worker->channel, job, r->result->run, err);
}

void host_run(struct worker *w, const struct job *job, struct run_result *result) {
  struct error err;
  *result = (struct run_result){.excerpt = BUF_WITH_LIMIT(4096),
                                .trace = BUF_WITH_LIMIT(1 << 20),
                                .warnings = BUF_WITH_LIMIT(WARNINGS_MAX)};
  struct running *r = calloc(1, sizeof *r);
  if (!r) {
    (void)error_set(&result->err, ERROR_MEMORY, "out of memory for a run");
    result->has_error = true;
    result->outcome = RUN_STATE;
    result->exit_code = 7;
    worker_stop(w);
    return;
  }
  *r = (struct running){.job = job,
                        .result = result,
                        .worker = w,
                        .signal_fd = -1,
                        .commands = {.allowed = &job->allowed, .folder = job->folder}};
  running_name(r);
  if (running_prepare(r, &err))
    running_fail(r, &err);
  else
    running_loop(r);
  running_finish(r);
  running_close(r);
  free(r);
}

void run_result_free(struct run_result *r) {
  buf_free(&r->excerpt);
  buf_free(&r->trace);
  buf_free(&r->warnings);
}
