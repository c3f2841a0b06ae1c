#include "base/clock.h"

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

/* Days since 1970-01-01 and back, for any date of the Gregorian calendar; the year
 * is counted from March, so that the leap day is its last (Hinnant,
 * "chrono-Compatible Low-Level Date Algorithms"). */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day) {
  if (month <= 2) year--;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719468;
}

static void date_from_days(int64_t days, int64_t *year, int *month, int *day) {
  days += 719468;
  int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  int64_t day_of_era = days - era * 146097;
  int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t from_march = (5 * day_of_year + 2) / 153;
  *day = (int)(day_of_year - (153 * from_march + 2) / 5 + 1);
  *month = (int)(from_march < 10 ? from_march + 3 : from_march - 9);
  *year = year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

void clock_format(int64_t wall_ms, char text[CLOCK_TEXT_SIZE]) {
  int64_t days = wall_ms / DAY_MS, rest = wall_ms % DAY_MS, year;
  int month, day;
  if (rest < 0) {
    rest += DAY_MS;
    days--;
  }
  int ms = (int)rest;
  date_from_days(days, &year, &month, &day);
  int len = snprintf(text, CLOCK_TEXT_SIZE, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d.%03dZ", year,
                     month, day, ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
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
  static const int month_len[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int year, month, day;
  if (!take_digits(s, 4, 0, 9999, &year) || !take_char(s, '-')) return false;
  if (!take_digits(s, 2, 1, 12, &month) || !take_char(s, '-')) return false;
  bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  int last = month_len[month - 1] + (month == 2 && is_leap ? 1 : 0);
  if (!take_digits(s, 2, 1, last, &day)) return false;
  *days = days_from_date(year, month, day);
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
