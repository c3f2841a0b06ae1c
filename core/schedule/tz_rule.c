#include "schedule/tz_rule.h"

#include "base/calendar.h"

enum { HOUR_S = 3600, HOURS_MAX = 167, OFFSET_HOURS_MAX = 24 };

static bool take(struct slice *s, char c) {
  if (s->len == 0 || s->ptr[0] != c) return false;
  *s = (struct slice){s->ptr + 1, s->len - 1};
  return true;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

/* One to three digits from MIN to MAX. */
static bool take_number(struct slice *s, int min, int max, int *out) {
  int n = 0;
  size_t len = 0;
  while (len < s->len && len < 3 && is_digit(s->ptr[len])) n = n * 10 + (s->ptr[len++] - '0');
  *s = (struct slice){s->ptr + len, s->len - len};
  *out = n;
  return len > 0 && n >= min && n <= max;
}

/* An abbreviation; which one it is tells nothing that a schedule needs. */
static bool take_name(struct slice *s) {
  size_t len = 0;
  bool is_quoted = take(s, '<');
  while (len < s->len &&
         (is_letter(s->ptr[len]) ||
          (is_quoted && (is_digit(s->ptr[len]) || s->ptr[len] == '+' || s->ptr[len] == '-'))))
    len++;
  *s = (struct slice){s->ptr + len, s->len - len};
  return len >= 3 && (!is_quoted || take(s, '>'));
}

/* [+|-]hh[:mm[:ss]] */
static bool take_time(struct slice *s, int hours_max, int32_t *out) {
  int hours, minutes = 0, seconds = 0;
  bool is_negative = take(s, '-');
  if (!is_negative) (void)take(s, '+');
  if (!take_number(s, 0, hours_max, &hours)) return false;
  if (take(s, ':')) {
    if (!take_number(s, 0, 59, &minutes)) return false;
    if (take(s, ':') && !take_number(s, 0, 59, &seconds)) return false;
  }
  *out = (int32_t)((hours * 60 + minutes) * 60 + seconds) * (is_negative ? -1 : 1);
  return true;
}

static bool take_day(struct slice *s, struct tz_rule_day *day) {
  *day = (struct tz_rule_day){.kind = TZ_RULE_NUMBERED, .time_s = 2 * HOUR_S};
  if (take(s, 'M')) {
    day->kind = TZ_RULE_WEEKDAY;
    if (!take_number(s, 1, 12, &day->month) || !take(s, '.')) return false;
    if (!take_number(s, 1, 5, &day->week) || !take(s, '.')) return false;
    if (!take_number(s, 0, 6, &day->day)) return false;
  } else if (take(s, 'J')) {
    day->kind = TZ_RULE_JULIAN;
    if (!take_number(s, 1, 365, &day->day)) return false;
  } else if (!take_number(s, 0, 365, &day->day)) {
    return false;
  }
  return !take(s, '/') || take_time(s, HOURS_MAX, &day->time_s);
}

bool tz_rule_parse(struct tz_rule *rule, struct slice text) {
  int32_t west_s;
  *rule = (struct tz_rule){0};
  if (!take_name(&text) || !take_time(&text, OFFSET_HOURS_MAX, &west_s)) return false;
  rule->offset_s = -west_s;
  if (text.len == 0) return true;
  rule->has_saving = true;
  rule->saving_offset_s = rule->offset_s + HOUR_S;
  if (!take_name(&text)) return false;
  if (text.len > 0 && text.ptr[0] != ',') {
    if (!take_time(&text, OFFSET_HOURS_MAX, &west_s)) return false;
    rule->saving_offset_s = -west_s;
  }
  return take(&text, ',') && take_day(&text, &rule->start) && take(&text, ',') &&
         take_day(&text, &rule->end) && text.len == 0;
}

/* Midnight of DAY in YEAR, as a count of days since 1970. */
static int64_t day_of(const struct tz_rule_day *day, int64_t year) {
  int64_t new_year = calendar_days(year, 1, 1);
  switch (day->kind) {
  case TZ_RULE_NUMBERED: return new_year + day->day;
  case TZ_RULE_JULIAN:
    return new_year + day->day - 1 + (day->day > 59 && calendar_is_leap(year) ? 1 : 0);
  case TZ_RULE_WEEKDAY: break;
  }
  int64_t first = calendar_days(year, day->month, 1);
  int wait = (day->day - calendar_weekday(first) + 7) % 7 + 7 * (day->week - 1);
  return first + wait - (wait >= calendar_month_len(year, day->month) ? 7 : 0);
}

int64_t tz_rule_start(const struct tz_rule *rule, int64_t year) {
  return day_of(&rule->start, year) * CALENDAR_DAY_S + rule->start.time_s - rule->offset_s;
}

int64_t tz_rule_end(const struct tz_rule *rule, int64_t year) {
  return day_of(&rule->end, year) * CALENDAR_DAY_S + rule->end.time_s - rule->saving_offset_s;
}
