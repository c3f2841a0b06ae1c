#include "base/log.h"

#include "base/json_text.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>

enum {
  PRINTF_LIMIT = 4096,
  LINE_LIMIT = 64 * 1024,
};

const char *log_level_name(enum log_level level) {
  static const char *const name[] = {
      [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};
  return name[level];
}

/* JSON must be valid UTF-8, and what is invalid stays visible. */
static void put_json(struct buf *b, struct slice text) {
  if (utf8_check(text) == text.len) {
    json_put_string(b, text);
    return;
  }
  struct buf printable = BUF_WITH_LIMIT(LINE_LIMIT);
  utf8_printable(&printable, text);
  if (!buf_ok(&printable)) b->is_failed = true;
  json_put_string(b, buf_slice(&printable));
  buf_free(&printable);
}

static void put_json_line(struct buf *b, const char *time, enum log_level level,
                          struct slice message, const struct log_field *fields, size_t fields_len) {
  buf_printf(b, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":", time, log_level_name(level));
  put_json(b, message);
  for (size_t i = 0; i < fields_len; i++) {
    buf_add_char(b, ',');
    put_json(b, slice_of(fields[i].name));
    buf_add_char(b, ':');
    if (fields[i].is_number) {
      buf_add_slice(b, fields[i].text);
    } else {
      put_json(b, fields[i].text);
    }
  }
  buf_add_char(b, '}');
}

/* Quotes only where a reader could not tell where the value ends. */
static void put_text_value(struct buf *b, struct slice text) {
  bool is_bare = text.len > 0;
  for (size_t i = 0; i < text.len; i++)
    if (text.ptr[i] == ' ' || text.ptr[i] == '"' || text.ptr[i] == '=') is_bare = false;
  if (is_bare) {
    utf8_printable(b, text);
    return;
  }
  buf_add_char(b, '"');
  for (size_t from = 0; from < text.len;) {
    size_t to = from;
    while (to < text.len && text.ptr[to] != '"' && text.ptr[to] != '\\') to++;
    utf8_printable(b, (struct slice){text.ptr + from, to - from});
    if (to < text.len) buf_add(b, (char[]){'\\', text.ptr[to]}, 2);
    from = to + 1;
  }
  buf_add_char(b, '"');
}

static void put_text_line(struct buf *b, const char *time, enum log_level level,
                          struct slice message, const struct log_field *fields, size_t fields_len) {
  buf_printf(b, "%s %-5s ", time, log_level_name(level));
  utf8_printable(b, message);
  for (size_t i = 0; i < fields_len; i++) {
    buf_printf(b, " %s=", fields[i].name);
    put_text_value(b, fields[i].text);
  }
}

void log_write(struct log *log, enum log_level level, struct slice message,
               const struct log_field *fields, size_t fields_len) {
  if (level < log->least) return;
  char time[CLOCK_TEXT_SIZE];
  clock_format(clock_wall_ms(log->clock), time);
  struct buf line = BUF_WITH_LIMIT(LINE_LIMIT);
  if (log->is_json) {
    put_json_line(&line, time, level, message, fields, fields_len);
  } else {
    put_text_line(&line, time, level, message, fields, fields_len);
  }
  struct slice lost = log->is_json
                          ? SLICE("{\"level\":\"error\",\"message\":\"a log line was too long\"}")
                          : SLICE("error a log line was too long");
  log->sink(log->user, level, buf_ok(&line) ? buf_slice(&line) : lost);
  buf_free(&line);
}

void log_printf(struct log *log, enum log_level level, const char *format, ...) {
  char message[PRINTF_LIMIT];
  if (level < log->least) return;
  va_list args;
  va_start(args, format);
  int len = vsnprintf(message, sizeof message, format, args);
  va_end(args);
  if (len < 0) return;
  log_write(log, level, slice_of(message), NULL, 0);
}
