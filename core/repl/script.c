#include "repl/script.h"

#include <ctype.h>
#include <stdlib.h>

struct script_entry {
  struct slice text; /* its own memory */
  enum entry_form form;
  bool reads_last; /* `_` is in it */
};

static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

static bool has_last(struct slice text) {
  for (size_t i = 0; i < text.len; i++) {
    bool is_alone =
        (i == 0 || !is_word(text.ptr[i - 1])) && (i + 1 == text.len || !is_word(text.ptr[i + 1]));
    if (text.ptr[i] == '_' && is_alone) return true;
  }
  return false;
}

int script_add(struct script *s, struct slice text, enum entry_form form) {
  if (s->len == s->cap) {
    size_t cap = s->cap ? 2 * s->cap : 64;
    struct script_entry *more = realloc(s->entries, cap * sizeof *more);
    if (!more) return -1;
    s->entries = more;
    s->cap = cap;
  }
  char *copy = malloc(text.len + 1);
  if (!copy) return -1;
  memcpy(copy, text.ptr, text.len);
  s->entries[s->len++] =
      (struct script_entry){.text = {copy, text.len}, .form = form, .reads_last = has_last(text)};
  return 0;
}

/* A value that nobody reads is left out where the entry is a call anyway. */
static bool needs_last(const struct script *s, size_t i) {
  if (s->entries[i].form == FORM_CODE || s->entries[i].form == FORM_SETS_LAST) return false;
  if (s->entries[i].form == FORM_EXPRESSION) return true;
  for (size_t later = i + 1; later < s->len; later++)
    if (s->entries[later].reads_last) return true;
  return false;
}

void script_put(const struct script *s, struct buf *to) {
  bool has_local = false;
  for (size_t i = 0; i < s->len; i++) {
    bool needs = needs_last(s, i), sets = s->entries[i].form == FORM_SETS_LAST;
    if (needs) buf_add_text(to, has_local ? "_ = " : "local _ = ");
    if (sets && !has_local) buf_add_text(to, "local _\n");
    has_local = has_local || needs || sets;
    buf_add_slice(to, s->entries[i].text);
    buf_add_char(to, '\n');
  }
}

void script_clear(struct script *s) {
  for (size_t i = 0; i < s->len; i++) free((void *)(uintptr_t)s->entries[i].text.ptr);
  free(s->entries);
  *s = (struct script){.entries = NULL};
}
