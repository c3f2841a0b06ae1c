/* The loop at the prompt. */
#include "repl/repl.h"

#include "repl/history.h"
#include "repl/inside.h"

#include <stdlib.h>

static const char first_prompt[] = "hoko> ", next_prompt[] = "   >> ";

void repl_note(const struct repl *r, const char *text) {
  r->options->events.note(r->options->events.user, text);
}

void repl_fail(const struct repl *r, const struct error *err, struct slice trace) {
  r->options->events.fail(r->options->events.user, err, trace);
}

/* ---- entries ------------------------------------------------------------- */

static void tell_end(struct repl *r, const struct entry_result *e) {
  switch (e->end) {
  case ENTRY_RAN:
  case ENTRY_UNFINISHED: break;
  case ENTRY_FAILED: repl_fail(r, &e->err, buf_slice(&e->trace)); break;
  case ENTRY_INTERRUPTED: repl_note(r, "interrupted"); break;
  case ENTRY_ENDED_SESSION: r->is_over = true; break;
  }
  if (e->has_new_worker && e->end == ENTRY_INTERRUPTED)
    repl_note(r, "it did not stop, so its worker was ended; a new one has none of the variables");
  else if (e->has_new_worker)
    repl_note(r, "a new worker has none of the variables");
}

static void remember(void *user, const char *entry) {
  struct repl *r = user;
  editor_remember(r->editor, entry);
}

/* A history that cannot be written is told once. */
static void keep(struct repl *r, const char *entry) {
  struct error err;
  remember(r, entry);
  if (!r->history || history_add(r->history, slice_of(entry), &err) == 0) return;
  repl_fail(r, &err, SLICE(""));
  history_close(r->history);
  r->history = NULL;
}

/* What is left of the entry belongs to the next one only if it is not whole. */
static void run_entry(struct repl *r) {
  struct entry_result e;
  r->options->events.begins(r->options->events.user);
  session_run(r->session, buf_slice(&r->entry), r->number, &e);
  r->options->events.ended(r->options->events.user);
  tell_end(r, &e);
  if (e.end != ENTRY_UNFINISHED) {
    const char *text = buf_text(&r->entry);
    if (text) keep(r, text);
    if (e.has_new_worker)
      script_clear(&r->script);
    else if (e.end == ENTRY_RAN)
      (void)!script_add(&r->script, e.script.len ? buf_slice(&e.script) : buf_slice(&r->entry),
                        e.form); /* :save lacks it */
    buf_clear(&r->entry);
    r->number++;
  }
  entry_result_free(&e);
}

static void run_colon(struct repl *r) {
  const char *text = buf_text(&r->entry);
  if (text) keep(r, text);
  colon_run(r, buf_slice(&r->entry));
  buf_clear(&r->entry);
}

static bool is_blank(struct slice text) {
  for (size_t i = 0; i < text.len; i++)
    if (!memchr(" \t\r\n", text.ptr[i], 4)) return false;
  return true;
}

static void take_line(struct repl *r) {
  struct error err;
  if (!buf_ok(&r->entry)) {
    (void)error_set(&err, ERROR_USAGE, "the entry is longer than %d MiB", EDIT_LINE_MAX >> 20);
    repl_fail(r, &err, SLICE(""));
    buf_clear(&r->entry);
  } else if (is_blank(buf_slice(&r->entry))) {
    buf_clear(&r->entry);
  } else if (colon_is_meant(buf_slice(&r->entry))) {
    run_colon(r);
  } else {
    run_entry(r);
  }
}

/* The input ended within an entry. */
static void tell_unfinished(struct repl *r) {
  struct error err;
  (void)error_set(&err, ERROR_USAGE, "the input ends within a statement");
  if (r->entry.len && !r->options->is_terminal) repl_fail(r, &err, SLICE(""));
}

static int read_entries(struct repl *r) {
  int number = 0;
  while (!r->is_over) {
    if (r->entry.len) buf_add_char(&r->entry, '\n');
    switch (editor_read(r->editor, r->entry.len ? next_prompt : first_prompt, &r->entry, &number)) {
    case EDIT_LINE: take_line(r); break;
    case EDIT_INTERRUPTED: buf_clear(&r->entry); break;
    case EDIT_END: tell_unfinished(r); return 0;
    case EDIT_SIGNAL: return number;
    }
  }
  return 0;
}

int repl_run(struct session *s, const struct repl_options *options, struct error *err) {
  struct repl r = {
      .session = s, .options = options, .entry = BUF_WITH_LIMIT(EDIT_LINE_MAX), .number = 1};
  struct edit_options edit = {.in_fd = options->in_fd,
                              .signal_fd = session_signals(s),
                              .is_terminal = options->is_terminal,
                              .user = &r,
                              .complete = complete_line};
  r.editor = editor_new(&edit, err);
  if (!r.editor) return -1;
  struct error no_history;
  if (options->history && history_open(&r.history, options->history, remember, &r, &no_history))
    repl_fail(&r, &no_history, SLICE(""));
  int number = read_entries(&r);
  history_close(r.history);
  script_clear(&r.script);
  editor_free(r.editor);
  buf_free(&r.entry);
  return number;
}
