#include "cli/completion.h"

#include "cli/commands.h"

enum { SCRIPT_BYTES = 1 << 20 };

static const char *const shells[] = {"bash", "zsh", "fish", NULL};

static int run(struct cli *cli) {
  struct buf script = BUF_WITH_LIMIT(SCRIPT_BYTES);
  switch (cli->args[0][0]) {
  case 'b': completion_bash(&script, commands, commands_common); break;
  case 'z': completion_zsh(&script, commands, commands_common); break;
  case 'f': completion_fish(&script, commands, commands_common); break;
  }
  int code = EXIT_OK;
  if (buf_ok(&script)) {
    term_out(cli->term, buf_slice(&script));
  } else {
    struct error err;
    (void)error_set(&err, ERROR_MEMORY, "no memory for the completion script");
    code = command_fail(cli, &err);
  }
  buf_free(&script);
  return code;
}

const struct command command_completion = {
    .name = "completion",
    .summary = "what a shell needs to complete hoko's command line",
    .usage = "bash|zsh|fish",
    .run = run,
    .args_min = 1,
    .args_max = 1,
    .arg_choices = shells,
};
