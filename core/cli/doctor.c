#include "cli/doctor.h"

#include "base/json_text.h"

#include <stdarg.h>
#include <stdio.h>

enum { NAME_WIDTH = 12 };

static const struct option doctor_options[] = {
    {.name = "online", .type = OPTION_FLAG, .help = "also ask whether Hoko answers"},
    {.name = "json", .type = OPTION_FLAG, .help = "one JSON object a check"},
    OPTION_END,
};

void doctor_say(struct doctor_finding *f, enum doctor_verdict verdict, const char *format, ...) {
  va_list args;
  va_start(args, format);
  f->verdict = verdict;
  (void)vsnprintf(f->what, sizeof f->what, format, args);
  va_end(args);
}

void doctor_fix(struct doctor_finding *f, const char *format, ...) {
  va_list args;
  va_start(args, format);
  (void)vsnprintf(f->fix, sizeof f->fix, format, args);
  va_end(args);
}

void doctor_fail(struct doctor_finding *f, const struct error *err) {
  bool has_place = err->file[0] && err->line > 0;
  if (has_place)
    doctor_say(f, DOCTOR_FAIL, "%s:%d: %s", err->file, err->line, err->message);
  else
    doctor_say(f, DOCTOR_FAIL, "%s", err->message);
  doctor_fix(f, "%s", err->hint);
  f->exit = exit_code_of(err->code);
}

static const char *const verdict_word[] = {"ok", "warn", "fail"};

static void print_text(struct term *t, const char *name, const struct doctor_finding *f) {
  static const enum term_style style[] = {TERM_GREEN, TERM_YELLOW, TERM_RED};
  term_printf(t, "%s%-4s%s  %-*s  %s\n", term_out_style(t, style[f->verdict]),
              verdict_word[f->verdict], term_out_style(t, TERM_PLAIN), NAME_WIDTH, name, f->what);
  if (f->fix[0]) term_printf(t, "      %-*s  fix: %s\n", NAME_WIDTH, "", f->fix);
}

static void print_json(struct term *t, const char *name, const struct doctor_finding *f) {
  struct buf line = BUF_WITH_LIMIT(8192);
  buf_add_text(&line, "{\"check\":");
  json_put_string(&line, slice_of(name));
  buf_printf(&line, ",\"verdict\":\"%s\",\"what\":", verdict_word[f->verdict]);
  json_put_string(&line, slice_of(f->what));
  buf_add_text(&line, ",\"fix\":");
  if (f->fix[0])
    json_put_string(&line, slice_of(f->fix));
  else
    buf_add_text(&line, "null");
  buf_add_text(&line, "}\n");
  if (buf_ok(&line)) term_out(t, buf_slice(&line));
  buf_free(&line);
}

/* Prints what was found; the exit code is the first failure's. */
static void print(const struct cli *cli, const char *name, const struct doctor_finding *f,
                  int *code) {
  void (*put)(struct term *, const char *, const struct doctor_finding *) =
      options_given(&cli->options, "json") ? print_json : print_text;
  put(cli->term, name, f);
  if (f->verdict == DOCTOR_FAIL && *code == EXIT_OK) *code = (int)f->exit;
}

static void look_at_all(const struct doctor *d, const struct doctor_check *checks, int *code) {
  for (; checks->name; checks++) {
    struct doctor_finding f = {.exit = EXIT_USAGE};
    checks->look(d, &f);
    print(d->cli, checks->name, &f, code);
  }
}

static int run(struct cli *cli) {
  int code = EXIT_OK;
  struct project p;
  struct error err;
  struct doctor d = {.cli = cli};
  look_at_all(&d, doctor_system, &code);
  if (project_open(&p, cli, NULL, &err)) {
    struct doctor_finding f = {.verdict = DOCTOR_FAIL};
    doctor_fail(&f, &err);
    print(cli, "project", &f, &code);
  } else {
    d.project = &p;
    look_at_all(&d, doctor_project, &code);
    if (options_given(&cli->options, "online")) look_at_all(&d, doctor_online, &code);
  }
  project_free(&p);
  return code;
}

const struct command command_doctor = {
    .name = "doctor",
    .summary = "what works here and what does not, with the fix for each",
    .usage = "",
    .options = doctor_options,
    .run = run,
};
