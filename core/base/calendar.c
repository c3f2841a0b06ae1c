#include "base/calendar.h"

/* Both count years from March, so that the leap day is a year's last (Hinnant,
 * "chrono-Compatible Low-Level Date Algorithms"). */
int64_t calendar_days(int64_t year, int month, int day) {
  if (month <= 2) year--;
  int64_t era = calendar_floor(year, 400), year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * CALENDAR_ERA_DAYS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
         day_of_year - 719468;
}

struct date calendar_date(int64_t days) {
  days += 719468;
  int64_t era = calendar_floor(days, CALENDAR_ERA_DAYS),
          day_of_era = days - era * CALENDAR_ERA_DAYS;
  int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t from_march = (5 * day_of_year + 2) / 153;
  int month = (int)(from_march < 10 ? from_march + 3 : from_march - 9);
  return (struct date){.year = year_of_era + era * 400 + (month <= 2 ? 1 : 0),
                       .month = month,
                       .day = (int)(day_of_year - (153 * from_march + 2) / 5 + 1)};
}

bool calendar_is_leap(int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int calendar_month_len(int64_t year, int month) {
  static const int len[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return len[month - 1] + (month == 2 && calendar_is_leap(year) ? 1 : 0);
}
