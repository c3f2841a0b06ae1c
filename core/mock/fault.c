#include "mock/fault.h"

#include "base/nearest.h"
#include "base/number.h"

static const struct {
  const char *name;
  enum { NOTHING, STATUS, TIME, COUNT, TEXT } takes;
} kinds[FAULT_KINDS] = {
    [FAULT_STATUS] = {"status", STATUS},
    [FAULT_RETRY_AFTER] = {"retry-after", TEXT},
    [FAULT_REDIRECT] = {"redirect", TEXT},
    [FAULT_RESET_BEFORE] = {"reset-before", NOTHING},
    [FAULT_PARTIAL] = {"partial", NOTHING},
    [FAULT_LATE] = {"late", TIME},
    [FAULT_TRIM] = {"trim", NOTHING},
    [FAULT_FOLD] = {"fold", NOTHING},
    [FAULT_REORDER] = {"reorder", NOTHING},
    [FAULT_SHORT] = {"short", NOTHING},
    [FAULT_EXTRA] = {"extra", NOTHING},
    [FAULT_DUPLICATE] = {"duplicate", NOTHING},
    [FAULT_FOREIGN] = {"foreign", NOTHING},
    [FAULT_GARBAGE] = {"garbage", NOTHING},
    [FAULT_NULL] = {"null", NOTHING},
    [FAULT_BODY] = {"body", TEXT},
    [FAULT_DEEP] = {"deep", COUNT},
    [FAULT_SPACES] = {"spaces", COUNT},
    [FAULT_EMPTY] = {"empty", NOTHING},
    [FAULT_ACCEPTED] = {"accepted", NOTHING},
    [FAULT_ANSWER] = {"answer", STATUS},
    [FAULT_HEADER] = {"header", TEXT},
    [FAULT_STALL] = {"stall", TIME},
    [FAULT_STALL_HALF] = {"stall-half", TIME},
    [FAULT_RESET_AFTER] = {"reset-after", NOTHING},
    [FAULT_RESET_HALF] = {"reset-half", NOTHING},
    [FAULT_TRUNCATE] = {"truncate", NOTHING},
    [FAULT_CHUNKED] = {"chunked", NOTHING},
    [FAULT_CLOSE] = {"close", NOTHING},
    [FAULT_DROP] = {"drop", NOTHING},
};

/* Splits S at the first SIGN; false, with all in *before, where there is none. */
static bool split(struct slice s, char sign, struct slice *before, struct slice *behind) {
  const char *at = s.len ? memchr(s.ptr, sign, s.len) : NULL;
  *before = (struct slice){s.ptr, at ? (size_t)(at - s.ptr) : s.len};
  *behind = at ? (struct slice){at + 1, s.len - before->len - 1} : (struct slice){NULL, 0};
  return at != NULL;
}

static int parse_when(struct slice s, struct fault *f) {
  int64_t from, to;
  struct slice first, last;
  if (s.len && s.ptr[s.len - 1] == '%') {
    s.len--;
    if (number_int64(s, 0, 100, &from) < 0) return -1;
    f->percent = (unsigned)from;
    return 0;
  }
  if (!split(s, '-', &first, &last)) last = first;
  if (number_int64(first, 1, INT64_MAX, &from) < 0 || number_int64(last, from, INT64_MAX, &to) < 0)
    return -1;
  f->first = (uint64_t)from;
  f->last = (uint64_t)to;
  return 0;
}

static int split_header(struct fault *f) {
  char *colon = strchr(f->text, ':');
  if (!colon || colon == f->text) return -1;
  *colon = '\0';
  f->number = colon + 1 - f->text + (long)strspn(colon + 1, " ");
  return 0;
}

static int parse_value(struct slice s, bool has_value, struct fault *f) {
  switch (kinds[f->kind].takes) {
  case NOTHING: return has_value ? -1 : 0;
  case STATUS: return number_int64(s, 200, 599, &f->number);
  case TIME: return number_duration_ms(s, &f->number);
  case COUNT: return number_int64(s, 0, INT64_C(1) << 40, &f->number);
  case TEXT: break;
  }
  if (s.len == 0 || s.len >= sizeof f->text) return -1;
  memcpy(f->text, s.ptr, s.len);
  f->text[s.len] = '\0';
  return f->kind == FAULT_HEADER ? split_header(f) : 0;
}

static const char *value_form(enum fault_kind kind) {
  switch (kinds[kind].takes) {
  case NOTHING: break;
  case STATUS: return "=STATUS, such as =503";
  case TIME: return "=TIME, such as =10s";
  case COUNT: return "=NUMBER";
  case TEXT: return kind == FAULT_HEADER ? "=NAME: VALUE" : "=TEXT";
  }
  return " alone";
}

static int find_kind(struct slice name, enum fault_kind *kind, struct error *err) {
  const char *names[FAULT_KINDS];
  for (int i = 0; i < FAULT_KINDS; i++) {
    names[i] = kinds[i].name;
    if (!slice_is(name, names[i])) continue;
    *kind = (enum fault_kind)i;
    return 0;
  }
  const char *nearest = nearest_name(name, names, FAULT_KINDS);
  (void)error_set(err, ERROR_USAGE, "%.*s is no fault", SLICE_ARG(name));
  return error_hint(err, "did you mean %s?", nearest ? nearest : "status=503");
}

int fault_parse(struct slice spec, struct fault *out, struct error *err) {
  struct slice when, what, name, value;
  *out = (struct fault){0};
  if (!split(spec, ':', &when, &what) || parse_when(when, out) < 0) {
    (void)error_set(err, ERROR_USAGE, "%.*s does not say which request", SLICE_ARG(spec));
    return error_hint(err, "a fault is 3:WHAT, 3-5:WHAT or 10%%:WHAT, such as 3:status=503");
  }
  bool has_value = split(what, '=', &name, &value);
  if (find_kind(name, &out->kind, err) < 0) return -1;
  if (parse_value(value, has_value, out) == 0) return 0;
  (void)error_set(err, ERROR_USAGE, "%.*s: not a value that this fault takes", SLICE_ARG(what));
  return error_hint(err, "write %s%s", kinds[out->kind].name, value_form(out->kind));
}

uint64_t fault_random(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

struct fault_set fault_pick(const struct fault *list, size_t len, uint64_t nth, uint64_t *random) {
  struct fault_set set = {{NULL}};
  for (size_t i = 0; i < len; i++) {
    const struct fault *f = &list[i];
    bool is_met =
        f->first ? nth >= f->first && nth <= f->last : fault_random(random) % 100 < f->percent;
    if (is_met) set.of[f->kind] = f;
  }
  return set;
}
