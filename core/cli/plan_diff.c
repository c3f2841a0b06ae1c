#include "cli/plan_diff.h"

#include "base/number.h"

#include <stdlib.h>

struct line {
  struct slice text;
  size_t place; /* in its text */
  bool is_in_both;
};

struct lines {
  struct line *at;
  size_t len;
};

static int by_text(const void *a, const void *b) {
  const struct line *x = a, *y = b;
  size_t len = x->text.len < y->text.len ? x->text.len : y->text.len;
  int order = len ? memcmp(x->text.ptr, y->text.ptr, len) : 0;
  if (order) return order;
  if (x->text.len != y->text.len) return x->text.len < y->text.len ? -1 : 1;
  return x->place < y->place ? -1 : 1;
}

static int by_place(const void *a, const void *b) {
  const struct line *x = a, *y = b;
  return x->place < y->place ? -1 : 1;
}

static int split(struct lines *lines, struct slice text) {
  size_t cap = 1;
  for (size_t i = 0; i < text.len; i++) cap += text.ptr[i] == '\n';
  lines->at = calloc(cap, sizeof *lines->at);
  if (!lines->at) return -1;
  while (text.len) {
    const char *end = memchr(text.ptr, '\n', text.len);
    size_t len = end ? (size_t)(end - text.ptr) : text.len;
    lines->at[lines->len] = (struct line){.text = {text.ptr, len}, .place = lines->len};
    lines->len++;
    size_t used = len + (end ? 1 : 0);
    text = (struct slice){text.ptr + used, text.len - used};
  }
  qsort(lines->at, lines->len, sizeof *lines->at, by_text);
  return 0;
}

static void mark_both(struct lines *a, struct lines *b) {
  for (size_t i = 0, j = 0; i < a->len && j < b->len;) {
    struct slice x = a->at[i].text, y = b->at[j].text;
    if (slice_equal(x, y)) {
      a->at[i++].is_in_both = b->at[j++].is_in_both = true;
    } else {
      size_t len = x.len < y.len ? x.len : y.len;
      int order = len ? memcmp(x.ptr, y.ptr, len) : 0;
      if (order < 0 || (order == 0 && x.len < y.len))
        i++;
      else
        j++;
    }
  }
}

static void put_rest(struct buf *to, const char *mark, struct lines *lines) {
  int64_t shown = 0, left = 0;
  qsort(lines->at, lines->len, sizeof *lines->at, by_place);
  for (size_t i = 0; i < lines->len; i++) {
    if (lines->at[i].is_in_both) continue;
    if (shown++ >= PLAN_DIFF_SHOWN) {
      left++;
      continue;
    }
    buf_add_text(to, mark);
    buf_add_slice(to, lines->at[i].text);
    buf_add_char(to, '\n');
  }
  if (!left) return;
  buf_add_text(to, mark);
  buf_add_text(to, "… ");
  number_put_grouped(to, left);
  buf_add_text(to, " more\n");
}

int plan_diff_put(struct buf *to, struct slice before, struct slice now, struct error *err) {
  struct lines a = {.at = NULL}, b = {.at = NULL};
  int rc = split(&a, before) || split(&b, now) ? -1 : 0;
  if (rc == 0) {
    mark_both(&a, &b);
    put_rest(to, "- ", &a);
    put_rest(to, "+ ", &b);
  }
  free(a.at);
  free(b.at);
  return rc ? error_set(err, ERROR_MEMORY, "out of memory for what changed") : 0;
}
