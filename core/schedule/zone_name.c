#include "schedule/zone_name.h"

#include "base/buf.h"
#include "base/nearest.h"
#include "base/path.h"

#include <dirent.h>
#include <stdlib.h>
#include <strings.h>

enum { NAMES_MAX = 4096, NAMES_BYTES_MAX = 256 * 1024, DEPTH_MAX = 3 };

static bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

static bool is_name_char(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '+';
}

/* Each part begins with a letter and has no dot, so none is "..", empty or hidden. */
bool zone_name_is_safe(struct slice name) {
  bool is_start = true;
  if (name.len == 0 || name.len >= ZONE_NAME_SIZE) return false;
  for (size_t i = 0; i < name.len; i++) {
    char c = name.ptr[i];
    if (is_start ? !is_letter(c) : !is_name_char(c) && c != '/') return false;
    is_start = c == '/';
  }
  return !is_start;
}

/* All names beneath a folder, NUL behind each. */
struct names {
  const char *folder;
  struct buf text;
};

static void collect(struct names *names, const char *beneath, int depth);

static void collect_entry(struct names *names, const char *beneath, const struct dirent *entry,
                          int depth) {
  char name[PATH_SIZE];
  if (path_join(name, beneath, entry->d_name) != 0) return;
  if (!zone_name_is_safe(slice_of(name))) return; /* "..", zone.tab, tzdata.zi */
  if (entry->d_type == DT_DIR) {
    bool is_copy = strcmp(name, "posix") == 0 || strcmp(name, "right") == 0;
    if (!is_copy && depth < DEPTH_MAX) collect(names, name, depth + 1);
    return;
  }
  buf_add(&names->text, name, strlen(name) + 1);
}

static void collect(struct names *names, const char *beneath, int depth) {
  char path[PATH_SIZE];
  if (path_join(path, names->folder, beneath) != 0) return;
  DIR *dir = opendir(path);
  const struct dirent *entry;
  if (!dir) return; /* a hint that finds less is still a hint */
  while ((entry = readdir(dir)) != NULL) collect_entry(names, beneath, entry, depth);
  closedir(dir);
}

/* Whether WORD is NAME's last part, blanks being underscores: "new york". */
static bool is_city_of(struct slice word, const char *name) {
  const char *slash = strrchr(name, '/');
  if (!slash || strlen(slash + 1) != word.len) return false;
  for (size_t i = 0; i < word.len; i++) {
    char c = word.ptr[i] == ' ' ? '_' : word.ptr[i];
    if (strncasecmp(&c, slash + 1 + i, 1) != 0) return false;
  }
  return true;
}

static const char *find_meant(struct slice word, const char *const *names, size_t names_len) {
  for (size_t i = 0; i < names_len; i++)
    if (strlen(names[i]) == word.len && strncasecmp(names[i], word.ptr, word.len) == 0)
      return names[i];
  for (size_t i = 0; i < names_len; i++)
    if (is_city_of(word, names[i])) return names[i];
  return nearest_name(word, names, names_len);
}

int zone_name_hint(struct error *err, struct slice name, const char *folder) {
  struct names names = {.folder = folder, .text = BUF_WITH_LIMIT(NAMES_BYTES_MAX)};
  const char **list = calloc(NAMES_MAX, sizeof *list), *meant = NULL;
  size_t len = 0;
  collect(&names, "", 0);
  for (size_t at = 0; list && len < NAMES_MAX && at < names.text.len; len++) {
    list[len] = names.text.ptr + at;
    at += strlen(list[len]) + 1;
  }
  if (list && len > 0) meant = find_meant(name, list, len);
  if (meant)
    (void)error_hint(err, "did you mean \"%s\"?", meant);
  else if (len > 0)
    (void)error_hint(err, "names are like Asia/Riyadh; all are under %s", folder);
  else
    (void)error_hint(err, "no zones in %s: install the package tzdata, or set TZDIR", folder);
  free(list);
  buf_free(&names.text);
  return -1;
}
