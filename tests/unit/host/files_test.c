/* Which files a job's script gets, and with which words it is denied the others. */
#include "host/files.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

struct world {
  char root[64], project[80], outside[80], read_file[96], write_dir[96], before[PATH_SIZE];
  struct files files;
};

static void put(const char *folder, const char *name, const char *text) {
  char path[PATH_SIZE];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

static void make_dir(const char *folder, const char *name) {
  char path[PATH_SIZE];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  assert_int_equal(mkdir(path, 0700), 0);
}

static void make_link(const char *folder, const char *name, const char *target) {
  char path[PATH_SIZE];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  assert_int_equal(symlink(target, path), 0);
}

static void fill_project(const struct world *w) {
  static const char *const folders[] = {"scripts", "lua", "lua/deep", "data", ".hoko", "folder"};
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) make_dir(w->project, folders[i]);
  put(w->project, "hoko.lua", "return {}");
  put(w->project, "scripts/s.lua", "script");
  put(w->project, "lua/m.lua", "module");
  put(w->project, "scripts/n.lua", "near");
  put(w->project, "lua/deep/init.lua", "deep");
  put(w->project, "data/a.csv", "a");
  put(w->project, ".hoko/state.db", "state");
  make_link(w->project, "out", w->outside);
  make_link(w->project, "in", "data/a.csv");
  make_link(w->project, "loop", "loop");
}

static int open_world(void **state) {
  struct world *w = calloc(1, sizeof *w);
  struct error err;
  assert_non_null(w);
  (void)snprintf(w->root, sizeof w->root, "/tmp/hoko-files-XXXXXX");
  assert_non_null(mkdtemp(w->root));
  (void)snprintf(w->project, sizeof w->project, "%s/project", w->root);
  (void)snprintf(w->outside, sizeof w->outside, "%s/outside", w->root);
  (void)snprintf(w->read_file, sizeof w->read_file, "%s/allowed", w->outside);
  (void)snprintf(w->write_dir, sizeof w->write_dir, "%s/write", w->root);
  make_dir(w->root, "project");
  make_dir(w->root, "outside");
  make_dir(w->root, "write");
  put(w->outside, "secret", "secret");
  put(w->outside, "allowed", "allowed");
  fill_project(w);
  assert_non_null(getcwd(w->before, sizeof w->before));
  assert_int_equal(chdir(w->outside), 0);
  const char *const read[] = {w->read_file, NULL}, *const write[] = {w->write_dir, NULL};
  const char *const args[] = {"word", "secret", "folder", NULL};
  const struct job job = {.script = "scripts/s.lua",
                          .folder = w->project,
                          .is_folder_readable = true,
                          .state = "sqlite:.hoko/state.db",
                          .args = args,
                          .allowed = {.read = {read}, .write = {write}}};
  if (files_open(&w->files, &job, &err)) fail_msg("%s", err.message);
  *state = w;
  return 0;
}

static int close_world(void **state) {
  struct world *w = *state;
  char command[128];
  files_close(&w->files);
  assert_int_equal(chdir(w->before), 0);
  (void)snprintf(command, sizeof command, "rm -r %s", w->root);
  assert_int_equal(system(command), 0);
  free(w);
  return 0;
}

enum way { OPENED, DENIED, FAILED };

static enum way try_path(const struct world *w, const char *path, enum open_mode mode,
                         struct error *err) {
  char whole[PATH_SIZE];
  /* "@" stands for the folder of everything */
  (void)snprintf(whole, sizeof whole, "%s%s", path[0] == '@' ? w->root : "",
                 path[0] == '@' ? path + 1 : path);
  int fd = files_open_for(&w->files, slice_of(whole), mode, err);
  if (fd >= 0) {
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_false(fcntl(fd, F_GETFL) & O_NONBLOCK);
    (void)close(fd);
    return OPENED;
  }
  return err->code == ERROR_DENIED ? DENIED : FAILED;
}

struct attempt {
  const char *path;
  enum way read, write;
};

static const struct attempt attempts[] = {
    {"data/a.csv", OPENED, OPENED},
    {"./data/../data/a.csv", OPENED, OPENED},
    {"@/project/data/a.csv", OPENED, OPENED},
    {"in", OPENED, OPENED},
    {"data/none.csv", FAILED, OPENED},
    {"none/none.csv", FAILED, FAILED},
    {"folder", FAILED, FAILED}, /* beside the argument of this name */
    {".", FAILED, FAILED},
    {"", FAILED, FAILED},
    {"loop", DENIED, DENIED},
    {"scripts/s.lua", OPENED, DENIED},
    {"lua/m.lua", OPENED, DENIED},
    {"lua/new.lua", FAILED, DENIED},
    {"hoko.lua", OPENED, DENIED},
    {"hoko.lua.txt", FAILED, OPENED},
    {".hoko/state.db", DENIED, DENIED},
    {".hoko", DENIED, DENIED},
    {".hokoo", FAILED, OPENED},
    {"data/../.hoko/state.db", DENIED, DENIED},
    {"out/secret", DENIED, DENIED},
    {"out/../data/a.csv", OPENED, OPENED}, /* ".." is of the text, as in a browser */
    {"../outside/secret", OPENED, DENIED}, /* the file that the argument names */
    {"@/outside/other", DENIED, DENIED},
    {"@/outside/allowed", OPENED, DENIED},
    {"@/outside/allowed/x", DENIED, DENIED},
    {"@/write/new", FAILED, OPENED},
    {"@/write/../outside/secret2", DENIED, DENIED},
    {"@/project", FAILED, FAILED},
    {"@", DENIED, DENIED},
    {"/etc/passwd", DENIED, DENIED},
    {"/proc/self/environ", DENIED, DENIED},
    {"/", DENIED, DENIED},
};

