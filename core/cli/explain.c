/* One row's whole path, as far as the state knows it. */
#include "base/json_text.h"
#include "cli/commands.h"
#include "cli/opened_state.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { STREAMS_MAX = 1000, TEXT_LIMIT = 1 << 20 };

/* What is told of one key in one stream. */
struct story {
  const struct stream_info *stream;
  const char *key;
  const struct explained *e;
  char script[512]; /* of the run that sent it last; "" where that is pruned */
};

/* Of a partner; %s: the fields that were sent. */
static const char *const why_text[WHYS] = {
    [WHY_UNTOLD] = "sent, by an older hoko that did not keep why",
    [WHY_NEW] = "created: its key was new",
    [WHY_ANEW] = "created anew: Hoko did not have its partner any more",
    [WHY_CHANGED] = "updated: %s differed from what was last acknowledged",
    [WHY_ALL] = "updated: all rows were to be sent, changed or not; this one with %s",
    [WHY_BOUND] = "updated: the row named its partner by id; with %s",
    [WHY_TRIED] = "updated: its partner was gone, and was to be tried again with %s",
    [WHY_MERGED] = "updated: a run had more than one row of it, which came to %s",
    [WHY_FOUND] = "created: its key had no partner; no clear answer came, but a listing had it",
    [WHY_ADOPTED] = "adopted: hoko.partners.adopt gave its key to a partner that Hoko had",
    [WHY_IMPORTED] = "imported: hoko state import brought it",
    [WHY_DELETED] =
        "gone: hoko.partners.delete named its partner, which Hoko does not have any more",
};

static bool was_sent(const struct explained *e) {
  return e->why != WHY_ADOPTED && e->why != WHY_IMPORTED;
}

static void put_field_names(struct buf *b, uint8_t fields) {
  const char *between = "";
  for (int f = 0; f < ROW_FIELDS; f++) {
    if (!(fields & 1u << f)) continue;
    buf_printf(b, "%s%s", between, row_field_name[f]);
    between = ", ";
  }
}

static void put_why_known(struct buf *b, const struct explained *e) {
  const char *text = why_text[e->why], *names = strstr(text, "%s");
  if (!names) {
    buf_add_text(b, text);
    return;
  }
  buf_add_slice(b, (struct slice){text, (size_t)(names - text)});
  put_field_names(b, e->sent_fields);
  buf_add_text(b, names + 2);
}

/* The last decision: a create that is on its way, or that was, is of a key without a
 * partner, and a reject is newer than what was acknowledged. */
static void put_why(struct buf *b, const struct explained *e) {
  if (e->is_under_way || e->is_held)
    buf_add_text(b, why_text[e->is_known ? WHY_ANEW : WHY_NEW]);
  else if (e->is_rejected)
    buf_printf(b, "%.*s: %.*s", SLICE_ARG(e->reject.code), SLICE_ARG(e->reject.message));
  else
    put_why_known(b, e);
}

static const char *decision_of(const struct explained *e) {
  if (e->is_under_way) return "under way";
  if (e->is_held) return "held";
  if (e->is_rejected) return "rejected";
  if (e->is_gone) return "gone";
  return e->why == WHY_ADOPTED ? "adopted" : e->why == WHY_IMPORTED ? "imported" : "sent";
}

static const char *next_of(const struct explained *e) {
  if (e->is_under_way) return "if the run that sent it ends without an answer, it is held";
  if (e->is_held)
    return "hoko settle, or the next run, looks whether it was made; it is not sent again before";
  if (e->is_rejected && e->reject.is_retry) return "the next run sends it, even unchanged";
  if (e->is_gone && e->is_rejected)
    return "rejected, changed or not; hoko run --recreate makes it anew, hoko rejects retry tries "
           "the old one";
  if (e->is_rejected) return "sent again when the row changes, or after hoko rejects retry";
  if (e->is_gone) return "the next row of it is tried; hoko run --recreate makes it anew";
  return "an equal row is not sent; of a changed one, what differs is";
}

/* ---- for a person ---- */

static void put_line(struct buf *b, const char *name, const char *format, ...) PRINTF_LIKE(3, 4);
static void put_line(struct buf *b, const char *name, const char *format, ...) {
  char text[1024];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  buf_printf(b, "  %-9s %s\n", name, text);
}

/* "by run 01JD… at 2026-11-24T08:00:00.123Z", or without the run where it is pruned. */
static void put_sent(struct buf *b, const char *name, const char *what, struct slice run,
                     int64_t sent_at_ms) {
  char at[CLOCK_TEXT_SIZE];
  clock_format(sent_at_ms, at);
  if (run.len > 0)
    put_line(b, name, "%s by run %.*s at %s", what, SLICE_ARG(run), at);
  else
    put_line(b, name, "%s at %s", what, at);
}

