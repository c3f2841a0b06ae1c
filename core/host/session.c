/* Entries of a person, one after the other, as runs that share a worker, a state and a key. */
#include "host/running.h"

#include "host/excerpt.h"
#include "host/task.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MAX = 4 << 20 };

struct session {
  struct running running;
  struct run_result result;
  struct tally total; /* of the entries before */
};

static int give_task(struct running *r, struct error *err) {
  if (worker_limit_memory(r->worker, r->job->memory_bytes, err)) return -1;
  return task_send(r->worker->channel, r->job, r->result->run, err);
}

int session_open(struct session **out, struct worker *w, const struct job *job, struct error *err) {
  struct session *s = calloc(1, sizeof *s);
  if (!s) {
    worker_stop(w);
    return error_set(err, ERROR_MEMORY, "out of memory for a session");
  }
  struct running *r = &s->running;
  s->result =
      (struct run_result){.excerpt = BUF_WITH_LIMIT(4096), .trace = BUF_WITH_LIMIT(1 << 20)};
  *r = (struct running){.job = job,
                        .result = &s->result,
                        .worker = w,
                        .signal_fd = -1,
                        .done_text = BUF_WITH_LIMIT(ANSWER_MAX),
                        .commands = {.allowed = &job->allowed, .folder = job->folder}};
  running_name(r);
  if (running_prepare(r, err) == 0) {
    *out = s;
    return 0;
  }
  running_close(r);
  free(s);
  return -1;
}

/* ---- one entry ----------------------------------------------------------- */

static void begin(struct running *r) {
  r->is_done = r->is_replying = r->is_awaited = false;
  r->done = DONE_OK;
  r->done_number = 0;
  buf_clear(&r->done_text);
  r->signal = 0;
  r->script_ns = r->late_ns = 0;
  r->asked = 0;
  r->stop = (struct error){.code = ERROR_NONE};
  r->before = (struct tally){0};
  r->upsert_began_ns = 0;
  gate_shut(&r->call_gate);
  r->interrupt = (struct interrupt){.is_asked = false};
  r->result->has_error = false;
  buf_clear(&r->result->excerpt);
  buf_clear(&r->result->trace);
}

/* A session that waits for its person keeps no stream from other runs. */
static void release_stream(struct running *r) {
  struct error err;
  bool is_clean = !r->before.held && !r->before.pending && r->stop.code == ERROR_NONE;
  if (!r->stream) return;
  if (is_clean && !r->job->is_dry && stream_made_clear(r->stream, &err)) running_stop(r, &err);
  stream_close(r->stream);
  r->stream = NULL;
  r->stream_name[0] = '\0';
}

static void ask(struct running *r, enum entry what, struct slice text, int64_t number) {
  begin(r);
  running_send(r,
               &(struct message){.kind = MESSAGE_ENTRY, .number = {what, number}, .text = {text}});
  running_loop(r);
  release_stream(r);
}

/* The worker is gone, or is made to go. */
static int replace_worker(struct running *r, struct error *err) {
  struct worker *fresh;
  worker_end(r->worker);
  calls_forget(r);
  r->credits = 0;
  for (; r->frames_len; r->frames_len--) free(r->frames[r->frames_len - 1].payload);
  r->is_closed = true;
  if (worker_start(&fresh, err)) return -1;
  worker_stop(r->worker);
  r->worker = fresh;
  r->is_closed = false;
  return give_task(r, err);
}

static enum entry_form form_of(const struct running *r) {
  switch (r->done_number) {
  case ENTRY_IS_EXPRESSION: return FORM_EXPRESSION;
  case ENTRY_IS_CALL: return FORM_CALL;
  default: return r->done_text.len ? FORM_SETS_LAST : FORM_CODE;
  }
}

static enum entry_end end_of(const struct running *r) {
  bool is_fine = r->is_done && r->done == DONE_OK;
  if (r->signal || (r->is_done && r->done == DONE_EXIT)) return ENTRY_ENDED_SESSION;
  if (is_fine && r->done_number == ENTRY_IS_INCOMPLETE) return ENTRY_UNFINISHED;
  if (r->interrupt.is_asked) return ENTRY_INTERRUPTED;
  if (r->result->has_error || r->stop.code != ERROR_NONE) return ENTRY_FAILED;
  return is_fine ? ENTRY_RAN : ENTRY_FAILED;
}

