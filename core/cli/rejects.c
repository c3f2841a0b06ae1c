/* Rows that Hoko or a check refused: what, where from, why, and what becomes of them. */
#include "base/number.h"
#include "cli/commands.h"
#include "cli/opened_state.h"
#include "cli/result_file.h"
#include "cli/table.h"

#include <inttypes.h>
#include <stdio.h>

enum { LINE_LIMIT = 1 << 20, PAGE = 100 };

/* What a command chooses by its options. */
static struct reject_filter filter_of(const struct cli *cli, const struct opened_state *o) {
  return (struct reject_filter){.stream = slice_of(options_text(&cli->options, "stream")),
                                .base_url = opened_state_url(o, cli),
                                .run = slice_of(options_text(&cli->options, "run"))};
}

/* WORD is "#12", a number of the list, or a row's key. */
static int choose(struct reject_filter *filter, const char *word, struct error *err) {
  struct slice text = slice_of(word);
  filter->key = text;
  filter->number = 0;
  if (text.len == 0 || text.ptr[0] != '#') return 0;
  filter->key = (struct slice){0};
  struct slice digits = {text.ptr + 1, text.len - 1};
  if (number_int64(digits, 1, INT64_MAX, &filter->number) == 0) return 0;
  return error_set(err, ERROR_USAGE, "%s is no number of the list", word);
}

/* Hands rejects to EACH, at most LIMIT. */
static int walk(struct state *s, const struct reject_filter *filter, int64_t limit,
                int (*each)(void *user, const struct reject *r, struct error *err), void *user,
                struct error *err) {
  struct reject page[PAGE];
  for (int64_t after = 0; limit > 0;) {
    size_t n, cap = limit < PAGE ? (size_t)limit : PAGE;
    if (reject_list(s, filter, after, page, cap, &n, err) != 0) return -1;
    for (size_t i = 0; i < n; i++)
      if (each(user, &page[i], err) != 0) return -1;
    if (n < cap) return 0;
    after = page[n - 1].number;
    limit -= (int64_t)n;
  }
  return 0;
}

/* ---- list ---- */

static void put_source(struct buf *b, const struct reject *r) {
  buf_add_slice(b, r->file);
  if (r->line > 0) buf_printf(b, "%s%" PRId64, r->file.len ? ":" : "line ", r->line);
}

static int add_row(void *user, const struct reject *r, struct error *err) {
  struct table *t = user;
  struct buf source = BUF_WITH_LIMIT(LINE_LIMIT);
  char number[32];
  (void)err;
  (void)snprintf(number, sizeof number, "#%" PRId64, r->number);
  put_source(&source, r);
  table_add(t, slice_of(number));
  table_add(t, r->stream);
  table_add(t, r->key);
  table_add(t, buf_slice(&source));
  table_add(t, r->code);
  table_add(t, r->field);
  table_add(t, r->message);
  buf_free(&source);
  return 0;
}

static int put_json(void *user, const struct reject *r, struct error *err) {
  struct result_file *f = user;
  struct buf line = BUF_WITH_LIMIT(64 << 20);
  reject_put_json(&line, r);
  int result = buf_ok(&line) ? result_file_put(f, buf_slice(&line), err)
                             : error_set(err, ERROR_MEMORY, "no memory for a reject");
  buf_free(&line);
  return result;
}

/* The rejects of FILTER as lines of JSON to PATH, NULL being stdout. */
static int write_json(struct cli *cli, struct state *s, const struct reject_filter *filter,
                      int64_t limit, const char *path, struct error *err) {
  struct result_file f;
  if (result_file_begin(&f, path, cli->term, err) != 0) return -1;
  if (walk(s, filter, limit, put_json, &f, err) == 0) return result_file_end(&f, err);
  result_file_drop(&f);
  return -1;
}

