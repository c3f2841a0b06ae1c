#include "cli/test_files.h"

#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES_MAX = 10000, DEPTH_MAX = 16 };

static int look_in(struct test_files *f, const char *folder, const char *path, int depth,
                   struct error *err);

static bool is_test(const char *name) {
  static const char ending[] = "_test.lua";
  size_t len = strlen(name), ending_len = sizeof ending - 1;
  return len > ending_len && strcmp(name + len - ending_len, ending) == 0;
}

static int add(struct test_files *f, const char *path, struct error *err) {
  if (f->len == FILES_MAX)
    return error_set(err, ERROR_USAGE, "more than %d files of tests", FILES_MAX);
  char **at = realloc(f->at, (f->len + 2) * sizeof *at);
  if (at) f->at = at;
  if (!at || !(at[f->len] = strdup(path)))
    return error_set(err, ERROR_MEMORY, "out of memory for the names of tests");
  at[++f->len] = NULL;
  return 0;
}

/* PATH within FOLDER: a folder is looked into, a file is taken when it is one of tests. */
static int see(struct test_files *f, const char *folder, const char *path, const char *name,
               int depth, struct error *err) {
  char whole[PATH_SIZE];
  struct stat st;
  if (name[0] == '.') return 0;
  if (path_join(whole, folder, path))
    return error_set(err, ERROR_USAGE, "%s: the path is too long", path);
  if (lstat(whole, &st)) return 0; /* gone since it was listed */
  if (S_ISDIR(st.st_mode)) return look_in(f, folder, path, depth + 1, err);
  return is_test(name) && !S_ISLNK(st.st_mode) ? add(f, path, err) : 0;
}

static int look_in(struct test_files *f, const char *folder, const char *path, int depth,
                   struct error *err) {
  char whole[PATH_SIZE], inner[PATH_SIZE];
  struct dirent **entries;
  if (depth > DEPTH_MAX) return 0;
  if (path_join(whole, folder, path))
    return error_set(err, ERROR_USAGE, "%s: the path is too long", path);
  int n = scandir(whole, &entries, NULL, alphasort), rc = 0;
  if (n < 0) return error_errno(err, ERROR_USAGE, errno, "%s", path);
  for (int i = 0; i < n; i++) {
    const char *name = entries[i]->d_name;
    if (rc == 0 && path_join(inner, path, name))
      rc = error_set(err, ERROR_USAGE, "%s: the path is too long", name);
    if (rc == 0) rc = see(f, folder, inner, name, depth, err);
    free(entries[i]);
  }
  free(entries);
  return rc;
}

static bool is_there(const char *path, struct stat *st) { return stat(path, st) == 0; }

/* A word of the command line. */
static int take_given(struct test_files *f, const char *folder, const char *given,
                      struct error *err) {
  char path[PATH_SIZE], *real;
  const char *rest;
  struct stat st;
  bool is_found = path_join(path, "", given) == 0 && is_there(path, &st);
  if (!is_found) is_found = path_join(path, folder, given) == 0 && is_there(path, &st);
  if (!is_found) return error_errno(err, ERROR_USAGE, errno, "%s", given);
  real = realpath(path, NULL);
  if (!real) return error_errno(err, ERROR_USAGE, errno, "%s", given);
  int rc;
  if (!path_beneath(folder, real, &rest))
    rc = error_set(err, ERROR_USAGE, "%s is not in the project %s", given, folder);
  else if (S_ISDIR(st.st_mode))
    rc = look_in(f, folder, *rest ? rest : ".", 0, err);
  else
    rc = add(f, rest, err);
  free(real);
  return rc;
}

static int take_usual(struct test_files *f, const char *folder, struct error *err) {
  static const char *const usual[] = {"scripts", "tests"};
  for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
    char path[PATH_SIZE];
    struct stat st;
    if (path_join(path, folder, usual[i]) || !is_there(path, &st) || !S_ISDIR(st.st_mode)) continue;
    if (look_in(f, folder, usual[i], 0, err)) return -1;
  }
  return 0;
}

int test_files_find(struct test_files *f, const char *folder, const char *const *given,
                    size_t given_len, struct error *err) {
  *f = (struct test_files){.at = calloc(1, sizeof *f->at)};
  if (!f->at) return error_set(err, ERROR_MEMORY, "out of memory for the names of tests");
  if (given_len == 0) return take_usual(f, folder, err);
  for (size_t i = 0; i < given_len; i++)
    if (take_given(f, folder, given[i], err)) return -1;
  return 0;
}

void test_files_free(struct test_files *f) {
  for (size_t i = 0; i < f->len; i++) free(f->at[i]);
  free(f->at);
  *f = (struct test_files){.at = NULL};
}