/* Whether the LEN bytes at FRAME, "  repl#3:1: in …", are of CHUNK. */
static bool is_frame_of(const char *chunk, const char *frame, size_t len) {
  size_t name_len = strlen(chunk);
  return len > name_len + 2 && memcmp(frame + 2, chunk, name_len) == 0 &&
         frame[name_len + 2] == ':';
}

/* The frames that lead to what was raised; a last one that is the entry itself goes without
 * saying. */
static struct slice frames_of(const struct running *r, const char *chunk) {
  struct slice trace = buf_slice(&r->result->trace);
  const char *last = trace.len ? memrchr(trace.ptr, '\n', trace.len) : NULL;
  if (r->job->is_verbose || !last) return trace;
  size_t before = (size_t)(last - trace.ptr);
  if (is_frame_of(chunk, last + 1, trace.len - before - 1)) trace.len = before;
  return trace.len ? (struct slice){trace.ptr + 1, trace.len - 1} : trace; /* behind a line's end */
}

/* The line of an entry of many that ERR is about; one line was read just now. */
static void show_line(struct buf *to, const struct error *err, struct slice text,
                      const char *chunk) {
  bool has_lines = text.len && memchr(text.ptr, '\n', text.len);
  if (has_lines && strcmp(err->file, chunk) == 0) excerpt_put_text(to, text, err->line);
}

static void tell(struct session *s, struct entry_result *e) {
  struct running *r = &s->running;
  e->end = end_of(r);
  e->form = form_of(r);
  if (e->end == ENTRY_FAILED) e->err = r->result->has_error ? r->result->err : r->stop;
  tally_add(&s->total, &r->before);
  if (!r->is_closed || e->end == ENTRY_ENDED_SESSION) return;
  e->has_new_worker = true;
  if (replace_worker(r, &e->err)) e->end = ENTRY_FAILED;
}

void session_run(struct session *s, struct slice text, int64_t number, struct entry_result *e) {
  char chunk[32];
  *e =
      (struct entry_result){.trace = BUF_WITH_LIMIT(1 << 20), .script = BUF_WITH_LIMIT(ANSWER_MAX)};
  ask(&s->running, ENTRY_RUN, text, number);
  buf_add_slice(&e->script, buf_slice(&s->running.done_text));
  tell(s, e);
  if (e->end != ENTRY_FAILED) return;
  (void)snprintf(chunk, sizeof chunk, "repl#%" PRId64, number);
  show_line(&e->trace, &e->err, text, chunk);
  buf_add_slice(&e->trace, frames_of(&s->running, chunk));
}

int session_ask(struct session *s, enum session_question what, struct slice text,
                struct buf *answer, struct error *err) {
  static const enum entry entries[] = {[SESSION_COMPLETE] = ENTRY_COMPLETE,
                                       [SESSION_SHOW] = ENTRY_SHOW,
                                       [SESSION_HELP] = ENTRY_HELP,
                                       [SESSION_TOPICS] = ENTRY_TOPICS};
  struct running *r = &s->running;
  struct entry_result e = {.trace = BUF_WITH_LIMIT(1 << 20)};
  ask(r, entries[what], text, 0);
  buf_add_slice(answer, buf_slice(&r->done_text));
  tell(s, &e);
  entry_result_free(&e);
  if (e.end == ENTRY_RAN && buf_ok(answer)) return 0;
  *err = e.err;
  if (err->code == ERROR_NONE) (void)error_set(err, ERROR_INTERRUPTED, "interrupted");
  return -1;
}

int session_reset(struct session *s, struct error *err) { return replace_worker(&s->running, err); }

int session_signals(const struct session *s) { return s->running.signal_fd; }

void session_close(struct session *s, struct run_result *result) {
  struct running *r = &s->running;
  int code = r->is_done && r->done == DONE_EXIT && r->done_number ? 1 : 0;
  if (r->signal) code = 128 + r->signal;
  r->before = s->total;
  running_finish(r);
  running_close(r);
  *result = s->result;
  result->exit_code = code;
  free(s);
}

void entry_result_free(struct entry_result *e) {
  buf_free(&e->trace);
  buf_free(&e->script);
}
