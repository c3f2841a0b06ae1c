#include "cli/help.h"

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/manual.h"
#include "cli/scdoc.h"
#include "cli/topic.h"
#include "keys/keys.h"
#include "net/net.h"
#include "state/state.h"
#include "web/web.h"
#include "worker/worker.h"

#include <stdio.h>

enum { PAGE_BYTES = 1 << 20, COLUMNS_MIN = 40, COLUMNS_MAX = 100 };

static const struct option help_options[] = {
    {.name = "scdoc",
     .type = OPTION_FLAG,
     .help = "the page's source for scdoc(1), which makes manual pages"},
    OPTION_END,
};

static struct scdoc_style style_of(const struct term *t) {
  size_t columns = term_columns(t);
  if (columns < COLUMNS_MIN) columns = COLUMNS_MIN;
  if (columns > COLUMNS_MAX) columns = COLUMNS_MAX;
  return (struct scdoc_style){.bold = term_out_style(t, TERM_BOLD),
                              .underline = term_out_style(t, TERM_UNDERLINE),
                              .plain = term_out_style(t, TERM_PLAIN),
                              .columns = columns};
}

static int no_memory(struct cli *cli) {
  struct error err;
  (void)error_set(&err, ERROR_MEMORY, "no memory for the manual page");
  return command_fail(cli, &err);
}

/* Prints SOURCE as it is or as it is read. */
static int print_source(struct cli *cli, const struct buf *source, bool is_source) {
  struct buf page = BUF_WITH_LIMIT(PAGE_BYTES);
  if (!is_source) {
    struct scdoc_style style = style_of(cli->term);
    scdoc_show(&page, buf_slice(source), &style);
  }
  int code = EXIT_OK;
  if (buf_ok(source) && buf_ok(&page))
    term_out(cli->term, buf_slice(is_source ? source : &page));
  else
    code = no_memory(cli);
  buf_free(&page);
  return code;
}

static int print_page(struct cli *cli, const struct command *command, bool is_source) {
  struct buf source = BUF_WITH_LIMIT(PAGE_BYTES);
  manual_put(&source, command, commands, commands_common, is_source);
  int code = print_source(cli, &source, is_source);
  buf_free(&source);
  return code;
}

static int print_topic(struct cli *cli, struct slice name, bool is_source) {
  struct buf source = BUF_WITH_LIMIT(PAGE_BYTES);
  struct error err;
  int outcome = topic_put(&source, name, is_source, &err);
  int code = outcome ? command_fail(cli, &err) : print_source(cli, &source, is_source);
  buf_free(&source);
  return code;
}

int help_show(struct cli *cli, const struct command *command) {
  return print_page(cli, command, false);
}

int help_version(struct cli *cli) {
  term_printf(cli->term, "hoko %s\n", HOKO_VERSION);
  term_printf(cli->term, "Lua %s, %.*s, SQLite %s, libsodium %s, libmicrohttpd %s\n",
              worker_version(), (int)strcspn(net_version(), " "), net_version(), state_version(),
              keys_version(), web_version());
#ifdef HOKO_HAS_READLINE
  term_printf(cli->term,
              "The source is under the MIT licence; this binary uses GNU readline and is "
              "distributed under the GPL's terms.\n");
#else
  term_printf(cli->term, "MIT licence.\n");
#endif
  return EXIT_OK;
}

/* "hoko help store" means that of hoko.store. */
static void hint_topic(const char *word, struct error *err) {
  char name[64];
  struct buf page = BUF_WITH_LIMIT(PAGE_BYTES);
  struct error unknown;
  int len = snprintf(name, sizeof name, "hoko.%s", word);
  bool is_whole = len > 0 && (size_t)len < sizeof name;
  if (is_whole && topic_put(&page, slice_of(name), false, &unknown) == 0)
    (void)error_hint(err, "hoko help %s", name);
  buf_free(&page);
}

static int run(struct cli *cli) {
  bool is_source = options_given(&cli->options, "scdoc");
  if (cli->args_len == 0) return print_page(cli, NULL, is_source);
  if (topic_is_meant(slice_of(cli->args[0])))
    return print_topic(cli, slice_of(cli->args[0]), is_source);
  const struct command *command = command_named(commands, slice_of(cli->args[0]));
  if (command) return print_page(cli, command, is_source);
  struct error err;
  (void)command_unknown("hoko", commands, slice_of(cli->args[0]), &err);
  hint_topic(cli->args[0], &err);
  return command_fail(cli, &err);
}

const struct command command_help = {
    .name = "help",
    .summary = "the manual page of a command, or of a function of the Lua API",
    .usage = "[COMMAND|lua|hoko.NAME]",
    .options = help_options,
    .run = run,
    .args_max = 1,
    .args_complete = COMPLETES_COMMAND,
};
