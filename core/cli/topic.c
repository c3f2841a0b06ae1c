#include "cli/topic.h"

#include "base/embed.h"
#include "base/nearest.h"

#include <stdio.h>

extern const struct embed manual_texts[]; /* lua.scd is made from lua/hoko/reference.lua */

enum { TOPICS_MAX = 256, NAME_SIZE = 64 };

/* The parts of the page: each begins with its heading, "# hoko.csv(path, options?)". */
struct sections {
  struct slice rest;
};

static bool next_section(struct sections *s, struct slice *section) {
  if (s->rest.len == 0) return false;
  const char *end = memmem(s->rest.ptr + 1, s->rest.len - 1, "\n# ", 3);
  size_t len = end ? (size_t)(end + 1 - s->rest.ptr) : s->rest.len;
  *section = (struct slice){s->rest.ptr, len};
  s->rest = (struct slice){s->rest.ptr + len, s->rest.len - len};
  return true;
}

/* "hoko.csv" of the section's heading. */
static void name_of(struct slice section, char name[NAME_SIZE]) {
  size_t len = 0;
  while (2 + len < section.len && !strchr("(\n", section.ptr[2 + len]) && len < NAME_SIZE - 1)
    len++;
  memcpy(name, section.ptr + 2, len);
  name[len] = '\0';
}

/* NAME itself, or a function of the table NAME. */
static bool belongs(struct slice name, const char *to) {
  return strncmp(to, name.ptr, name.len) == 0 && (to[name.len] == '\0' || to[name.len] == '.');
}

static int unknown(struct slice name, struct error *err) {
  char names[TOPICS_MAX][NAME_SIZE];
  const char *known[TOPICS_MAX];
  size_t len = 0;
  struct sections all = {embed_find(manual_texts, "lua.scd")};
  for (struct slice section; len < TOPICS_MAX && next_section(&all, &section); len++) {
    name_of(section, names[len]);
    known[len] = names[len];
  }
  const char *near = nearest_name(name, known, len);
  (void)error_set(err, ERROR_USAGE, "the Lua API has no '%.*s'", SLICE_ARG(name));
  return near ? error_hint(err, "did you mean '%s'?", near)
              : error_hint(err, "hoko help lua has all of it");
}

int topic_put(struct buf *b, struct slice name, bool has_preamble, struct error *err) {
  struct sections all = {embed_find(manual_texts, "lua.scd")};
  if (slice_is(name, "lua") || slice_is(name, "hoko")) {
    if (has_preamble) buf_add_text(b, "hoko-lua(1)\n\n");
    buf_add_text(b, "# NAME\n\nhoko-lua - the Lua API of hoko\n\n");
    buf_add_slice(b, all.rest);
    return 0;
  }
  bool is_found = false;
  for (struct slice section; next_section(&all, &section);) {
    char title[NAME_SIZE];
    name_of(section, title);
    if (!belongs(name, title)) continue;
    buf_add_slice(b, section);
    is_found = true;
  }
  return is_found ? 0 : unknown(name, err);
}

bool topic_is_meant(struct slice name) {
  return slice_is(name, "lua") || (name.len > 5 && memcmp(name.ptr, "hoko.", 5) == 0);
}
