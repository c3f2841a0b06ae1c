/* main.c - argv → a row of the command table → exit code. */
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/job_child.h"
#include "worker/worker.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* A descriptor 0, 1 or 2 that is closed would be taken by the next file opened,
 * and a message for a person would land in the state. */
static int open_standard_fds(void) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY) != fd)
      return -1;
  return 0;
}

static struct term_setup term_setup_of(const struct cli *cli) {
  const char *term = command_env(cli, "TERM");
  return (struct term_setup){
      .in_fd = STDIN_FILENO,
      .out_fd = STDOUT_FILENO,
      .err_fd = STDERR_FILENO,
      .has_no_color = command_env(cli, "NO_COLOR") != NULL,
      .is_dumb = !term || strcmp(term, "dumb") == 0,
      .color = (enum term_color)options_choice(&cli->options, "color"),
      .is_quiet = options_given(&cli->options, "quiet"),
      .is_json = options_choice(&cli->options, "log-format") == 1,
  };
}

static struct log log_of(const struct cli *cli) {
  bool is_quiet = options_given(&cli->options, "quiet");
  bool is_verbose = options_given(&cli->options, "verbose");
  return (struct log){.least = is_quiet     ? LOG_WARN
                               : is_verbose ? LOG_DEBUG
                                            : LOG_INFO,
                      .is_json = options_choice(&cli->options, "log-format") == 1,
                      .sink = term_log_sink,
                      .user = cli->term,
                      .clock = cli->clock};
}

static int dispatch(struct cli *cli) {
  if (options_given(&cli->options, "version")) return help_version(cli);
  if (options_given(&cli->options, "help"))
    return help_show(cli, cli->parent ? cli->parent : cli->command);
  if (cli->command) return cli->command->run(cli);
  struct error err;
  (void)error_set(&err, ERROR_USAGE, "a command is missing");
  (void)error_hint(&err, "hoko help");
  return command_fail(cli, &err);
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "__worker") == 0) return worker_main();
  if (open_standard_fds()) return EXIT_STATE;
  (void)signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of write(2), not our end */

  struct error err;
  struct cli cli = {
      .options.common = commands_common, .clock = &clock_real, .environment = environ};
  struct term_setup setup = term_setup_of(&cli);
  cli.term = term_new(&setup, cli.clock);
  if (!cli.term) return EXIT_STATE;

  bool is_job = argc > 1 && strcmp(argv[1], "__job") == 0;
  int outcome = command_line_read(&cli, is_job ? job_child_commands : commands, argc, argv, &err);
  setup = term_setup_of(&cli);
  term_configure(cli.term, &setup);
  struct log log = log_of(&cli);
  cli.log = &log;

  int code = outcome ? command_fail(&cli, &err) : dispatch(&cli);
  if (term_finish(cli.term, &err)) {
    int lost = command_fail(&cli, &err);
    if (code == EXIT_OK) code = lost;
  }
  term_free(cli.term);
  command_line_free(&cli);
  return code;
}
