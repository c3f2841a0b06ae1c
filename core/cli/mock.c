#include "mock/mock.h"

#include "base/random.h"
#include "cli/commands.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const struct option mock_options[] = {
    {.name = "port",
     .type = OPTION_INT,
     .value = "N",
     .fallback = "4656",
     .max = 65535,
     .help = "the port on 127.0.0.1; 0 takes a free one"},
    {.name = "partners",
     .type = OPTION_INT,
     .value = "N",
     .fallback = "0",
     .max = 10000000,
     .help = "make up so many partners at the start"},
    {.name = "data",
     .type = OPTION_TEXT,
     .value = "FILE",
     .completes = COMPLETES_FILE,
     .help = "a JSON array of partners: read at the start, written at the end"},
    {.name = "latency",
     .type = OPTION_INT,
     .value = "MS",
     .fallback = "0",
     .max = 3600000,
     .help = "milliseconds that each answer waits"},
    {.name = "rate",
     .type = OPTION_TEXT,
     .value = "N/60s",
     .help = "requests allowed in a sliding window"},
    {.name = "fault",
     .type = OPTION_TEXTS,
     .value = "SPEC",
     .help = "misbehave: NTH:WHAT, FROM-TO:WHAT or P%:WHAT"},
    {.name = "seed",
     .type = OPTION_INT,
     .value = "N",
     .max = INT64_MAX,
     .help = "which faults come by chance; told at the start"},
    {.name = "refuse",
     .type = OPTION_TEXT,
     .value = "TEXT",
     .help = "answer 400 to rows with TEXT in their name"},
    {.name = "key",
     .type = OPTION_TEXT,
     .value = "KEY",
     .help = "the only key that is right; without it any is"},
    {.name = "scopes",
     .type = OPTION_TEXT,
     .value = "A,B",
     .help = "what the key may do; without it everything"},
    {.name = "write-scope",
     .type = OPTION_TEXT,
     .value = "A",
     .help = "what PUT and DELETE need; without it partnersWrite or linksWrite"},
    OPTION_END,
};

static uint64_t seed_of(const struct options *o) {
  uint64_t seed;
  if (options_given(o, "seed")) return (uint64_t)options_int(o, "seed");
  random_bytes(&seed, sizeof seed);
  return seed >> 1; /* as --seed takes it */
}

/* Reads what was given into *to, the faults into FAULTS, of MOCK_FAULTS_MAX + 1. */
static void read_options(const struct options *o, struct mock_options *to, const char **faults) {
  struct options_walk walk = {0};
  struct slice word;
  *to = (struct mock_options){
      .port = (uint16_t)options_int(o, "port"),
      .partners = (size_t)options_int(o, "partners"),
      .latency_ms = options_int(o, "latency"),
      .rate = options_text(o, "rate"),
      .faults = faults,
      .seed = seed_of(o),
      .key = options_text(o, "key"),
      .scopes = options_text(o, "scopes"),
      .write_scope = options_text(o, "write-scope"),
      .refuse = options_text(o, "refuse"),
      .data = options_text(o, "data"),
  };
  while (to->faults_len <= MOCK_FAULTS_MAX && options_next(o, "fault", &walk, &word))
    faults[to->faults_len++] = word.ptr; /* a word of argv, so it ends with a NUL */
}

/* A descriptor that is readable once a signal asks for the end. */
static int open_stop_fd(struct error *err) {
  sigset_t set;
  (void)sigemptyset(&set);
  (void)sigaddset(&set, SIGTERM);
  (void)sigaddset(&set, SIGINT);
  int fd = sigprocmask(SIG_BLOCK, &set, NULL) == 0 ? signalfd(-1, &set, SFD_CLOEXEC) : -1;
  return fd < 0 ? error_errno(err, ERROR_INTERNAL, errno, "cannot wait for signals") : fd;
}

static void print_totals(struct cli *cli, const struct mock *m) {
  struct buf totals = BUF_WITH_LIMIT(1 << 16);
  mock_put_totals(&totals, m);
  term_out(cli->term, buf_slice(&totals));
  term_out(cli->term, SLICE("\n"));
  buf_free(&totals);
}

static int serve(struct cli *cli, struct mock *m, int stop_fd, struct error *err) {
  term_printf(cli->term, "listening on %s\n", mock_url(m));
  term_flush(cli->term);
  if (mock_run(m, stop_fd, err) < 0) return -1;
  print_totals(cli, m);
  return mock_save(m, err);
}

static int run(struct cli *cli) {
  struct error err;
  struct mock_options options;
  const char *faults[MOCK_FAULTS_MAX + 1];
  int result = -1;
  read_options(&cli->options, &options, faults);
  int stop_fd = open_stop_fd(&err);
  struct mock *m = stop_fd < 0 ? NULL : mock_new(&options, cli->clock, &err);
  if (m && options.faults_len) term_note(cli->term, "seed %" PRIu64, options.seed);
  if (m) result = serve(cli, m, stop_fd, &err);
  mock_free(m);
  if (stop_fd >= 0) (void)close(stop_fd); /* nothing was written to it */
  return result < 0 ? command_fail(cli, &err) : EXIT_OK;
}

const struct command command_mock = {
    .name = "mock",
    .summary = "a local Hoko server to try things on",
    .usage = "",
    .options = mock_options,
    .run = run,
};
