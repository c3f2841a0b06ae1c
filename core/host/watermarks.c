#include "host/watermarks.h"

#include <stdio.h>

enum { VALUE_MAX = 1 << 20 };

static size_t find(const struct watermarks *w, struct slice name) {
  size_t i = 0;
  while (i < w->len && !slice_is(name, w->at[i].name)) i++;
  return i;
}

int watermarks_set(struct watermarks *w, struct slice name, struct slice value, struct error *err) {
  size_t i = find(w, name);
  if (name.len == 0 || name.len >= WATERMARK_NAME_SIZE)
    return error_set(err, ERROR_USAGE, "hoko.store: a name has 1 to %d bytes",
                     WATERMARK_NAME_SIZE - 1);
  if (i == WATERMARKS_MAX)
    return error_set(err, ERROR_USAGE, "hoko.store: more than %d values wait for rows",
                     WATERMARKS_MAX);
  if (i == w->len) {
    w->at[i].value = BUF_WITH_LIMIT(VALUE_MAX);
    (void)snprintf(w->at[i].name, WATERMARK_NAME_SIZE, "%.*s", (int)name.len, name.ptr);
    w->len++;
  }
  buf_clear(&w->at[i].value);
  buf_add_slice(&w->at[i].value, value);
  if (buf_ok(&w->at[i].value)) return 0;
  return error_set(err, ERROR_USAGE, "hoko.store: the value of %s is larger than 1 MiB",
                   w->at[i].name);
}

bool watermarks_get(const struct watermarks *w, struct slice name, struct slice *value) {
  size_t i = find(w, name);
  if (i == w->len) return false;
  *value = buf_slice(&w->at[i].value);
  return true;
}

int watermarks_write(struct watermarks *w, struct state *state, struct slice scope,
                     struct error *err) {
  struct store_value values[WATERMARKS_MAX];
  for (size_t i = 0; i < w->len; i++)
    values[i] = (struct store_value){
        .scope = scope, .name = slice_of(w->at[i].name), .value = buf_slice(&w->at[i].value)};
  if (w->len && store_set(state, values, w->len, err)) return -1;
  watermarks_free(w);
  return 0;
}

void watermarks_free(struct watermarks *w) {
  for (size_t i = 0; i < w->len; i++) buf_free(&w->at[i].value);
  w->len = 0;
}
