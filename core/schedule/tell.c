#include "schedule/serving.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { STALL_MS = 5000, LINE_SIZE = 4096 };

static void tell_hidden(struct daemon *d, struct served *s) {
  int64_t hidden = allowance_hidden(&s->allowance, daemon_wall_ms(d));
  if (hidden == 0) return;
  char text[96];
  const struct log_field job = {.name = "job", .text = slice_of(s->name)};
  (void)snprintf(text, sizeof text, "%" PRId64 " lines were kept back: over %d KiB an hour", hidden,
                 ALLOWANCE_BYTES / 1024);
  log_write(d->options->log, LOG_WARN, slice_of(text), &job, 1);
}

void daemon_log(struct daemon *d, struct served *s, enum log_level level, const char *format, ...) {
  enum { BESIDE = 120 }; /* time, level, names of fields */
  char text[LINE_SIZE];
  va_list args;
  va_start(args, format);
  int len = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (len < 0 || level < d->options->log->least) return;
  if (!s) {
    log_write(d->options->log, level, slice_of(text), NULL, 0);
    return;
  }
  const struct log_field fields[] = {{.name = "job", .text = slice_of(s->name)},
                                     {.name = "run", .text = slice_of(s->run)}};
  tell_hidden(d, s);
  if (allowance_take(&s->allowance, strlen(text) + strlen(s->name) + BESIDE, daemon_wall_ms(d)))
    log_write(d->options->log, level, slice_of(text), fields, s->run[0] ? 2 : 1);
}

void daemon_log_error(struct daemon *d, const struct error *err, int64_t count) {
  char place[sizeof err->file + 16] = "", times[48] = "";
  if (err->file[0]) (void)snprintf(place, sizeof place, "%s:%d: ", err->file, err->line);
  if (count > 1) (void)snprintf(times, sizeof times, " (%" PRId64 " times)", count);
  daemon_log(d, NULL, LOG_ERROR, "%s%s%s%s%s", place, err->message, times,
             err->hint[0] ? "; hint: " : "", err->hint);
}

void daemon_stall(struct daemon *d, const struct error *err) {
  d->stalled_until_ms = daemon_passed_ms() + STALL_MS;
  if (condition_holds(&d->state_trouble, daemon_wall_ms(d)))
    daemon_log_error(d, err, d->state_trouble.count);
}

bool daemon_is_stalled(const struct daemon *d) { return daemon_passed_ms() < d->stalled_until_ms; }