static int list(struct cli *cli, struct opened_state *o, struct error *err) {
  static const char *const heads[] = {"NUMBER", "STREAM", "KEY",     "SOURCE",
                                      "CODE",   "FIELD",  "MESSAGE", NULL};
  struct reject_filter filter = filter_of(cli, o);
  int64_t limit = options_int(&cli->options, "limit"), all;
  struct table table;
  if (options_given(&cli->options, "json"))
    return write_json(cli, o->state, &filter, limit, NULL, err);
  if (reject_count(o->state, &filter, &all, err) != 0) return -1;
  table_begin(&table, heads);
  int result = walk(o->state, &filter, limit, add_row, &table, err);
  table_end(&table, cli->term);
  if (all == 0) term_note(cli->term, "no row is rejected");
  if (all > limit)
    term_note(cli->term, "%" PRId64 " more; hoko rejects export writes all", all - limit);
  return result;
}

static int run_list(struct cli *cli) { return opened_state_run(cli, true, list); }

#define CHOOSING                                                                                   \
  {.name = "stream", .type = OPTION_TEXT, .value = "NAME", .help = "only of this stream"}, {       \
    .name = "run", .type = OPTION_TEXT, .value = "RUN", .help = "only of this run, its whole name" \
  }

static const struct option list_options[] = {
    {.name = "limit",
     .letter = 'n',
     .type = OPTION_INT,
     .value = "N",
     .fallback = "50",
     .min = 1,
     .max = INT64_MAX,
     .help = "how many, the oldest first"},
    CHOOSING,
    {.name = "json", .type = OPTION_FLAG, .help = "one JSON object a line"},
    OPTION_END,
};

static const struct command rejects_list = {
    .name = "list",
    .summary = "which rows were rejected, and why",
    .usage = "",
    .options = list_options,
    .run = run_list,
};

/* ---- show ---- */

static void put_line(struct buf *b, const char *name, struct slice text) {
  if (text.len == 0) return;
  buf_printf(b, "%-9s", name);
  buf_add_slice(b, text);
  buf_add_char(b, '\n');
}

static void put_show(struct buf *b, const struct reject *r) {
  char at[CLOCK_TEXT_SIZE], status[16];
  struct buf source = BUF_WITH_LIMIT(LINE_LIMIT);
  clock_format(r->at_ms, at);
  (void)snprintf(status, sizeof status, "%d", r->status);
  put_source(&source, r);
  buf_printf(b, "%-9s#%" PRId64 "\n", "number", r->number);
  put_line(b, "stream", r->stream);
  put_line(b, "base url", r->base_url);
  put_line(b, "key", r->key);
  put_line(b, "source", buf_slice(&source));
  put_line(b, "row", r->row);
  put_line(b, "code", r->code);
  put_line(b, "field", r->field);
  put_line(b, "message", r->message);
  put_line(b, "status", r->status ? slice_of(status) : (struct slice){0});
  put_line(b, "run", r->run);
  put_line(b, "at", slice_of(at));
  put_line(b, "next",
           r->is_retry ? SLICE("the next run sends it, even unchanged")
                       : SLICE("sent again when the row changes, or by `hoko rejects retry`"));
  buf_free(&source);
}

struct showing {
  struct cli *cli;
  bool is_any;
};

static int show_one(void *user, const struct reject *r, struct error *err) {
  struct showing *x = user;
  struct buf b = BUF_WITH_LIMIT(64 << 20);
  if (x->is_any) buf_add_char(&b, '\n');
  x->is_any = true;
  put_show(&b, r);
  int result = buf_ok(&b) ? 0 : error_set(err, ERROR_MEMORY, "no memory to show a reject");
  if (result == 0) term_out_script(x->cli->term, buf_slice(&b));
  buf_free(&b);
  return result;
}

static int refuse_unknown(const char *word, struct error *err) {
  error_set(err, ERROR_USAGE, "no rejected row has the key or number %s", word);
  return error_hint(err, "hoko rejects list   shows them");
}

static int show(struct cli *cli, struct opened_state *o, struct error *err) {
  struct reject_filter filter = filter_of(cli, o);
  struct showing x = {.cli = cli};
  int64_t rows;
  if (choose(&filter, cli->args[0], err) != 0) return -1;
  if (reject_count(o->state, &filter, &rows, err) != 0) return -1;
  if (rows == 0) return refuse_unknown(cli->args[0], err);
  if (options_given(&cli->options, "json"))
    return write_json(cli, o->state, &filter, rows, NULL, err);
  return walk(o->state, &filter, rows, show_one, &x, err);
}

static int run_show(struct cli *cli) { return opened_state_run(cli, true, show); }

