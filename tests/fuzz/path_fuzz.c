/* A normal path has no dots left, stays as it is, and is beneath the root. */
#include "base/path.h"

#include "check.h"

static void check_normal(const char *path) {
  char normal[PATH_SIZE], again[PATH_SIZE];
  const char *rest;
  if (path_normal(normal, path) != 0) return;
  check(path_normal(again, normal) == 0 && strcmp(again, normal) == 0);
  check(!strstr(normal, "//"));
  check(path_beneath("/", normal, &rest) && path_beneath(normal, normal, &rest) && !*rest);
  for (char *name = strtok(again, "/"); name; name = strtok(NULL, "/"))
    check(strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
}

/* The first line of the bytes is the folder, the rest the name. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  char *dir = strndup((const char *)data, len), to[PATH_SIZE];
  check(dir != NULL);
  char *line_end = strchr(dir, '\n'), *name = line_end ? line_end + 1 : dir;
  if (line_end) *line_end = '\0';
  check_normal(dir);
  check_normal(name);
  if (path_join(to, dir, name) == 0) check(strlen(to) <= strlen(dir) + 1 + strlen(name));
  if (path_dir(to, name) == 0) check(strlen(to) >= 1);
  free(dir);
  return 0;
}
