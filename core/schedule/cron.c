#include "schedule/cron.h"

#include "base/calendar.h"
#include "base/nearest.h"
#include "base/number.h"

#include <ctype.h>
#include <strings.h>

enum field_name { SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS };

struct field {
  const char *name;
  int min, max;             /* of a star */
  int max_written;          /* 7 is a Sunday too */
  const char *const *names; /* from min on, max - min + 1 of them */
};

static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                     "jul", "aug", "sep", "oct", "nov", "dec"};
static const char *const weekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

static const struct field fields[FIELDS] = {
    [SECOND] = {.name = "second", .min = 0, .max = 59, .max_written = 59},
    [MINUTE] = {.name = "minute", .min = 0, .max = 59, .max_written = 59},
    [HOUR] = {.name = "hour", .min = 0, .max = 23, .max_written = 23},
    [DAY] = {.name = "day", .min = 1, .max = 31, .max_written = 31},
    [MONTH] = {.name = "month", .min = 1, .max = 12, .max_written = 12, .names = months},
    [WEEKDAY] = {.name = "weekday", .min = 0, .max = 6, .max_written = 7, .names = weekdays},
};

static const struct {
  const char *name, *meaning;
} shorthands[] = {{"@hourly", "0 * * * *"},  {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
                  {"@weekly", "0 0 * * 0"},  {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
                  {"@annually", "0 0 1 1 *"}};
enum { SHORTHANDS = sizeof shorthands / sizeof *shorthands };

/* What other schedulers know and cron does not, by the character that tells it. */
static const struct {
  char mark;
  const char *hint;
} foreign[] = {
    {'?', "write * for any day"},
    {'#', "write the weekday alone, and let the script return in the other weeks"},
    {'L', "write 28-31 as the day, and let the script return unless tomorrow is the 1st"},
    {'W', "write 1-5 as the weekday, and let the script return on the other days"},
    {'H', "write a number, and jitter = \"30s\" to spread the starts"},
    {'~', "write a number, and jitter = \"30s\" to spread the starts"},
};
enum { FOREIGN = sizeof foreign / sizeof *foreign };

static bool is_number(struct slice s) {
  for (size_t i = 0; i < s.len; i++)
    if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
  return s.len > 0;
}

static bool is_word(struct slice s, const char *word) {
  return s.len == strlen(word) && strncasecmp(s.ptr, word, s.len) == 0;
}

/* Splits S at the first C: *head is before it, the result behind; *is_there tells. */
static struct slice split(struct slice s, char c, struct slice *head, bool *is_there) {
  const char *at = s.len > 0 ? memchr(s.ptr, c, s.len) : NULL;
  *is_there = at != NULL;
  if (!at) {
    *head = s;
    return (struct slice){s.ptr + s.len, 0};
  }
  *head = (struct slice){s.ptr, (size_t)(at - s.ptr)};
  return (struct slice){at + 1, s.len - head->len - 1};
}

/* The hint for a word made of digits and marks of other schedulers, else NULL. */
static const char *foreign_hint(struct slice word) {
  const char *hint = NULL;
  for (size_t i = 0; i < word.len; i++) {
    size_t k = 0;
    while (k < FOREIGN && toupper((unsigned char)word.ptr[i]) != foreign[k].mark) k++;
    if (k < FOREIGN) {
      if (!hint) hint = foreign[k].hint;
    } else if (word.ptr[i] < '0' || word.ptr[i] > '9') {
      return NULL;
    }
  }
  return hint;
}

static int refuse_word(const struct field *f, struct slice word, struct error *err) {
  const char *hint = foreign_hint(word), *meant = NULL;
  if (hint) {
    (void)error_set(err, ERROR_USAGE, "%s: \"%.*s\" is not standard cron", f->name,
                    SLICE_ARG(word));
    return error_hint(err, "%s", hint);
  }
  (void)error_set(err, ERROR_USAGE, "%s: \"%.*s\" is no %s", f->name, SLICE_ARG(word), f->name);
  if (f->names && !is_number(word))
    meant = nearest_name(word, f->names, (size_t)(f->max - f->min + 1));
  if (meant) return error_hint(err, "did you mean \"%s\"?", meant);
  return error_hint(err, "write numbers from %d to %d%s", f->min, f->max_written,
                    f->names ? ", or names of three letters" : "");
}

static int read_value(const struct field *f, struct slice word, int *value, struct error *err) {
  int64_t n;
  if (is_number(word) && number_int64(word, f->min, f->max_written, &n) == 0) {
    *value = (int)n;
    return 0;
  }
  for (int i = 0; f->names && i <= f->max - f->min; i++) {
    if (!is_word(word, f->names[i])) continue;
    *value = f->min + i;
    return 0;
  }
  return refuse_word(f, word, err);
}

static int read_step(const struct field *f, struct slice word, int *step, struct error *err) {
  int64_t n;
  int values = f->max - f->min + 1;
  if (is_number(word) && number_int64(word, 1, values, &n) == 0) {
    *step = (int)n;
    return 0;
  }
  (void)error_set(err, ERROR_USAGE, "%s: \"%.*s\" is not a step from 1 to %d", f->name,
                  SLICE_ARG(word), values);
  return error_hint(err,
                    "for an interval that fits no field, write every = \"90m\" for the schedule");
}

static int refuse_backwards(const struct field *f, int from, int to, struct error *err) {
  (void)error_set(err, ERROR_USAGE, "%s: the range %d-%d runs backwards", f->name, from, to);
  if (from > f->max) return error_hint(err, "write %d-%d", f->min, to);
  return error_hint(err, "write %d-%d,%d-%d", from, f->max, f->min, to);
}

/* a or a-b. */
static int read_range(const struct field *f, struct slice range, int *from, int *to,
                      struct error *err) {
  struct slice first;
  bool is_range;
  struct slice last = split(range, '-', &first, &is_range);
  if (read_value(f, first, from, err) != 0) return -1;
  *to = *from;
  if (!is_range) return 0;
  if (read_value(f, last, to, err) != 0) return -1;
  if (is_word(last, "sun") && *from > 0) *to = f->max_written; /* fri-sun */
  return *from <= *to ? 0 : refuse_backwards(f, *from, *to, err);
}

static int read_item(const struct field *f, struct slice item, uint64_t *set, struct error *err) {
  struct slice range;
  bool has_step;
  struct slice step_word = split(item, '/', &range, &has_step);
  int from = f->min, to = f->max, step = 1;
  bool is_star = slice_is(range, "*");
  if (item.len == 0) {
    (void)error_set(err, ERROR_USAGE, "%s: nothing stands before or behind a comma", f->name);
    return error_hint(err, "write a list as 1,2,3");
  }
  if (!is_star && read_range(f, range, &from, &to, err) != 0) return -1;
  if (has_step && read_step(f, step_word, &step, err) != 0) return -1;
  if (has_step && !is_star && !memchr(range.ptr, '-', range.len)) {
    (void)error_set(err, ERROR_USAGE, "%s: \"%.*s\" has a step but no range", f->name,
                    SLICE_ARG(item));
    return error_hint(err, "write %d-%d/%d", from, f->max, step);
  }
  for (int n = from; n <= to; n += step) *set |= UINT64_C(1) << n;
  return 0;
}

static int read_field(const struct field *f, struct slice text, uint64_t *set, struct error *err) {
  bool is_more = true;
  *set = 0;
  while (is_more) {
    struct slice item;
    text = split(text, ',', &item, &is_more);
    if (read_item(f, item, set, err) != 0) return -1;
  }
  return 0;
}

/* The words of TEXT between blanks into WORDS; returns how many there are, which may
 * be more than fit. */
static size_t split_fields(struct slice text, struct slice words[FIELDS]) {
  size_t n = 0;
  for (size_t i = 0; i < text.len;) {
    size_t from = i;
    while (i < text.len && text.ptr[i] != ' ' && text.ptr[i] != '\t') i++;
    if (i > from && n++ < FIELDS) words[n - 1] = (struct slice){text.ptr + from, i - from};
    if (i < text.len) i++;
  }
  return n;
}

static int refuse_shorthand(struct slice word, struct error *err) {
  const char *names[SHORTHANDS];
  for (size_t i = 0; i < SHORTHANDS; i++) names[i] = shorthands[i].name;
  (void)error_set(err, ERROR_USAGE, "schedule: \"%.*s\" is not standard cron", SLICE_ARG(word));
  if (is_word(word, "@reboot"))
    return error_hint(err, "a start of serve starts no job; `hoko jobs run NAME` does");
  if (is_word(word, "@every")) return error_hint(err, "write every = \"90s\" for the schedule");
  const char *meant = nearest_name(word, names, SHORTHANDS);
  return error_hint(err, "did you mean %s?", meant ? meant : "@hourly or @daily");
}

/* Puts the meaning of an @word in place of it. */
static int expand(struct slice *text, struct error *err) {
  struct slice words[FIELDS];
  size_t n = split_fields(*text, words);
  if (n == 0 || words[0].ptr[0] != '@') return 0;
  for (size_t i = 0; n == 1 && i < SHORTHANDS; i++) {
    if (!is_word(words[0], shorthands[i].name)) continue;
    *text = slice_of(shorthands[i].meaning);
    return 0;
  }
  return refuse_shorthand(words[0], err);
}

/* Bytes that could not stand in a message, or look like another character. */
static int check_bytes(struct slice text, struct error *err) {
  for (size_t i = 0; i < text.len; i++) {
    unsigned char c = (unsigned char)text.ptr[i];
    if ((c >= ' ' && c < 0x7f) || c == '\t') continue;
    (void)error_set(err, ERROR_USAGE, "schedule: byte %02X at position %zu is not ASCII text", c,
                    i + 1);
    return error_hint(err, "write the digits 0-9 and blanks only");
  }
  return 0;
}

/* With day and weekday both to match, some month must have one of the days; any
 * date falls on each weekday in the calendar's 400 years. */
static int check_occurs(const struct cron *c, struct slice day, struct slice month,
                        struct error *err) {
  int longest = 0;
  if (c->is_either_enough) return 0;
  for (int m = 1; m <= 12; m++) {
    int len = calendar_month_len(2000, m);
    if ((c->months >> m & 1) && len > longest) longest = len;
  }
  if (c->days & ((UINT32_C(2) << longest) - 1)) return 0;
  (void)error_set(err, ERROR_USAGE, "day: \"%.*s\" never comes in month \"%.*s\"", SLICE_ARG(day),
                  SLICE_ARG(month));
  return error_hint(err, "%s has at most %d days",
                    longest == 29 ? "February" : "the longest of them", longest);
}

int cron_parse(struct cron *c, struct slice text, struct error *err) {
  struct slice words[FIELDS] = {[SECOND] = SLICE("0")};
  uint64_t sets[FIELDS];
  if (check_bytes(text, err) != 0 || expand(&text, err) != 0) return -1;
  size_t n = split_fields(text, words);
  if (n != FIELDS && n != FIELDS - 1) {
    (void)error_set(err, ERROR_USAGE, "schedule: %zu field%s", n, n == 1 ? "" : "s");
    return error_hint(err, "write 5 (minute hour day month weekday), or 6 with second first");
  }
  if (n == FIELDS - 1) {
    memmove(words + MINUTE, words, n * sizeof *words);
    words[SECOND] = SLICE("0");
  }
  for (int i = 0; i < FIELDS; i++)
    if (read_field(&fields[i], words[i], &sets[i], err) != 0) return -1;
  *c = (struct cron){.seconds = sets[SECOND],
                     .minutes = sets[MINUTE],
                     .hours = (uint32_t)sets[HOUR],
                     .days = (uint32_t)sets[DAY],
                     .months = (uint32_t)sets[MONTH],
                     .weekdays = (uint32_t)((sets[WEEKDAY] | sets[WEEKDAY] >> 7) & 0x7f),
                     .is_fixed = words[MINUTE].ptr[0] != '*' && words[HOUR].ptr[0] != '*',
                     .is_either_enough = words[DAY].ptr[0] != '*' && words[WEEKDAY].ptr[0] != '*'};
  return check_occurs(c, words[DAY], words[MONTH], err);
}

uint32_t cron_month_days(const struct cron *c, int64_t year, int month) {
  static const uint64_t each_week = 0x0000000810204081; /* bits 0, 7, 14, 21, 28, 35 */
  if (!(c->months >> month & 1)) return 0;
  int first = calendar_weekday(calendar_days(year, month, 1)),
      len = calendar_month_len(year, month);
  uint64_t on_weekday = c->weekdays * each_week >> first << 1; /* bit n: weekday of day n */
  uint64_t days = c->is_either_enough ? c->days | on_weekday : c->days & on_weekday;
  return (uint32_t)(days & ((UINT64_C(2) << len) - 2));
}