static const struct option show_options[] = {
    CHOOSING,
    {.name = "json", .type = OPTION_FLAG, .help = "one JSON object a line"},
    OPTION_END,
};

static const struct command rejects_show = {
    .name = "show",
    .summary = "all that is known of one rejected row",
    .usage = "KEY|#NUMBER",
    .options = show_options,
    .run = run_show,
    .args_min = 1,
    .args_max = 1,
};

/* ---- export ---- */

static int export(struct cli *cli, struct opened_state *o, struct error *err) {
  struct reject_filter filter = filter_of(cli, o);
  return write_json(cli, o->state, &filter, INT64_MAX, cli->args_len ? cli->args[0] : NULL, err);
}

static int run_export(struct cli *cli) { return opened_state_run(cli, true, export); }

static const struct option export_options[] = {CHOOSING, OPTION_END};

static const struct command rejects_export = {
    .name = "export",
    .summary = "write them to FILE or stdout, one JSON object a line",
    .usage = "[FILE]",
    .options = export_options,
    .run = run_export,
    .args_max = 1,
    .args_complete = COMPLETES_FILE,
};

/* ---- retry, drop ---- */

typedef int change_fn(struct state *s, const struct reject_filter *filter, int64_t *rows,
                      struct error *err);

/* Does CHANGE to what the words choose, or to all of the filter where there is no word. */
static int change(struct cli *cli, struct opened_state *o, change_fn *do_it, int64_t *rows,
                  struct error *err) {
  struct reject_filter filter = filter_of(cli, o);
  bool is_chosen = options_given(&cli->options, "stream") || options_given(&cli->options, "run");
  *rows = 0;
  if (cli->args_len == 0) {
    if (is_chosen || options_given(&cli->options, "all"))
      return do_it(o->state, &filter, rows, err);
    error_set(err, ERROR_USAGE, "which rows?");
    return error_hint(err, "name keys or #numbers, or --stream, --run or --all");
  }
  for (size_t i = 0; i < cli->args_len; i++) {
    int64_t changed;
    if (choose(&filter, cli->args[i], err) != 0) return -1;
    if (do_it(o->state, &filter, &changed, err) != 0) return -1;
    if (changed == 0) return refuse_unknown(cli->args[i], err);
    *rows += changed;
  }
  return 0;
}

static int retry(struct cli *cli, struct opened_state *o, struct error *err) {
  int64_t rows;
  if (change(cli, o, reject_retry, &rows, err) != 0) return -1;
  term_note(cli->term, "%" PRId64 " row%s sent by the next run that meets %s, even unchanged", rows,
            rows == 1 ? " is" : "s are", rows == 1 ? "it" : "them");
  return 0;
}

static int drop(struct cli *cli, struct opened_state *o, struct error *err) {
  int64_t rows;
  if (change(cli, o, reject_drop, &rows, err) != 0) return -1;
  term_note(cli->term, "%" PRId64 " row%s left the list", rows, rows == 1 ? "" : "s");
  return 0;
}

static int run_retry(struct cli *cli) { return opened_state_run(cli, false, retry); }
static int run_drop(struct cli *cli) { return opened_state_run(cli, false, drop); }

static const struct option change_options[] = {
    CHOOSING,
    {.name = "all", .type = OPTION_FLAG, .help = "every rejected row"},
    OPTION_END,
};

static const struct command rejects_retry = {
    .name = "retry",
    .summary = "let the next run send them even if they are unchanged",
    .usage = "[KEY|#NUMBER]…",
    .options = change_options,
    .run = run_retry,
    .args_max = COMMAND_ARGS_ANY,
};

static const struct command rejects_drop = {
    .name = "drop",
    .summary = "take them off the list; a row that comes again is sent",
    .usage = "[KEY|#NUMBER]…",
    .options = change_options,
    .run = run_drop,
    .args_max = COMMAND_ARGS_ANY,
};

static const struct command *const subs[] = {&rejects_list,  &rejects_show, &rejects_export,
                                             &rejects_retry, &rejects_drop, NULL};

const struct command command_rejects = {
    .name = "rejects",
    .summary = "rows that Hoko or a check refused",
    .usage = "",
    .subs = subs,
    .is_first_sub_default = true,
};
