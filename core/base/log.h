/* log.h - one line of the log, as text or JSON; where it goes is the caller's.
 *
 * Any thread may format; the sink is called on the same thread. */
#ifndef HOKO_BASE_LOG_H
#define HOKO_BASE_LOG_H

#include "base/clock.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
  const char *name;
  struct slice text; /* a number when is_number */
  bool is_number;
};

struct log {
  enum log_level least; /* what is below is dropped */
  bool is_json;
  void (*sink)(void *user, enum log_level level, struct slice line); /* no line end */
  void *user;
  const struct clock *clock;
};

const char *log_level_name(enum log_level level);
void log_write(struct log *log, enum log_level level, struct slice message,
               const struct log_field *fields, size_t fields_len);
void log_printf(struct log *log, enum log_level level, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
