#include "worker/source/lines.h"

#include <string.h>

static bool is_blank(struct slice s) {
  for (size_t i = 0; i < s.len; i++)
    if (s.ptr[i] != ' ' && s.ptr[i] != '\t' && s.ptr[i] != '\r') return false;
  return true;
}

/* From how far the search for the line's end came to where it can go on.  1: more
 * bytes are there; 0: the file ends. */
static int more(struct lines *l, size_t *searched, struct error *err) {
  struct bytes *b = l->bytes;
  if (l->is_over) b->at = b->end; /* too large to keep: only its end is of interest */
  *searched = (size_t)(b->end - b->at);
  switch (bytes_more(b, err)) {
  case BYTES_MORE: return 1;
  case BYTES_END: return 0;
  case BYTES_FAILED: return -1;
  case BYTES_FULL: break;
  }
  l->is_over = true;
  return more(l, searched, err);
}

/* Finds the end of the line that begins at bytes->at.  1: there is a line; 0: the
 * file ends before one begins. */
static int find_line(struct lines *l, struct error *err) {
  struct bytes *b = l->bytes;
  size_t searched = 0;
  char *end;
  while (!(end = memchr(b->at + searched, '\n', (size_t)(b->end - b->at) - searched))) {
    int got = more(l, &searched, err);
    if (got < 0) return -1;
    if (got > 0) continue;
    if (b->at == b->end && !l->is_over) return 0;
    l->used = (size_t)(b->end - b->at);
    l->text = (struct slice){b->at, l->used};
    return 1;
  }
  l->used = (size_t)(end + 1 - b->at);
  l->text = (struct slice){b->at, l->used - 1};
  return 1;
}

void lines_init(struct lines *l, struct bytes *bytes) { *l = (struct lines){.bytes = bytes}; }

enum lines_got lines_next(struct lines *l, struct error *err) {
  for (;;) {
    l->bytes->at += l->used;
    l->used = 0;
    l->is_over = false;
    l->line++;
    int got = find_line(l, err);
    if (got < 0) return LINES_FAILED;
    if (got == 0) return LINES_END;
    if (l->is_over) {
      l->text.len = 0;
      error_set(err, ERROR_DATA, "the line is larger than %d MiB", LINES_MAX >> 20);
      return LINES_BAD;
    }
    if (!is_blank(l->text)) return LINES_LINE;
  }
}
