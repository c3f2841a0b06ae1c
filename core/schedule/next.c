#include "schedule/next.h"

#include "base/calendar.h"
#include "schedule/tzif.h"

/* How far local times reach apart at most: a wall clock may have shown a later time
 * than now's only within this. */
enum { OFFSET_SPREAD_S = TZIF_OFFSET_MAX_S - TZIF_OFFSET_MIN_S };

/* The first of SET from N on; -1: there is none. */
static int first_from(uint64_t set, int n) {
  uint64_t rest = set >> n;
  return rest == 0 ? -1 : n + __builtin_ctzll(rest);
}

/* The first second of a day, from SECOND on, that matches; -1: there is none. */
static int find_second(const struct cron *c, int second) {
  int hour = second / 3600, minute = second / 60 % 60, first = first_from(c->seconds, 0);
  if (c->hours >> hour & 1) {
    int same = c->minutes >> minute & 1 ? first_from(c->seconds, second % 60) : -1;
    if (same >= 0) return hour * 3600 + minute * 60 + same;
    minute = first_from(c->minutes, minute + 1);
    if (minute >= 0) return hour * 3600 + minute * 60 + first;
  }
  hour = first_from(c->hours, hour + 1);
  return hour < 0 ? -1 : hour * 3600 + first_from(c->minutes, 0) * 60 + first;
}

/* The first day from DAY on, not behind LAST, that matches. */
static bool find_day(const struct cron *c, int64_t day, int64_t last, int64_t *found) {
  struct date date = calendar_date(day);
  for (int64_t first = day; first <= last;) {
    uint32_t days = cron_month_days(c, date.year, date.month) >> date.day << date.day;
    if (days != 0) {
      *found = calendar_days(date.year, date.month, __builtin_ctz(days));
      return *found <= last;
    }
    date = (struct date){date.year + date.month / 12, date.month % 12 + 1, 1};
    first = calendar_days(date.year, date.month, 1);
  }
  return false;
}

static bool day_matches(struct next_walk *w, int64_t day) {
  if (w->day == day) return w->is_day_match;
  struct date date = calendar_date(day);
  w->day = day;
  w->is_day_match = cron_month_days(w->cron, date.year, date.month) >> date.day & 1;
  return w->is_day_match;
}

/* The first local time from FROM on, before END, that matches. */
static bool find_local(struct next_walk *w, int64_t from, int64_t end, int64_t *found) {
  int64_t day = calendar_floor(from, CALENDAR_DAY_S);
  int second = -1;
  if (day_matches(w, day)) second = find_second(w->cron, (int)(from - day * CALENDAR_DAY_S));
  if (second < 0) {
    if (!find_day(w->cron, day + 1, calendar_floor(end, CALENDAR_DAY_S), &day)) return false;
    second = find_second(w->cron, 0);
  }
  *found = day * CALENDAR_DAY_S + second;
  return *found < end;
}

static void look_at(struct next_walk *w, int64_t at_s) {
  if (at_s < w->span.from_s || at_s >= w->span.to_s) w->span = zone_at(w->zone, at_s);
}

static bool step_wildcard(struct next_walk *w, int64_t *at_s) {
  for (int64_t from = w->after_s + 1; from < NEXT_END_S; from = w->span.to_s) {
    int64_t local;
    look_at(w, from);
    int64_t end = w->span.to_s < NEXT_END_S ? w->span.to_s : NEXT_END_S;
    if (find_local(w, from + w->span.offset_s, end + w->span.offset_s, &local)) {
      *at_s = local - w->span.offset_s;
      return true;
    }
  }
  return false;
}

/* The latest local time that the clock has shown up to AT_S: that of now, unless it
 * was turned back a short while ago. */
static int64_t latest_shown(struct next_walk *w, int64_t at_s) {
  look_at(w, at_s);
  int64_t latest = at_s + w->span.offset_s;
  struct zone_span span = w->span;
  while (span.from_s > at_s - OFFSET_SPREAD_S) {
    span = zone_at(w->zone, span.from_s - 1);
    int64_t last = span.to_s - 1 + span.offset_s;
    if (last > latest) latest = last;
  }
  return latest;
}

/* The first instant at which the clock shows LOCAL or a later time. */
static int64_t first_shown(struct next_walk *w, int64_t local) {
  look_at(w, local - TZIF_OFFSET_MAX_S);
  for (;;) {
    int64_t at_s = local - w->span.offset_s;
    if (at_s < w->span.from_s) at_s = w->span.from_s;
    if (at_s < w->span.to_s) return at_s;
    look_at(w, w->span.to_s);
  }
}

static bool step_fixed(struct next_walk *w, int64_t *at_s) {
  int64_t local;
  int64_t from = latest_shown(w, w->after_s) + 1;
  if (!find_local(w, from, NEXT_END_S + TZIF_OFFSET_MAX_S, &local)) return false;
  *at_s = first_shown(w, local);
  return *at_s < NEXT_END_S;
}

void next_begin(struct next_walk *w, const struct cron *cron, const struct zone *zone,
                int64_t after_s) {
  *w = (struct next_walk){.cron = cron,
                          .zone = zone,
                          .after_s = after_s < NEXT_MIN_S ? NEXT_MIN_S - 1 : after_s,
                          .day = INT64_MIN};
}

bool next_step(struct next_walk *w, struct next *out) {
  int64_t at_s, found;
  if (w->after_s >= NEXT_END_S) return false;
  if (!(w->cron->is_fixed ? step_fixed(w, &at_s) : step_wildcard(w, &at_s))) return false;
  look_at(w, at_s);
  int64_t local = at_s + w->span.offset_s;
  w->after_s = at_s;
  *out = (struct next){.at_s = at_s,
                       .offset_s = w->span.offset_s,
                       .is_moved = w->cron->is_fixed && !find_local(w, local, local + 1, &found)};
  return true;
}

static char *put_digits(char *to, int64_t n, int digits) {
  for (int i = digits - 1; i >= 0; i--, n /= 10) to[i] = (char)('0' + n % 10);
  return to + digits;
}

size_t next_format(const struct next *n, char text[NEXT_TEXT_SIZE]) {
  int64_t minutes = calendar_floor(n->offset_s, 60), local = n->at_s + minutes * 60;
  int64_t day = calendar_floor(local, CALENDAR_DAY_S), second = local - day * CALENDAR_DAY_S;
  struct date date = calendar_date(day);
  const struct {
    int64_t value;
    int digits;
    char before;
  } parts[] = {{date.month, 2, '-'},
               {date.day, 2, '-'},
               {second / 3600, 2, 'T'},
               {second / 60 % 60, 2, ':'},
               {second % 60, 2, ':'},
               {(minutes < 0 ? -minutes : minutes) / 60, 2, '+'},
               {(minutes < 0 ? -minutes : minutes) % 60, 2, ':'}};
  char *to = put_digits(text, date.year, 4);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    *to++ = parts[i].before == '+' && minutes < 0 ? '-' : parts[i].before;
    to = put_digits(to, parts[i].value, parts[i].digits);
  }
  *to = '\0';
  return (size_t)(to - text);
}
