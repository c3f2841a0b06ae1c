#include "keys/used.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/number.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const char first_line[] = "hoko-keystore-used 1";

enum { TEXT_LIMIT = KEYSTORE_ENTRIES_MAX * (KEYSTORE_NAME_SIZE + CLOCK_TEXT_SIZE) + 256 };

/* Cuts a line off the front of *REST; false: none ends there. */
static bool take_line(struct slice *rest, struct slice *line) {
  const char *end = rest->len > 0 ? memchr(rest->ptr, '\n', rest->len) : NULL;
  if (!end) return false;
  *line = (struct slice){rest->ptr, (size_t)(end - rest->ptr)};
  *rest = (struct slice){end + 1, rest->len - line->len - 1};
  return true;
}

/* The value of a line "WORD value"; false: it is another line. */
static bool value_of(struct slice line, const char *word, struct slice *value) {
  size_t len = strlen(word);
  if (line.len <= len || memcmp(line.ptr, word, len) != 0 || line.ptr[len] != ' ') return false;
  *value = (struct slice){line.ptr + len + 1, line.len - len - 1};
  return true;
}

static bool parse_head(struct used *u, struct slice *rest) {
  struct slice line, id, generation;
  int64_t number;
  if (!take_line(rest, &line) || !slice_is(line, first_line)) return false;
  if (!take_line(rest, &line) || !value_of(line, "id", &id) || id.len != sizeof u->id - 1)
    return false;
  if (!take_line(rest, &line) || !value_of(line, "generation", &generation)) return false;
  if (number_int64(generation, 1, INT64_MAX, &number) != 0 || memchr(id.ptr, '\0', id.len))
    return false;
  memcpy(u->id, id.ptr, id.len);
  u->id[id.len] = '\0';
  u->generation = (uint64_t)number;
  return true;
}

static bool parse_entry(struct used *u, struct slice line) {
  struct error err;
  struct used_entry *e = &u->entry[u->len];
  const char *blank = line.len > 0 ? memchr(line.ptr, ' ', line.len) : NULL;
  if (!blank || u->len == KEYSTORE_ENTRIES_MAX) return false;
  size_t name_len = (size_t)(blank - line.ptr);
  struct slice time = {blank + 1, line.len - name_len - 1};
  if (name_len >= sizeof e->name || memchr(line.ptr, '\0', name_len)) return false;
  memcpy(e->name, line.ptr, name_len);
  e->name[name_len] = '\0';
  if (keystore_check_name(e->name, &err) != 0 || clock_parse(time, &e->at_ms) != 0) return false;
  u->len++;
  return true;
}

bool used_parse(struct used *u, struct slice text) {
  struct slice line;
  u->len = 0;
  bool is_good = parse_head(u, &text);
  while (is_good && text.len > 0) is_good = take_line(&text, &line) && parse_entry(u, line);
  if (is_good) return true;
  *u = (struct used){.len = 0};
  return false;
}

void used_put(struct buf *b, const struct used *u) {
  buf_printf(b, "%s\nid %s\ngeneration %llu\n", first_line, u->id,
             (unsigned long long)u->generation);
  for (size_t i = 0; i < u->len; i++) {
    char time[CLOCK_TEXT_SIZE];
    clock_format(u->entry[i].at_ms, time);
    buf_printf(b, "%s %s\n", u->entry[i].name, time);
  }
}

static bool path_beside(char to[PATH_SIZE], const char *path) {
  int len = snprintf(to, PATH_SIZE, "%s.used", path);
  return len > 0 && len < PATH_SIZE;
}

static bool read_text(struct buf *text, const char *path) {
  char beside[PATH_SIZE];
  struct error err;
  if (!path_beside(beside, path)) return false;
  int fd = open(beside, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return false;
  bool is_read = file_read_fd(text, fd, beside, &err) == 0;
  close(fd);
  return is_read;
}

void used_read(struct used *u, const char *path) {
  struct buf text = BUF_WITH_LIMIT(TEXT_LIMIT);
  if (!read_text(&text, path) || !used_parse(u, buf_slice(&text))) *u = (struct used){.len = 0};
  buf_free(&text);
}

void used_claim(struct used *u, const char *id) {
  if (strcmp(u->id, id) != 0) *u = (struct used){.len = 0};
  (void)snprintf(u->id, sizeof u->id, "%s", id);
}

void used_write(const struct used *u, const char *path) {
  char beside[PATH_SIZE];
  struct error err;
  struct buf text = BUF_WITH_LIMIT(TEXT_LIMIT);
  used_put(&text, u);
  bool is_written = buf_ok(&text) && path_beside(beside, path) &&
                    file_replace(beside, buf_slice(&text), 0600, &err) == 0;
  (void)is_written; /* best effort, as the header says */
  buf_free(&text);
}

static struct used_entry *find(const struct used *u, const char *name) {
  for (size_t i = 0; i < u->len; i++)
    if (strcmp(u->entry[i].name, name) == 0) return (struct used_entry *)&u->entry[i];
  return NULL;
}

int64_t used_at(const struct used *u, const char *name) {
  const struct used_entry *e = find(u, name);
  return e ? e->at_ms : 0;
}

void used_set(struct used *u, const char *name, int64_t at_ms) {
  struct used_entry *e = find(u, name);
  if (!e && u->len < KEYSTORE_ENTRIES_MAX) {
    e = &u->entry[u->len++];
    (void)snprintf(e->name, sizeof e->name, "%s", name);
  }
  if (e) e->at_ms = at_ms;
}
