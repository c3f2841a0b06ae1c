/* The identity map and its health. */
#include "state/state.h"

#include "base/json_text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/opened_state.h"
#include "cli/result_file.h"
#include "cli/table.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { STREAMS_MAX = 1000, LINE_LIMIT = 1 << 20 };

/* ---- list ---- */

static void put_json(struct buf *b, const struct stream_info *i) {
  buf_add_text(b, "{\"stream\":");
  json_put_string(b, slice_of(i->name));
  buf_add_text(b, ",\"base_url\":");
  json_put_string(b, slice_of(i->base_url));
  buf_printf(b,
             ",\"partners\":%" PRId64 ",\"gone\":%" PRId64 ",\"rejects\":%" PRId64
             ",\"held\":%" PRId64 "}\n",
             i->partners, i->gone, i->rejects, i->held);
}

static void print_json(struct cli *cli, const struct stream_info *list, size_t n) {
  struct buf b = BUF_WITH_LIMIT(LINE_LIMIT);
  for (size_t i = 0; i < n; i++) {
    buf_clear(&b);
    put_json(&b, &list[i]);
    if (buf_ok(&b)) term_out(cli->term, buf_slice(&b));
  }
  buf_free(&b);
}

static void print_table(struct cli *cli, const struct stream_info *list, size_t n) {
  static const char *const heads[] = {"STREAM", ">PARTNERS", ">GONE", ">REJECTS",
                                      ">HELD",  "BASE URL",  NULL};
  struct table t;
  table_begin(&t, heads);
  for (size_t i = 0; i < n; i++) {
    table_add(&t, slice_of(list[i].name));
    table_add_number(&t, list[i].partners);
    table_add_number(&t, list[i].gone);
    table_add_number(&t, list[i].rejects);
    table_add_number(&t, list[i].held);
    table_add(&t, slice_of(list[i].base_url));
  }
  table_end(&t, cli->term);
}

static int list(struct cli *cli, struct opened_state *o, struct error *err) {
  struct stream_info *streams = calloc(STREAMS_MAX, sizeof *streams);
  size_t n;
  if (!streams) return error_set(err, ERROR_MEMORY, "no memory to list the streams");
  int result = stream_list(o->state, streams, STREAMS_MAX, &n, err);
  bool is_json = options_given(&cli->options, "json");
  if (result == 0 && is_json)
    print_json(cli, streams, n);
  else if (result == 0)
    print_table(cli, streams, n);
  if (result == 0 && n == 0) term_note(cli->term, "%s has no stream yet", state_name(o->state));
  free(streams);
  return result;
}

static int run_list(struct cli *cli) { return opened_state_run(cli, true, list); }

static const struct option list_options[] = {
    {.name = "json", .type = OPTION_FLAG, .help = "one JSON object a line"},
    OPTION_END,
};

static const struct command state_list = {
    .name = "list",
    .summary = "the streams, and how many partners they know",
    .usage = "",
    .options = list_options,
    .run = run_list,
};

/* ---- check ---- */

static void print_finding(void *user, const char *finding) {
  struct cli *cli = user;
  struct buf line = BUF_WITH_LIMIT(LINE_LIMIT);
  buf_add_text(&line, finding);
  buf_add_char(&line, '\n');
  if (buf_ok(&line)) term_out_script(cli->term, buf_slice(&line));
  buf_free(&line);
}

/* A state that is not there is sound; looking at it makes none. */
static bool is_there(const struct project *p) {
  static const char scheme[] = "sqlite:";
  bool is_file = strncmp(p->state, scheme, sizeof scheme - 1) == 0;
  return !is_file || access(p->state + sizeof scheme - 1, F_OK) == 0;
}

static int refuse_findings(int64_t findings, const char *name, struct error *err) {
  error_set(err, ERROR_STATE, "%s has faults: %" PRId64, name, findings);
  return error_hint(err, "move it away and put a copy made by `hoko state backup` in its place");
}

static int check(struct cli *cli, struct opened_state *o, struct error *err) {
  int64_t findings;
  if (state_check(o->state, print_finding, cli, &findings, err) != 0) return -1;
  if (findings > 0) return refuse_findings(findings, state_name(o->state), err);
  term_note(cli->term, "%s is sound", state_name(o->state));
  return 0;
}

static int run_check(struct cli *cli) {
  struct project p;
  struct error err;
  if (project_open(&p, cli, NULL, &err) != 0) return command_fail(cli, &err);
  bool has_state = is_there(&p);
  if (!has_state) term_note(cli->term, "there is no state yet: %s", p.state);
  project_free(&p);
  return has_state ? opened_state_run(cli, false, check) : EXIT_OK;
}

static const struct command state_check_command = {
    .name = "check",
    .summary = "whether it is sound: the file, and what must be true of its rows",
    .usage = "",
    .run = run_check,
};

/* ---- backup ---- */

static int backup(struct cli *cli, struct opened_state *o, struct error *err) {
  if (state_backup(o->state, cli->args[0], err) != 0) return -1;
  term_note(cli->term, "%s is a whole copy of %s", cli->args[0], state_name(o->state));
  return 0;
}

static int run_backup(struct cli *cli) { return opened_state_run(cli, true, backup); }

