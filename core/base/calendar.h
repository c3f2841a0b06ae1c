/* calendar.h - dates of the Gregorian calendar, backward and forward without end,
 * as days since 1970-01-01. */
#ifndef HOKO_BASE_CALENDAR_H
#define HOKO_BASE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

enum { CALENDAR_DAY_S = 86400, CALENDAR_ERA_DAYS = 146097 /* 400 years, whole weeks */ };

struct date {
  int64_t year;
  int month, day; /* from 1 */
};

int64_t calendar_days(int64_t year, int month, int day);
struct date calendar_date(int64_t days);
bool calendar_is_leap(int64_t year);
int calendar_month_len(int64_t year, int month);

/* Rounded towards the past, so that days before 1970 come out whole. */
static inline int64_t calendar_floor(int64_t n, int64_t by) {
  return n / by - (n % by < 0 ? 1 : 0);
}
/* 0 is Sunday; 1970-01-01 was a Thursday. */
static inline int calendar_weekday(int64_t days) {
  int64_t rest = (days + 4) % 7;
  return (int)(rest < 0 ? rest + 7 : rest);
}

#endif