static void each_path_is_opened_denied_or_told_what_is_wrong(void **state) {
  for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
    const struct attempt *a = &attempts[i];
    struct error err;
    enum way got = try_path(*state, a->path, OPEN_READ, &err);
    if (got != a->read) fail_msg("reading %s: %d %s", a->path, got, got ? err.message : "");
    got = try_path(*state, a->path, OPEN_APPEND, &err);
    if (got != a->write) fail_msg("writing %s: %d %s", a->path, got, got ? err.message : "");
    if (got == DENIED && a->read == OPENED && strncmp(a->path, "@/outside", 9) == 0)
      assert_non_null(strstr(err.hint, "--allow-write="));
  }
}

static void an_argument_is_meant_from_where_hoko_was_started(void **state) {
  struct error err;
  char bytes[8] = "";
  struct world *w = *state;
  int fd = files_open_for(&w->files, SLICE("secret"), OPEN_READ, &err);
  assert_true(fd >= 0);
  assert_int_equal(read(fd, bytes, sizeof bytes), 6);
  assert_string_equal(bytes, "secret");
  (void)close(fd);
  assert_int_equal(try_path(w, "word", OPEN_READ, &err),
                   FAILED); /* a word that is no file is just a word */
}

static void modules_are_found_where_require_looks(void **state) {
  static const struct {
    const char *name, *found;
  } modules[] = {{"m", "lua/m.lua"},
                 {"n", "scripts/n.lua"},
                 {"deep", "lua/deep/init.lua"},
                 {"scripts/s.lua", "scripts/s.lua"},
                 {"none", NULL},
                 {"../data/a", NULL},
                 {"deep/none", NULL},
                 {"../../outside/secret", NULL}};
  const struct world *w = *state;
  for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
    char found[PATH_SIZE];
    struct error err;
    int fd = files_open_module(&w->files, slice_of(modules[i].name), found, &err);
    if ((fd >= 0) != (modules[i].found != NULL)) fail_msg("%s: %s", modules[i].name, err.message);
    if (fd < 0) continue;
    assert_string_equal(found, modules[i].found);
    (void)close(fd);
  }
}

static void names_that_no_file_has_are_told(void **state) {
  const struct world *w = *state;
  struct error err;
  char name[2 * PATH_SIZE];
  memset(name, 'x', sizeof name);
  assert_int_equal(files_open_for(&w->files, (struct slice){name, sizeof name}, OPEN_READ, &err),
                   -1);
  assert_non_null(strstr(err.message, "too long"));
  assert_true(strlen(err.message) < 200);
  assert_int_equal(files_open_for(&w->files, (struct slice){"a\0b", 3}, OPEN_READ, &err), -1);
  assert_non_null(strstr(err.message, "NUL"));
}

static void writing_cuts_and_appending_keeps(void **state) {
  const struct world *w = *state;
  struct error err;
  struct stat st;
  int fd = files_open_for(&w->files, SLICE("data/a.csv"), OPEN_APPEND, &err);
  assert_int_equal(write(fd, "b", 1), 1);
  assert_int_equal(fstat(fd, &st), 0);
  assert_int_equal(st.st_size, 2);
  (void)close(fd);
  fd = files_open_for(&w->files, SLICE("data/a.csv"), OPEN_WRITE, &err);
  assert_int_equal(fstat(fd, &st), 0);
  assert_int_equal(st.st_size, 0);
  (void)close(fd);
}

static void a_fifo_without_a_writer_does_not_hang_the_host(void **state) {
  const struct world *w = *state;
  char path[PATH_SIZE];
  struct error err;
  (void)snprintf(path, sizeof path, "%s/fifo", w->project);
  assert_int_equal(mkfifo(path, 0600), 0);
  assert_int_equal(try_path(w, "fifo", OPEN_READ, &err), OPENED);
}

static void a_folder_that_is_to_be_allowed_must_be_there(void **state) {
  const struct world *w = *state;
  const char *const read[] = {"/no/such/folder", NULL};
  const struct job job = {
      .script = "-", .folder = w->project, .state = "sqlite:x", .allowed = {.read = {read}}};
  struct files files;
  struct error err;
  assert_int_equal(files_open(&files, &job, &err), -1);
  assert_int_equal(err.code, ERROR_USAGE);
  assert_non_null(strstr(err.message, "/no/such/folder"));
}

static void without_a_readable_project_nothing_is_read(void **state) {
  const struct world *w = *state;
  const struct job job = {.script = "scripts/s.lua", .folder = w->project, .state = "sqlite:x"};
  struct world other = *w;
  struct error err;
  assert_int_equal(files_open(&other.files, &job, &err), 0);
  assert_int_equal(try_path(&other, "data/a.csv", OPEN_READ, &err), DENIED);
  assert_int_equal(try_path(&other, "scripts/s.lua", OPEN_MODULE, &err),
                   OPENED); /* the script itself */
  files_close(&other.files);
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_A_WORLD(each_path_is_opened_denied_or_told_what_is_wrong),
      IN_A_WORLD(an_argument_is_meant_from_where_hoko_was_started),
      IN_A_WORLD(modules_are_found_where_require_looks),
      IN_A_WORLD(names_that_no_file_has_are_told),
      IN_A_WORLD(writing_cuts_and_appending_keeps),
      IN_A_WORLD(a_fifo_without_a_writer_does_not_hang_the_host),
      IN_A_WORLD(a_folder_that_is_to_be_allowed_must_be_there),
      IN_A_WORLD(without_a_readable_project_nothing_is_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
