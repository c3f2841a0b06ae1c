#include "cli/options.h"

#include "base/nearest.h"
#include "base/number.h"
#include "cli/units.h"

#include <assert.h>
#include <stdlib.h>

void options_free(struct options *o) {
  free(o->words);
  o->words = NULL;
  o->words_len = o->words_cap = 0;
}

const struct option *option_named(const struct option *table, struct slice name) {
  for (; table && table->name; table++)
    if (slice_is(name, table->name)) return table;
  return NULL;
}

const struct option *option_lettered(const struct option *table, char letter) {
  for (; table && table->name; table++)
    if (table->letter && table->letter == letter) return table;
  return NULL;
}

bool option_takes_value(const struct option *option) {
  return option->type != OPTION_FLAG && option->type != OPTION_COUNT;
}

static int wrong_value(const struct option *option, const char *text, const char *expected,
                       struct error *err) {
  return error_set(err, ERROR_USAGE, "--%s: \"%.*s\" is not %s", option->name,
                   SLICE_ARG(slice_of(text)), expected);
}

static int choice_index(const struct option *option, const char *text) {
  for (int i = 0; option->choices[i]; i++)
    if (strcmp(option->choices[i], text) == 0) return i;
  return -1;
}

static int check_choice(const struct option *option, const char *text, struct error *err) {
  if (choice_index(option, text) >= 0) return 0;
  struct buf list = BUF_WITH_LIMIT(512);
  size_t len = 0;
  for (; option->choices[len]; len++) {
    if (len > 0) buf_add_text(&list, option->choices[len + 1] ? ", " : " or ");
    buf_add_text(&list, option->choices[len]);
  }
  const char *expected = buf_text(&list);
  (void)wrong_value(option, text, expected ? expected : "known", err);
  const char *nearest = nearest_name(slice_of(text), option->choices, len);
  if (nearest) (void)error_hint(err, "--%s=%s", option->name, nearest);
  buf_free(&list);
  return -1;
}

static bool is_within(const struct option *option, int64_t n) {
  return (option->min == 0 || n >= option->min) && (option->max == 0 || n <= option->max);
}

static int parse_number(const struct option *option, const char *text, int64_t *n) {
  struct slice s = slice_of(text);
  switch (option->type) {
  case OPTION_INT: return number_int64(s, option->min, option->max, n);
  case OPTION_DURATION: return number_duration_ms(s, n) == 0 && is_within(option, *n) ? 0 : -1;
  case OPTION_SIZE: return number_size_bytes(s, n) == 0 && is_within(option, *n) ? 0 : -1;
  case OPTION_FLAG:
  case OPTION_COUNT:
  case OPTION_TEXT:
  case OPTION_CHOICE:
  case OPTION_TEXTS:
  case OPTION_LIST: break;
  }
  return -1;
}

/* What a number's text must be, with its range where it has one. */
static void put_expected(struct buf *b, const struct option *option) {
  bool is_duration = option->type == OPTION_DURATION, is_int = option->type == OPTION_INT;
  buf_add_text(b, is_int        ? "a whole number"
                  : is_duration ? "a duration such as 500ms, 90s, 15m, 2h or 1d"
                                : "a size such as 64KiB, 4MiB or 1GiB");
  if (is_int) {
    buf_printf(b, " from %lld to %lld", (long long)option->min, (long long)option->max);
    return;
  }
  void (*put)(struct buf *, int64_t) = is_duration ? units_put_duration : units_put_size;
  if (option->min) buf_add_text(b, ", at least "), put(b, option->min);
  if (option->max) buf_add_text(b, ", at most "), put(b, option->max);
}

static int check_number(const struct option *option, const char *text, struct error *err) {
  int64_t n;
  if (parse_number(option, text, &n) == 0) return 0;
  struct buf expected = BUF_WITH_LIMIT(256);
  put_expected(&expected, option);
  const char *words = buf_text(&expected);
  (void)wrong_value(option, text, words ? words : "a number in range", err);
  buf_free(&expected);
  return -1;
}

static int check(const struct option *option, const char *text, struct error *err) {
  switch (option->type) {
  case OPTION_FLAG:
  case OPTION_COUNT: return 0;
  case OPTION_INT:
  case OPTION_DURATION:
  case OPTION_SIZE: return check_number(option, text, err);
  case OPTION_CHOICE: return check_choice(option, text, err);
  case OPTION_TEXT:
  case OPTION_TEXTS:
  case OPTION_LIST: break;
  }
  if (text[0] || option->is_value_optional) return 0;
  return error_set(err, ERROR_USAGE, "--%s needs %s, but its value is empty", option->name,
                   option->value);
}

int options_add(struct options *o, const struct option *option, const char *text,
                struct error *err) {
  if (check(option, text, err)) return -1;
  if (o->words_len == o->words_cap) {
    size_t cap = o->words_cap ? 2 * o->words_cap : 16;
    struct option_word *words = realloc(o->words, cap * sizeof *words);
    if (!words) return error_set(err, ERROR_MEMORY, "no memory for the command line");
    o->words = words;
    o->words_cap = cap;
  }
  o->words[o->words_len++] = (struct option_word){option, text};
  return 0;
}

static const struct option *known(const struct options *o, const char *name) {
  const struct option *option = option_named(o->own, slice_of(name));
  if (!option) option = option_named(o->common, slice_of(name));
  assert(option);
  return option;
}

static const char *last_text(const struct options *o, const struct option *option) {
  for (size_t i = o->words_len; i > 0; i--)
    if (o->words[i - 1].option == option) return o->words[i - 1].text;
  return option->fallback;
}

unsigned options_count(const struct options *o, const char *name) {
  const struct option *option = known(o, name);
  unsigned count = 0;
  for (size_t i = 0; i < o->words_len; i++) count += o->words[i].option == option;
  return count;
}

bool options_given(const struct options *o, const char *name) { return options_count(o, name) > 0; }

const char *options_text(const struct options *o, const char *name) {
  return last_text(o, known(o, name));
}

int64_t options_int(const struct options *o, const char *name) {
  const struct option *option = known(o, name);
  const char *text = last_text(o, option);
  int64_t n = 0;
  int outcome = text ? parse_number(option, text, &n) : -1;
  assert(outcome == 0);
  (void)outcome; /* checked when it was added */
  return n;
}

size_t options_choice(const struct options *o, const char *name) {
  const struct option *option = known(o, name);
  const char *text = last_text(o, option);
  int index = text ? choice_index(option, text) : -1;
  assert(index >= 0);
  return (size_t)index;
}

bool options_next(const struct options *o, const char *name, struct options_walk *walk,
                  struct slice *text) {
  const struct option *option = known(o, name);
  for (; walk->word < o->words_len; walk->word++, walk->offset = 0) {
    if (o->words[walk->word].option != option) continue;
    struct slice rest = slice_of(o->words[walk->word].text + walk->offset);
    const char *comma =
        option->type == OPTION_LIST && rest.len > 0 ? memchr(rest.ptr, ',', rest.len) : NULL;
    *text = (struct slice){rest.ptr, comma ? (size_t)(comma - rest.ptr) : rest.len};
    if (comma)
      walk->offset += text->len + 1;
    else
      walk->word++, walk->offset = 0;
    return true;
  }
  return false;
}
