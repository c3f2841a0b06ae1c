#include "base/path.h"

static int copy(char to[PATH_SIZE], const char *from, size_t len) {
  if (len >= PATH_SIZE) return -1;
  memcpy(to, from, len);
  to[len] = '\0';
  return 0;
}

int path_join(char to[PATH_SIZE], const char *dir, const char *name) {
  size_t dir_len = strlen(dir), name_len = strlen(name);
  if (name[0] == '/' || dir_len == 0 || strcmp(dir, ".") == 0) return copy(to, name, name_len);
  size_t slash = dir[dir_len - 1] == '/' ? 0 : 1;
  if (dir_len >= PATH_SIZE || name_len >= PATH_SIZE - dir_len - slash) return -1;
  memcpy(to, dir, dir_len);
  if (slash) to[dir_len] = '/';
  memcpy(to + dir_len + slash, name, name_len + 1);
  return 0;
}

int path_dir(char to[PATH_SIZE], const char *path) {
  size_t len = strlen(path);
  while (len > 1 && path[len - 1] == '/') len--; /* "a/b/" is in "a" */
  while (len > 0 && path[len - 1] != '/') len--;
  if (len == 0) return copy(to, ".", 1);
  while (len > 1 && path[len - 1] == '/') len--;
  return copy(to, path, len);
}

int path_normal(char to[PATH_SIZE], const char *path) {
  size_t len = 0; /* TO has "/a/b" without a slash at its end; "" is the root */
  if (path[0] != '/') return -1;
  while (*path) {
    while (*path == '/') path++;
    size_t name_len = strcspn(path, "/");
    struct slice name = {path, name_len};
    path += name_len;
    if (name_len == 0 || slice_is(name, ".")) continue;
    if (slice_is(name, "..")) {
      while (len > 0 && to[--len] != '/') continue;
      continue;
    }
    if (name_len >= PATH_SIZE - len - 1) return -1;
    to[len++] = '/';
    memcpy(to + len, name.ptr, name_len);
    len += name_len;
  }
  if (len == 0) to[len++] = '/';
  to[len] = '\0';
  return 0;
}

bool path_beneath(const char *dir, const char *path, const char **rest) {
  size_t len = strlen(dir);
  if (strncmp(dir, path, len) != 0) return false;
  if (len > 0 && dir[len - 1] == '/') len--; /* the root */
  if (path[len] != '/' && path[len] != '\0') return false;
  *rest = path + len + (path[len] == '/' ? 1 : 0);
  return true;
}
