#include "host/script_end.h"

#include "base/number.h"
#include "base/printable.h"

#include <inttypes.h>
#include <stdio.h>

enum { LINE_MAX_BYTES = 2048 };

/* TEXT on one line, into TO. */
static void put_line(char *to, size_t size, struct slice text) {
  char line[LINE_MAX_BYTES];
  size_t len = 0;
  for (size_t i = 0; i < text.len && len < sizeof line; i++) {
    bool is_blank = text.ptr[i] == '\n' || text.ptr[i] == '\r' || text.ptr[i] == '\t';
    if (!is_blank)
      line[len++] = text.ptr[i];
    else if (len > 0 && line[len - 1] != ' ')
      line[len++] = ' ';
  }
  printable_copy(to, size, (struct slice){line, len});
}

static int end(struct error *err, enum error_code code, struct slice message, struct slice hint) {
  char text[sizeof err->message], next[sizeof err->hint];
  put_line(text, sizeof text, message);
  put_line(next, sizeof next, hint);
  (void)error_set(err, code, "%s", text);
  return next[0] ? error_hint(err, "%s", next) : -1;
}

static int place(struct error *err, struct slice file, int64_t line) {
  char text[sizeof err->file];
  put_line(text, sizeof text, file);
  return error_place(err, text, line > 0 && line <= INT32_MAX ? (int)line : 0);
}

/* Lua puts "file:line: " before a message; the place is told apart. */
static struct slice without_place(struct slice text, struct slice file, int64_t line) {
  char before[512];
  int len = snprintf(before, sizeof before, "%.*s:%" PRId64 ": ", SLICE_ARG(file), line);
  bool begins = len > 0 && text.len > (size_t)len && memcmp(text.ptr, before, (size_t)len) == 0;
  return begins ? (struct slice){text.ptr + len, text.len - (size_t)len} : text;
}

/* What our functions raise for a condition of the world ends with a line of its hint. */
static struct slice take_hint(struct slice *text) {
  static const char mark[] = "\nhint: ";
  const char *at = text->len ? memmem(text->ptr, text->len, mark, sizeof mark - 1) : NULL;
  if (!at) return (struct slice){NULL, 0};
  const char *hint = at + sizeof mark - 1;
  struct slice rest = {hint, text->len - (size_t)(hint - text->ptr)};
  text->len = (size_t)(at - text->ptr);
  return rest;
}

/* Where no command is allowed the functions that start them are not there, and Lua's own
 * words say nothing of a permission. */
static struct slice hint_of_commands(struct slice text) {
  static const char *const missing[] = {"nil value (field 'execute')", "nil value (field 'popen')"};
  for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
    if (text.len && memmem(text.ptr, text.len, missing[i], strlen(missing[i])))
      return SLICE("commands need --allow-run=NAME, or allow = { run = { \"NAME\" } } in hoko.lua");
  return (struct slice){NULL, 0};
}

static int raised(const struct message *m, struct error *err) {
  struct slice text = without_place(m->text[1], m->text[0], m->number[2]);
  struct slice hint = take_hint(&text);
  if (!hint.len) hint = hint_of_commands(text);
  return end(err, ERROR_SCRIPT, text, hint);
}

static int ran_out(int64_t memory_bytes, struct error *err) {
  struct buf size = BUF_WITH_LIMIT(64);
  number_put_size(&size, memory_bytes);
  const char *text = buf_text(&size);
  if (memory_bytes && text)
    (void)error_set(err, ERROR_LIMIT, "the script ran out of its %s of memory", text);
  else
    (void)error_set(err, ERROR_LIMIT, "the script ran out of memory");
  buf_free(&size);
  return error_hint(err, "set --memory, or have the script keep fewer rows at once");
}

int script_end_read(const struct message *m, int64_t memory_bytes, struct error *err) {
  switch ((enum done)m->number[0]) {
  case DONE_OK: return 0;
  case DONE_EXIT:
    if (m->number[1] == 0) return 0;
    (void)error_set(err, ERROR_SCRIPT, "script exited with %" PRId64, m->number[1]);
    break;
  case DONE_SYNTAX: (void)end(err, ERROR_USAGE, m->text[1], m->text[3]); break;
  case DONE_MEMORY: (void)ran_out(memory_bytes, err); break;
  case DONE_ERROR:
  default: (void)raised(m, err); break;
  }
  return place(err, m->text[0], m->number[2]);
}
