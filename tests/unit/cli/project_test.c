#include "cli/project.h"

#include "base/file.h"
#include "cli/command_line.h"
#include "cli/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[64]; /* a fresh folder for each test */

static void path_of(char to[PATH_SIZE], const char *name) {
  assert_int_equal(path_join(to, root, name), 0);
}

static void make_file(const char *name) {
  struct error err;
  char path[PATH_SIZE], folder[PATH_SIZE];
  path_of(path, name);
  assert_int_equal(path_dir(folder, path), 0);
  assert_int_equal(file_make_dirs(folder, 0755, &err), 0);
  assert_int_equal(file_replace(path, SLICE("return {}\n"), 0644, &err), 0);
}

static int set_up(void **state) {
  (void)state;
  (void)snprintf(root, sizeof root, "/tmp/hoko-project-XXXXXX");
  return mkdtemp(root) && chdir(root) == 0 ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  char command[128];
  (void)snprintf(command, sizeof command, "rm -rf '%s'", root);
  return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

/* A command line with NAME=VALUE in the environment, or none. */
struct given {
  struct cli cli;
  char home[PATH_SIZE], variable[PATH_SIZE];
  char *environment[3];
};

static void given_init(struct given *g, const char *variable) {
  memset(g, 0, sizeof *g);
  (void)snprintf(g->home, sizeof g->home, "HOME=%s/home", root);
  (void)snprintf(g->variable, sizeof g->variable, "%s", variable ? variable : "NONE=");
  g->environment[0] = g->home;
  g->environment[1] = g->variable;
  g->cli.environment = g->environment;
  g->cli.options.common = commands_common;
  g->cli.clock = &clock_real;
}

static void give(struct given *g, const char *option, const char *text) {
  struct error err;
  assert_int_equal(
      options_add(&g->cli.options, option_named(commands_common, slice_of(option)), text, &err), 0);
}

static void given_free(struct given *g) { command_line_free(&g->cli); }

/* Where the project of SCRIPT is, under root; "" is root itself. */
static const char *folder_of(const char *script, const char *option_c, struct project *p) {
  struct given g;
  struct error err;
  given_init(&g, NULL);
  if (option_c) give(&g, "project", option_c);
  int outcome = project_find(p, &g.cli, script, &err);
  given_free(&g);
  if (outcome) return "nowhere";
  const char *rest;
  return path_beneath(root, p->folder, &rest) ? rest : p->folder;
}

static void the_nearest_folder_with_hoko_lua_is_the_project(void **state) {
  (void)state;
  struct project p;
  char name[PATH_SIZE];
  make_file("a/hoko.lua");
  make_file("a/scripts/deep/s.lua");
  assert_string_equal(folder_of("a/scripts/deep/s.lua", NULL, &p), "a");
  assert_true(p.has_file);
  assert_true(p.is_readable);
  assert_string_equal(project_script_name(&p, name), "scripts/deep/s");
  make_file("a/scripts/hoko.lua");
  assert_string_equal(folder_of("a/scripts/deep/s.lua", NULL, &p), "a/scripts");
}

static void without_hoko_lua_it_is_the_scripts_own_folder(void **state) {
  (void)state;
  struct project p;
  make_file("a/scripts/s.lua");
  assert_string_equal(folder_of("a/scripts/s.lua", NULL, &p), "a/scripts");
  assert_false(p.has_file);
  assert_string_equal(folder_of("-", NULL, &p), "");
  assert_string_equal(p.script, "");
  assert_string_equal(folder_of(NULL, NULL, &p), "");
}

static void cron_and_a_shell_find_the_same_folder(void **state) {
  (void)state;
  struct project p;
  make_file("a/s.lua");
  assert_int_equal(symlink("a", "link"), 0);
  char whole[PATH_SIZE];
  path_of(whole, "a/s.lua");
  assert_string_equal(folder_of(whole, NULL, &p), "a");
  assert_string_equal(folder_of("./link/../a/s.lua", NULL, &p), "a");
  assert_string_equal(folder_of("link/s.lua", NULL, &p), "a");
}

static void the_home_folder_is_the_last_that_is_looked_at(void **state) {
  (void)state;
  struct project p;
  make_file("hoko.lua");
  make_file("home/a/s.lua");
  make_file("home/s.lua");
  assert_string_equal(folder_of("home/a/s.lua", NULL, &p), "home/a");
  assert_true(p.is_readable);
  assert_false(p.has_file);
  make_file("home/hoko.lua");
  assert_string_equal(folder_of("home/a/s.lua", NULL, &p), "home");
  assert_false(p.is_readable);
  assert_string_equal(folder_of("home/s.lua", NULL, &p), "home");
  assert_false(p.is_readable);
}

static void a_folder_that_all_may_write_to_is_passed_over(void **state) {
  (void)state;
  struct project p;
  make_file("open/hoko.lua");
  make_file("open/a/s.lua");
  assert_int_equal(chmod("open", 01777), 0);
  assert_string_equal(folder_of("open/a/s.lua", NULL, &p), "open/a");
  assert_int_equal(chmod("open", 0755), 0);
  assert_string_equal(folder_of("open/a/s.lua", NULL, &p), "open");
}

static void minus_c_names_the_folder(void **state) {
  (void)state;
  struct project p;
  make_file("a/hoko.lua");
  make_file("a/b/s.lua");
  make_file("other.lua");
  assert_string_equal(folder_of("b/s.lua", "a", &p), "a");
  assert_string_equal(folder_of("other.lua", "a", &p), "a");
  char name[PATH_SIZE];
  assert_null(project_script_name(&p, name));
  assert_string_equal(folder_of(NULL, "a/b", &p), "a/b");
  assert_string_equal(folder_of(NULL, "missing", &p), "nowhere");
  assert_string_equal(folder_of(NULL, "other.lua", &p), "nowhere");
}

static void a_script_that_is_not_there_is_wrong_use(void **state) {
  (void)state;
  struct project p;
  struct given g;
  struct error err;
  given_init(&g, NULL);
  assert_int_equal(project_find(&p, &g.cli, "no.lua", &err), -1);
  assert_int_equal(err.code, ERROR_USAGE);
  assert_string_equal(err.message, "script no.lua: No such file or directory");
  make_file("a/s.lua");
  assert_int_equal(project_find(&p, &g.cli, "a", &err), -1);
  assert_string_equal(err.message, "script a is a folder");
  given_free(&g);
}

/* ---- what is in force ---- */

struct settled {
  const char *option, *option_text, *variable, *lua, *json;
  const char *expected; /* base_url, state or key; NULL: refused with message and hint */
  const char *message, *hint;
};

static const char *value_of(const struct project *p, const char *option) {
  if (strcmp(option, "base-url") == 0) return p->base_url;
  return strcmp(option, "state") == 0 ? p->state : p->key;
}

static const struct settled rows[] = {
    {"base-url", NULL, NULL, "", "{}", "https://hoko.to/api", "", ""},
    {"base-url", NULL, NULL, "", "{\"base_url\":\"https://a.example/api/\"}",
     "https://a.example/api", "", ""},
    {"base-url", NULL, "HOKO_BASE_URL=https://b.example", "",
     "{\"base_url\":\"https://a.example\"}", "https://b.example", "", ""},
    {"base-url", "https://c.example", "HOKO_BASE_URL=https://b.example", "", "{}",
     "https://c.example", "", ""},
    {"base-url", "http://127.0.0.1:8080/api", NULL, "", "{}", "http://127.0.0.1:8080/api", "", ""},
    {"base-url", "http://localhost/api", NULL, "", "{}", "http://localhost/api", "", ""},
    {"base-url", "http://[::1]:1/api", NULL, "", "{}", "http://[::1]:1/api", "", ""},
    {"base-url", "http://hoko.to/api", NULL, "", "{}", NULL,
     "--base-url: http:// would show the key to the network: only https:// goes to another machine",
     "--base-url https://hoko.to/api"},
    {"base-url", NULL, "HOKO_BASE_URL=http://10.0.0.1", "", "{}", NULL,
     "HOKO_BASE_URL: http:// would show the key to the network: only https:// goes to another "
     "machine",
     "--base-url https://10.0.0.1"},
    {"base-url", NULL, NULL, "return {\n base_url = 'http://x.example' }",
     "{\"base_url\":\"http://x.example\"}", NULL,
     "base_url: http:// would show the key to the network: only https:// goes to another machine",
     "--base-url https://x.example"},
    {"base-url", "https://hoko.to/api?x=1", NULL, "", "{}", NULL,
     "--base-url: a base URL has no blank, query or fragment", "--base-url https://hoko.to/api"},
    {"base-url", "ftp://hoko.to", NULL, "", "{}", NULL, NULL, "--base-url https://hoko.to/api"},
    {"base-url", "hoko.to", NULL, "", "{}", NULL, NULL, "--base-url https://hoko.to/api"},
    {"base-url", "https://user:secret@hoko.to/", NULL, "", "{}", NULL, NULL,
     "--base-url https://hoko.to/api"},
    {"state", NULL, NULL, "", "{}", "sqlite:ROOT/.hoko/state.db", "", ""},
    {"state", "sqlite:/x/y.db", NULL, "", "{\"state\":\"sqlite:z\"}", "sqlite:/x/y.db", "", ""},
    {"state", NULL, "HOKO_STATE=sqlite:e.db", "", "{\"state\":\"sqlite:z\"}", "sqlite:ROOT/e.db",
     "", ""},
    {"state", NULL, NULL, "", "{\"state\":\"sqlite:z\"}", "sqlite:ROOT/z", "", ""},
    {"state", "sqlite::memory:", NULL, "", "{}", "sqlite::memory:", "", ""},
    {"state", "postgresql://db/hoko", NULL, "", "{}", "postgresql://db/hoko", "", ""},
    {"state", "state.db", NULL, "", "{}", NULL,
     "--state: \"state.db\" is neither sqlite:FILE nor postgresql://…",
     "--state sqlite:.hoko/state.db"},
    {"state", "sqlite:", NULL, "", "{}", NULL,
     "--state: \"sqlite:\" is neither sqlite:FILE nor postgresql://…",
     "--state sqlite:.hoko/state.db"},
    {"state", "postgresql://u:secret@db/hoko", NULL, "", "{}", NULL,
     "--state: a password in a URL is seen by others", "put it into ~/.pgpass"},
    {"state", "postgresql://u@db/hoko?password=secret", NULL, "", "{}", NULL,
     "--state: a password in a URL is seen by others", "put it into ~/.pgpass"},
    {"key", NULL, NULL, "", "{}", "default", "", ""},
    {"key", NULL, NULL, "", "{\"key\":\"work\"}", "work", "", ""},
    {"key", "mine", NULL, "", "{\"key\":\"work\"}", "mine", "", ""},
};

static void check_settled(const struct settled *row) {
  struct project p;
  struct given g;
  struct error err;
  struct config *config;
  given_init(&g, row->variable);
  if (row->option_text) give(&g, row->option, row->option_text);
  assert_int_equal(config_read(&config, slice_of(row->json), slice_of(row->lua), "hoko.lua", &err),
                   0);
  assert_int_equal(project_find(&p, &g.cli, NULL, &err), 0);
  int outcome = project_settle(&p, &g.cli, config, slice_of(row->lua), &err);
  assert_int_equal(outcome, row->expected ? 0 : -1);
  if (row->expected) {
    const char *at = strstr(row->expected, "ROOT");
    char expected[PATH_SIZE];
    (void)snprintf(expected, sizeof expected, "%.*s%s%s", at ? (int)(at - row->expected) : 0,
                   row->expected, at ? root : row->expected, at ? at + 4 : "");
    assert_string_equal(value_of(&p, row->option), expected);
  } else {
    if (row->message) assert_string_equal(err.message, row->message);
    assert_string_equal(err.hint, row->hint);
    assert_int_equal(err.code, ERROR_USAGE);
    assert_null(strstr(err.message, "secret"));
    assert_int_equal(err.line, row->lua[0] ? 2 : 0);
  }
  project_free(&p);
  given_free(&g);
}

static void option_then_environment_then_hoko_lua_then_default(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) check_settled(&rows[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(the_nearest_folder_with_hoko_lua_is_the_project, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(without_hoko_lua_it_is_the_scripts_own_folder, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(cron_and_a_shell_find_the_same_folder, set_up, tear_down),
      cmocka_unit_test_setup_teardown(the_home_folder_is_the_last_that_is_looked_at, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(a_folder_that_all_may_write_to_is_passed_over, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(minus_c_names_the_folder, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_script_that_is_not_there_is_wrong_use, set_up, tear_down),
      cmocka_unit_test_setup_teardown(option_then_environment_then_hoko_lua_then_default, set_up,
                                      tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
