#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(char *to, size_t cap, const char *format, va_list args) {
  if (vsnprintf(to, cap, format, args) < 0) to[0] = '\0';
}

int error_set(struct error *err, enum error_code code, const char *format, ...) {
  va_list args;
  error_clear(err);
  err->code = code;
  va_start(args, format);
  fill(err->message, sizeof err->message, format, args);
  va_end(args);
  return -1;
}

int error_errno(struct error *err, enum error_code code, int errnum, const char *format, ...) {
  va_list args;
  error_clear(err);
  err->code = code;
  va_start(args, format);
  fill(err->message, sizeof err->message, format, args);
  va_end(args);
  size_t used = strlen(err->message);
  char words[128];
  (void)snprintf(err->message + used, sizeof err->message - used, ": %s",
                 strerror_r(errnum, words, sizeof words));
  return -1;
}

int error_context(struct error *err, const char *format, ...) {
  char before[sizeof err->message], joined[2 * sizeof err->message + 2];
  va_list args;
  va_start(args, format);
  fill(before, sizeof before, format, args);
  va_end(args);
  (void)snprintf(joined, sizeof joined, "%s: %s", before, err->message);
  joined[sizeof err->message - 1] = '\0';
  memcpy(err->message, joined, strlen(joined) + 1);
  return -1;
}

int error_hint(struct error *err, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fill(err->hint, sizeof err->hint, format, args);
  va_end(args);
  return -1;
}

int error_place(struct error *err, const char *file, int line) {
  (void)snprintf(err->file, sizeof err->file, "%s", file ? file : "");
  err->line = line;
  return -1;
}

void error_clear(struct error *err) {
  err->code = ERROR_NONE;
  err->line = 0;
  err->file[0] = err->message[0] = err->hint[0] = '\0';
}

const char *error_code_name(enum error_code code) {
  static const char *const name[] = {
      [ERROR_NONE] = "none",     [ERROR_USAGE] = "usage",   [ERROR_SCRIPT] = "script",
      [ERROR_AUTH] = "auth",     [ERROR_STATE] = "state",   [ERROR_UNREACHABLE] = "unreachable",
      [ERROR_LIMIT] = "limit",   [ERROR_DATA] = "data",     [ERROR_INTERRUPTED] = "interrupted",
      [ERROR_DENIED] = "denied", [ERROR_MEMORY] = "memory", [ERROR_INTERNAL] = "internal"};
  return name[code];
}
