#include "cli/opened_state.h"

int opened_state_begin(struct opened_state *o, const struct cli *cli, bool is_reader,
                       struct error *err) {
  *o = (struct opened_state){.state = NULL};
  if (project_open(&o->project, cli, NULL, err) != 0) return -1;
  struct state_options options = {
      .url = o->project.state, .clock = cli->clock, .is_reader = is_reader};
  if (state_open(&o->state, &options, err) == 0) return 0;
  project_free(&o->project);
  return -1;
}

void opened_state_end(struct opened_state *o) {
  state_close(o->state);
  project_free(&o->project);
}

int opened_state_run(struct cli *cli, bool is_reader,
                     int (*do_it)(struct cli *cli, struct opened_state *o, struct error *err)) {
  struct opened_state o;
  struct error err;
  if (opened_state_begin(&o, cli, is_reader, &err) != 0) return command_fail(cli, &err);
  int result = do_it(cli, &o, &err);
  opened_state_end(&o);
  return result == 0 ? EXIT_OK : command_fail(cli, &err);
}

struct slice opened_state_url(const struct opened_state *o, const struct cli *cli) {
  return options_given(&cli->options, "base-url") ? slice_of(o->project.base_url)
                                                  : (struct slice){0};
}