static void put_fields(struct buf *b, const struct slice field[ROW_FIELDS]) {
  for (int f = 0; f < ROW_FIELDS; f++)
    if (field[f].len > 0) put_line(b, row_field_name[f], "%.*s", SLICE_ARG(field[f]));
}

/* A source of the script's own has no lines. */
static void put_source(struct buf *b, const struct story *s) {
  const char *script = s->script[0] ? s->script : "a script whose run is pruned";
  if (s->e->line > 0)
    put_line(b, "source", "line %" PRIu32 " of what %s read", s->e->line, script);
  else if (s->script[0])
    put_line(b, "source", "a row of %s", script);
}

static void put_known(struct buf *b, const struct story *s) {
  const struct explained *e = s->e;
  char id[UUID_TEXT_LEN];
  uuid_format(&e->id, id);
  put_line(b, "partner", "%.*s", (int)sizeof id, id);
  put_source(b, s);
  buf_printf(b, "  %-9s ", "decision");
  put_why_known(b, e);
  buf_add_char(b, '\n');
  if (e->sent_at_ms > 0)
    put_sent(b, "request", was_sent(e) ? "sent" : "none; it was taken over", e->run, e->sent_at_ms);
  put_line(b, "answer",
           e->is_gone    ? "Hoko does not have this partner any more"
           : was_sent(e) ? "acknowledged, with these fields:"
                         : "none was needed; these fields are taken for Hoko's:");
  put_fields(b, e->field);
}

static void put_reject(struct buf *b, const struct reject *r) {
  char at[CLOCK_TEXT_SIZE];
  clock_format(r->at_ms, at);
  if (r->file.len > 0 || r->line > 0)
    put_line(b, "source", "%.*s%s%" PRId64, SLICE_ARG(r->file), r->file.len ? ":" : "line ",
             r->line);
  put_line(b, "row", "%.*s", SLICE_ARG(r->row));
  put_line(b, "decision", "rejected at %s: %.*s", at, SLICE_ARG(r->code));
  put_line(b, "answer", "%.*s%s", SLICE_ARG(r->message), r->status ? "" : " (it was not sent)");
}

static void put_text(struct buf *b, const struct story *s) {
  const struct explained *e = s->e;
  buf_printf(b, "%s in stream %s at %s\n", s->key, s->stream->name, s->stream->base_url);
  if (e->is_known) put_known(b, s);
  if (e->is_rejected) put_reject(b, &e->reject);
  if (e->is_held || e->is_under_way) {
    put_line(b, "decision", "%s", why_text[e->is_known ? WHY_ANEW : WHY_NEW]);
    put_sent(b, "request", "a create was sent", e->held.run, e->held.sent_at_ms);
    put_fields(b, e->held.row.field);
    put_line(b, "answer", e->is_held ? "none that is clear: it is held" : "none yet");
  }
  put_line(b, "next", "%s", next_of(e));
}

/* ---- for a program ---- */

static void put_string(struct buf *b, const char *name, struct slice text) {
  buf_printf(b, ",\"%s\":", name);
  if (text.len > 0)
    json_put_string(b, text);
  else
    buf_add_text(b, "null");
}

static void put_time(struct buf *b, const char *name, int64_t ms) {
  char text[CLOCK_TEXT_SIZE];
  clock_format(ms, text);
  put_string(b, name, ms ? slice_of(text) : (struct slice){0});
}

static void put_json_fields(struct buf *b, const struct slice field[ROW_FIELDS]) {
  bool is_first = true;
  buf_add_text(b, ",\"fields\":{");
  for (int f = 0; f < ROW_FIELDS; f++) {
    if (field[f].len == 0) continue;
    buf_printf(b, "%s\"%s\":", is_first ? "" : ",", row_field_name[f]);
    buf_add_slice(b, field[f]);
    is_first = false;
  }
  buf_add_char(b, '}');
}

static void put_json_partner(struct buf *b, const struct explained *e) {
  char id[UUID_TEXT_LEN];
  uuid_format(&e->id, id);
  buf_printf(b, ",\"partner\":{\"id\":\"%.*s\",\"gone\":%s,\"line\":%" PRIu32, (int)sizeof id, id,
             e->is_gone ? "true" : "false", e->line);
  put_time(b, "sent_at", e->sent_at_ms);
  put_string(b, "run", e->run);
  put_json_fields(b, e->field);
  buf_add_char(b, '}');
}

static void put_json_held(struct buf *b, const char *name, const struct held *h) {
  buf_printf(b, ",\"%s\":{\"line\":%" PRIu32, name, h->row.line);
  put_time(b, "sent_at", h->sent_at_ms);
  put_string(b, "run", h->run);
  put_json_fields(b, h->row.field);
  buf_add_char(b, '}');
}

static void put_json_why(struct buf *b, const struct explained *e) {
  struct buf why = BUF_WITH_LIMIT(TEXT_LIMIT);
  put_why(&why, e);
  b->is_failed = b->is_failed || !buf_ok(&why);
  put_string(b, "why", buf_slice(&why));
  buf_free(&why);
}

