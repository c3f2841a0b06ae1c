#include "base/clock.h"

#include "base/calendar.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { DAY_MS = 86400000 };

static int64_t real_mono_ns(const struct clock *c) {
  struct timespec t;
  (void)c;
  (void)clock_gettime(CLOCK_MONOTONIC, &t); /* fails only for an unknown clock */
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t real_wall_ms(const struct clock *c) {
  struct timespec t;
  (void)c;
  (void)clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

const struct clock clock_real = {.mono_ns = real_mono_ns, .wall_ms = real_wall_ms};

void clock_format(int64_t wall_ms, char text[CLOCK_TEXT_SIZE]) {
  int64_t days = calendar_floor(wall_ms, DAY_MS);
  struct date date = calendar_date(days);
  int ms = (int)(wall_ms - days * DAY_MS);
  int len =
      snprintf(text, CLOCK_TEXT_SIZE, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d.%03dZ", date.year,
               date.month, date.day, ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
  if (len < 0 || len >= CLOCK_TEXT_SIZE) text[0] = '\0'; /* the widest, of INT64_MIN, is 30 */
}

/* Exactly LEN digits at the start of S, between MIN and MAX; S moves behind them. */
static bool take_digits(struct slice *s, size_t len, int min, int max, int *out) {
  int n = 0;
  if (s->len < len) return false;
  for (size_t i = 0; i < len; i++) {
    if (s->ptr[i] < '0' || s->ptr[i] > '9') return false;
    n = n * 10 + (s->ptr[i] - '0');
  }
  s->ptr += len;
  s->len -= len;
  *out = n;
  return n >= min && n <= max;
}

static bool take_char(struct slice *s, char c) {
  if (s->len == 0 || s->ptr[0] != c) return false;
  s->ptr++;
  s->len--;
  return true;
}

static bool take_date(struct slice *s, int64_t *days) {
  int year, month, day;
  if (!take_digits(s, 4, 0, 9999, &year) || !take_char(s, '-')) return false;
  if (!take_digits(s, 2, 1, 12, &month) || !take_char(s, '-')) return false;
  if (!take_digits(s, 2, 1, calendar_month_len(year, month), &day)) return false;
  *days = calendar_days(year, month, day);
  return true;
}

/* Second 60 is a leap second; it counts as the first of the next minute. */
static bool take_time(struct slice *s, int64_t *ms) {
  int hour, minute, second, scale = 100;
  if (!take_digits(s, 2, 0, 23, &hour) || !take_char(s, ':')) return false;
  if (!take_digits(s, 2, 0, 59, &minute) || !take_char(s, ':')) return false;
  if (!take_digits(s, 2, 0, 60, &second)) return false;
  *ms = ((int64_t)hour * 60 + minute) * 60000 + (int64_t)second * 1000;
  if (!take_char(s, '.')) return true;
  int digit;
  if (!take_digits(s, 1, 0, 9, &digit)) return false;
  do {
    *ms += digit * scale; /* what is finer than a millisecond is cut off */
    scale /= 10;
  } while (take_digits(s, 1, 0, 9, &digit));
  return true;
}

static bool take_offset(struct slice *s, int64_t *ms) {
  int hour, minute;
  *ms = 0;
  if (take_char(s, 'Z') || take_char(s, 'z')) return true;
  bool is_west = take_char(s, '-');
  if (!is_west && !take_char(s, '+')) return false;
  if (!take_digits(s, 2, 0, 23, &hour) || !take_char(s, ':')) return false;
  if (!take_digits(s, 2, 0, 59, &minute)) return false;
  *ms = ((int64_t)hour * 60 + minute) * (is_west ? -60000 : 60000);
  return true;
}

int clock_parse(struct slice s, int64_t *wall_ms) {
  int64_t days, time_ms, offset_ms;
  if (!take_date(&s, &days)) return -1;
  if (!take_char(&s, 'T') && !take_char(&s, 't')) return -1;
  if (!take_time(&s, &time_ms) || !take_offset(&s, &offset_ms) || s.len != 0) return -1;
  *wall_ms = days * DAY_MS + time_ms - offset_ms;
  return 0;
}
