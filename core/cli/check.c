#include "cli/command.h"

#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/number.h"
#include "host/host.h"

#include <stdlib.h>
#include <unistd.h>

enum { FINDINGS_BYTES = 4 << 20, MESSAGE_BYTES = 64 << 10, LEVELS = 8 };

static const struct option check_options[] = {
    {.name = "json", .type = OPTION_FLAG, .help = "one JSON object a finding"},
    OPTION_END,
};

struct finding {
  int64_t line;
  bool is_error;
  struct buf message;
};

struct counts {
  size_t scripts, errors, warnings;
};

/* ---- what the worker says ---- */

/* The value of the field in hand into F; -1: not the form of host.h. */
static int read_field(struct json_scan *s, struct slice name, struct finding *f) {
  if (slice_is(name, "line"))
    return json_next(s) == JSON_NUMBER ? number_int64(s->text, 0, INT32_MAX, &f->line) : -1;
  if (json_next(s) != JSON_STRING) return -1;
  if (slice_is(name, "severity")) {
    f->is_error = slice_is(s->text, "error");
    return 0;
  }
  return slice_is(name, "message") ? json_unescape(&f->message, s->text) : -1;
}

/* 1: a finding is in *F; 0: there is none any more; -1: not the form of host.h. */
static int next_finding(struct json_scan *s, struct finding *f) {
  enum json_token token = json_next(s);
  if (token == JSON_ARRAY_END) return 0;
  if (token != JSON_OBJECT_BEGIN) return -1;
  buf_clear(&f->message);
  f->line = 0;
  while ((token = json_next(s)) == JSON_KEY)
    if (read_field(s, s->text, f)) return -1;
  return token == JSON_OBJECT_END && buf_ok(&f->message) ? 1 : -1;
}

/* ---- what a person or a program sees ---- */

static void print_text(struct term *t, const char *script, const struct finding *f) {
  const char *word = f->is_error ? "error" : "warning";
  enum term_style style = f->is_error ? TERM_RED : TERM_YELLOW;
  term_printf(t, "%s:%lld: %s%s:%s %.*s\n", script, (long long)f->line, term_out_style(t, style),
              word, term_out_style(t, TERM_PLAIN), (int)f->message.len, f->message.ptr);
}

static void print_json(struct term *t, const char *script, const struct finding *f) {
  struct buf line = BUF_WITH_LIMIT(2 * MESSAGE_BYTES);
  buf_add_text(&line, "{\"file\":");
  json_put_string(&line, slice_of(script));
  buf_printf(&line, ",\"line\":%lld,\"severity\":\"%s\",\"message\":", (long long)f->line,
             f->is_error ? "error" : "warning");
  json_put_string(&line, buf_slice(&f->message));
  buf_add_text(&line, "}\n");
  if (buf_ok(&line)) term_out(t, buf_slice(&line));
  buf_free(&line);
}

static int print_all(struct cli *cli, const char *script, struct slice json, struct counts *counts,
                     struct error *err) {
  bool is_json = options_given(&cli->options, "json");
  struct finding f = {.message = BUF_WITH_LIMIT(MESSAGE_BYTES)};
  struct json_scan s;
  json_init(&s, LEVELS);
  json_feed(&s, json, true);
  int outcome = -1;
  enum json_token first = json_next(&s);
  if (first == JSON_ARRAY_BEGIN ||
      first == JSON_OBJECT_BEGIN) { /* an empty Lua table may be either */
    outcome = first == JSON_ARRAY_BEGIN ? next_finding(&s, &f) : 0;
    for (; outcome > 0; outcome = next_finding(&s, &f)) {
      (is_json ? print_json : print_text)(cli->term, script, &f);
      counts->errors += f.is_error;
      counts->warnings += !f.is_error;
    }
  }
  buf_free(&f.message);
  return outcome == 0 ? 0 : error_set(err, ERROR_INTERNAL, "the worker's findings came damaged");
}

static int check_script(struct cli *cli, struct worker *w, const char *script,
                        struct counts *counts, struct error *err) {
  struct buf json = BUF_WITH_LIMIT(FINDINGS_BYTES);
  int outcome = worker_check(w, script, &json, err);
  if (outcome == 0) outcome = print_all(cli, script, buf_slice(&json), counts, err);
  counts->scripts++;
  buf_free(&json);
  return outcome;
}

static void tell_counts(struct term *t, const struct counts *c) {
  term_note(t, "%zu script%s, %zu error%s, %zu warning%s", c->scripts, c->scripts == 1 ? "" : "s",
            c->errors, c->errors == 1 ? "" : "s", c->warnings, c->warnings == 1 ? "" : "s");
}

static int run(struct cli *cli) {
  struct counts counts = {0};
  struct worker *w;
  struct error err;
  if (worker_start(&w, &err)) return command_fail(cli, &err);
  int outcome = 0;
  for (size_t i = 0; outcome == 0 && i < cli->args_len; i++)
    outcome = check_script(cli, w, cli->args[i], &counts, &err);
  worker_stop(w);
  if (outcome) return command_fail(cli, &err);
  tell_counts(cli->term, &counts);
  return counts.errors > 0 ? EXIT_USAGE : EXIT_OK;
}

const struct command command_check = {
    .name = "check",
    .summary = "what is wrong with a script, without running it",
    .usage = "SCRIPT…",
    .options = check_options,
    .run = run,
    .args_min = 1,
    .args_max = COMMAND_ARGS_ANY,
    .args_complete = COMPLETES_LUA,
};
