#include "cli/commands.h"
#include "cli/credential.h"
#include "cli/project.h"
#include "host/settle_run.h"

#include <inttypes.h>

static const struct option settle_options[] = {
    {.name = "now", .type = OPTION_FLAG, .help = "take the settle window as passed"},
    {.name = "settle-window",
     .type = OPTION_DURATION,
     .value = "TIME",
     .help = "how late a create may be applied that was never answered"},
    {.name = "stream", .type = OPTION_TEXT, .value = "NAME", .help = "only this stream"},
    {.name = "give-up",
     .type = OPTION_DURATION,
     .value = "TIME",
     .min = 1,
     .help = "how long Hoko may be out of reach"},
    {.name = "wait",
     .type = OPTION_DURATION,
     .value = "TIME",
     .fallback = "0ms",
     .help = "how long to wait for a stream that a run writes"},
    OPTION_END,
};

struct settle_command {
  struct cli *cli;
  struct project project;
  int streams;
};

static void on_warn(void *user, const char *message) {
  struct settle_command *c = user;
  term_warn(c->cli->term, "%s", message);
}

static void on_told(void *user, const char *stream, const struct settled *s) {
  struct settle_command *c = user;
  c->streams++;
  term_printf(c->cli->term,
              "%s: %" PRId64 " found and adopted, %" PRId64 " created again, %" PRId64
              " still held",
              stream, s->adopted, s->resent, s->held);
  if (s->unsure)
    term_printf(c->cli->term, " (%" PRId64 " of them look like a partner that is there)",
                s->unsure);
  if (s->twins) term_printf(c->cli->term, ", %" PRId64 " twins", s->twins);
  term_printf(c->cli->term, "\n");
}

static int on_key(void *user, struct secret **key, struct error *err) {
  struct settle_command *c = user;
  return credential_find(c->cli, &c->project, "settle", key, err);
}

static int64_t duration(const struct cli *cli, const char *option, int64_t otherwise) {
  return options_given(&cli->options, option) ? options_int(&cli->options, option) : otherwise;
}

static int settle(struct settle_command *c, struct error *err) {
  const struct cli *cli = c->cli;
  const struct config_limits *limits = &c->project.config->limits;
  int64_t held;
  bool is_now = options_given(&cli->options, "now");
  struct settle_job job = {
      .state = c->project.state,
      .base_url = c->project.base_url,
      .stream = options_text(&cli->options, "stream"),
      .window_ms = is_now ? 0 : duration(cli, "settle-window", limits->settle_window_ms),
      .give_up_ms = duration(cli, "give-up", limits->give_up_ms),
      .wait_ms = options_int(&cli->options, "wait"),
      .batch_rows = limits->batch_rows,
      .batch_bytes = limits->batch_bytes,
      .concurrency = limits->concurrency,
      .requests_per_minute = limits->requests_per_minute,
      .clock = cli->clock,
      .user = c,
      .warn = on_warn,
      .told = on_told,
      .key = on_key};
  if (host_settle(&job, &held, err)) return -1;
  if (c->streams == 0) term_printf(cli->term, "nothing is held\n");
  return held ? EXIT_HELD : EXIT_OK;
}

static int run(struct cli *cli) {
  struct settle_command c = {.cli = cli};
  struct error err;
  if (project_open(&c.project, cli, NULL, &err)) return command_fail(cli, &err);
  int code = settle(&c, &err);
  if (code < 0) code = command_fail(cli, &err);
  project_free(&c.project);
  return code;
}

const struct command command_settle = {
    .name = "settle",
    .summary = "settle creates whose outcome is unknown",
    .usage = "",
    .options = settle_options,
    .run = run,
};
