#include "cli/command.h"

#include <stdio.h>

void command_full_name(const struct cli *cli, char to[COMMAND_NAME_SIZE]) {
  (void)snprintf(to, COMMAND_NAME_SIZE, "hoko%s%s%s%s", cli->parent ? " " : "",
                 cli->parent ? cli->parent->name : "", cli->command ? " " : "",
                 cli->command ? cli->command->name : "");
}

const char *command_env(const struct cli *cli, const char *name) {
  size_t len = strlen(name);
  for (char *const *at = cli->environment; at && *at; at++)
    if (strncmp(*at, name, len) == 0 && (*at)[len] == '=')
      return (*at)[len + 1] ? *at + len + 1 : NULL;
  return NULL;
}

int command_fail(struct cli *cli, const struct error *err) {
  term_error(cli->term, err);
  return (int)exit_code_of(err->code);
}