static const struct command state_backup_command = {
    .name = "backup",
    .summary = "a whole copy, while runs may go on",
    .usage = "FILE",
    .run = run_backup,
    .args_min = 1,
    .args_max = 1,
    .args_complete = COMPLETES_FILE,
};

/* ---- export, import ---- */

static int put_line(void *user, struct slice line, struct error *err) {
  return result_file_put(user, line, err);
}

static int export(struct cli *cli, struct opened_state *o, struct error *err) {
  struct reject_filter filter = {.stream = slice_of(options_text(&cli->options, "stream")),
                                 .base_url = opened_state_url(o, cli)};
  struct result_file f;
  int64_t rows;
  if (result_file_begin(&f, cli->args_len ? cli->args[0] : NULL, cli->term, err) != 0) return -1;
  if (state_export(o->state, &filter, put_line, &f, &rows, err) != 0) {
    result_file_drop(&f);
    return -1;
  }
  if (result_file_end(&f, err) != 0) return -1;
  term_note(cli->term, "partners exported: %" PRId64, rows);
  return 0;
}

static int run_export(struct cli *cli) { return opened_state_run(cli, true, export); }

static const struct option stream_options[] = {
    {.name = "stream", .type = OPTION_TEXT, .value = "NAME", .help = "only of this stream"},
    OPTION_END,
};

static const struct command state_export_command = {
    .name = "export",
    .summary = "the identity map to FILE or stdout, one JSON object a line",
    .usage = "[FILE]",
    .options = stream_options,
    .run = run_export,
    .args_max = 1,
    .args_complete = COMPLETES_FILE,
};

static int import(struct cli *cli, struct opened_state *o, struct error *err) {
  bool is_stdin = strcmp(cli->args[0], "-") == 0;
  const char *name = is_stdin ? "standard input" : cli->args[0];
  int fd = is_stdin ? term_in_fd(cli->term) : open(cli->args[0], O_RDONLY | O_CLOEXEC);
  if (fd < 0) return error_errno(err, ERROR_USAGE, errno, "opening %s", name);
  int64_t rows;
  int result = state_import(o->state, fd, name, &rows, err);
  if (!is_stdin) close(fd);
  if (result == 0) term_note(cli->term, "partners imported: %" PRId64, rows);
  return result;
}

static int run_import(struct cli *cli) { return opened_state_run(cli, false, import); }

static const struct command state_import_command = {
    .name = "import",
    .summary = "take over an exported identity map, all of it or nothing",
    .usage = "FILE|-",
    .run = run_import,
    .args_min = 1,
    .args_max = 1,
    .args_complete = COMPLETES_FILE,
};

/* ---- forget ---- */

/* Whether the user means it; nobody asks where --yes stands. */
static int confirm(struct cli *cli, const char *stream, struct error *err) {
  char question[STATE_TEXT_SIZE + 128];
  if (options_given(&cli->options, "yes")) return 0;
  if (cli->args_len > 0)
    (void)snprintf(question, sizeof question, "Forget %zu key%s of %s?", cli->args_len,
                   cli->args_len == 1 ? "" : "s", stream);
  else
    (void)snprintf(question, sizeof question, "Forget all that is known of %s?", stream);
  char answer = ask_choice(cli->term, question, "ny");
  if (answer == 'y') return 0;
  error_set(err, ERROR_USAGE, "nothing is forgotten");
  return answer ? -1 : error_hint(err, "--yes forgets without asking");
}

static int forget(struct cli *cli, struct opened_state *o, struct error *err) {
  struct slice name = slice_of(options_text(&cli->options, "stream"));
  struct slice url = slice_of(o->project.base_url);
  int64_t partners, sum = 0;
  if (name.len == 0) {
    error_set(err, ERROR_USAGE, "--stream NAME is missing");
    return error_hint(err, "hoko state   lists the streams");
  }
  if (confirm(cli, name.ptr, err) != 0) return -1;
  for (size_t i = 0; i < (cli->args_len ? cli->args_len : 1); i++) {
    struct slice key = cli->args_len ? slice_of(cli->args[i]) : (struct slice){0};
    if (stream_forget(o->state, name, url, key, &partners, err) != 0) return -1;
    sum += partners;
  }
  term_note(cli->term, "partners forgotten: %" PRId64 "; in Hoko they are still there", sum);
  return 0;
}

static int run_forget(struct cli *cli) { return opened_state_run(cli, false, forget); }

static const struct option forget_options[] = {
    {.name = "stream",
     .type = OPTION_TEXT,
     .value = "NAME",
     .help = "the stream; with the base URL in force"},
    {.name = "yes", .type = OPTION_FLAG, .help = "do not ask"},
    OPTION_END,
};

static const struct command state_forget_command = {
    .name = "forget",
    .summary = "forget a stream, or single keys of it",
    .usage = "[KEY]…",
    .options = forget_options,
    .run = run_forget,
    .args_max = COMMAND_ARGS_ANY,
};

static const struct command *const subs[] = {&state_list,
                                             &state_check_command,
                                             &state_backup_command,
                                             &state_export_command,
                                             &state_import_command,
                                             &state_forget_command,
                                             NULL};

const struct command command_state = {
    .name = "state",
    .summary = "the identity map and its health",
    .usage = "",
    .subs = subs,
    .is_first_sub_default = true,
};