static void put_json(struct buf *b, const struct story *s) {
  const struct explained *e = s->e;
  buf_add_text(b, "{\"key\":");
  json_put_string(b, slice_of(s->key));
  put_string(b, "stream", slice_of(s->stream->name));
  put_string(b, "base_url", slice_of(s->stream->base_url));
  put_string(b, "script", slice_of(s->script));
  put_string(b, "decision", slice_of(decision_of(e)));
  put_json_why(b, e);
  if (e->is_known) put_json_partner(b, e);
  if (e->is_held) put_json_held(b, "held", &e->held);
  if (e->is_under_way) put_json_held(b, "under_way", &e->held);
  if (e->is_rejected) {
    buf_add_text(b, ",\"rejected\":");
    reject_put_json(b, &e->reject);
    b->len--; /* its line end */
  }
  put_string(b, "next", slice_of(next_of(e)));
  buf_add_text(b, "}\n");
}

/* ---- the streams that know the key ---- */

static int print(struct cli *cli, const struct story *s, struct error *err) {
  struct buf b = BUF_WITH_LIMIT(TEXT_LIMIT);
  bool is_json = options_given(&cli->options, "json");
  (is_json ? put_json : put_text)(&b, s);
  int result = buf_ok(&b) ? 0 : error_set(err, ERROR_MEMORY, "no memory to explain a row");
  if (result == 0 && is_json)
    term_out(cli->term, buf_slice(&b));
  else if (result == 0)
    term_out_script(cli->term, buf_slice(&b));
  buf_free(&b);
  return result;
}

/* The script of the run that sent it; the run may be pruned since. */
static int find_script(struct state *s, const struct explained *e, struct story *story,
                       struct error *err) {
  struct slice run = e->is_held || e->is_under_way ? e->held.run : e->run;
  struct run_record record;
  if (run.len == 0) return 0;
  if (run_record_show(s, run, &record, err) != 0) return -1;
  (void)snprintf(story->script, sizeof story->script, "%.*s", SLICE_ARG(record.script));
  return 0;
}

/* Prints what stream INFO knows of the key; *known counts those that know it. */
static int explain_in(struct cli *cli, struct state *s, const struct stream_info *info, int *known,
                      struct error *err) {
  struct stream_options o = {
      .name = slice_of(info->name), .base_url = slice_of(info->base_url), .is_reader = true};
  struct explained e;
  struct stream *st;
  if (stream_open(&st, s, &o, err) != 0) return -1;
  int result = stream_explain(st, slice_of(cli->args[0]), &e, err);
  bool is_any = result == 0 && (e.is_known || e.is_rejected || e.is_held || e.is_under_way);
  struct story story = {.stream = info, .key = cli->args[0], .e = &e};
  if (is_any) result = find_script(s, &e, &story, err);
  if (is_any && result == 0) result = print(cli, &story, err);
  *known += is_any;
  stream_close(st);
  return result;
}

static bool is_wanted(struct slice wanted, const char *text) {
  return wanted.len == 0 || slice_is(wanted, text);
}

static int explain_each(struct cli *cli, struct opened_state *o, struct stream_info *list,
                        struct error *err) {
  struct slice name = slice_of(options_text(&cli->options, "stream"));
  struct slice url = opened_state_url(o, cli);
  int known = 0;
  size_t n;
  if (stream_names(o->state, list, STREAMS_MAX, &n, err) != 0) return -1;
  for (size_t i = 0; i < n; i++) {
    if (!is_wanted(name, list[i].name) || !is_wanted(url, list[i].base_url)) continue;
    if (explain_in(cli, o->state, &list[i], &known, err) != 0) return -1;
  }
  if (known > 0) return 0;
  error_set(err, ERROR_USAGE, "no run has sent a row with the key %s", cli->args[0]);
  return error_hint(err, "the next run that meets it creates it; hoko state lists the streams");
}

static int explain(struct cli *cli, struct opened_state *o, struct error *err) {
  struct stream_info *list = calloc(STREAMS_MAX, sizeof *list);
  if (!list) return error_set(err, ERROR_MEMORY, "no memory to explain a row");
  int result = explain_each(cli, o, list, err);
  free(list);
  return result;
}

static int run(struct cli *cli) { return opened_state_run(cli, true, explain); }

static const struct option explain_options[] = {
    {.name = "stream", .type = OPTION_TEXT, .value = "NAME", .help = "only in this stream"},
    {.name = "json",
     .type = OPTION_FLAG,
     .help = "one JSON object for each stream that knows the key"},
    OPTION_END,
};

const struct command command_explain = {
    .name = "explain",
    .summary = "one row's whole path: source, request, answer, what next",
    .usage = "KEY",
    .options = explain_options,
    .run = run,
    .args_min = 1,
    .args_max = 1,
};
