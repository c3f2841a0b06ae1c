#include "sink/rows.h"

#include <inttypes.h>
#include <time.h>

enum field { FIELD_ID, FIELD_NAME, FIELD_EMAIL, FIELD_PHONE, FIELDS };

struct value {
  struct slice raw;
  bool is_escaped;
};

static const struct slice field_name[FIELDS] = {SLICE_INIT("id"), SLICE_INIT("name"),
                                                SLICE_INIT("email"), SLICE_INIT("phone")};
static const struct slice field_label[FIELDS] = {SLICE_INIT("{\"id\":"), SLICE_INIT(",\"name\":"),
                                                 SLICE_INIT(",\"email\":"),
                                                 SLICE_INIT(",\"phone\":")};

/* ---- escapes ------------------------------------------------------------- */

static int hex4(const char *p) {
  int v = 0;
  for (int i = 0; i < 4; i++) {
    int lower = p[i] | 32;
    int digit = p[i] >= '0' && p[i] <= '9'     ? p[i] - '0'
                : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10
                                               : -1;
    if (digit < 0) return -1;
    v = v << 4 | digit;
  }
  return v;
}

static void put_utf8(struct buf *b, unsigned c) {
  int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  static const unsigned lead[] = {0, 0xc0, 0xe0, 0xf0};
  buf_add_char(b, (char)(lead[more] | c >> (6 * more)));
  while (more-- > 0) buf_add_char(b, (char)(0x80 | (c >> (6 * more) & 63)));
}

/* P stands behind "\u"; gives what follows, or NULL. */
static const char *put_unicode(struct buf *b, const char *p, const char *end) {
  if (end - p < 4) return NULL;
  int c = hex4(p), low = -1;
  p += 4;
  if (c >= 0xd800 && c < 0xdc00) {
    if (end - p >= 6 && p[0] == '\\' && p[1] == 'u') low = hex4(p + 2);
    if (low < 0xdc00 || low > 0xdfff) return NULL;
    c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    p += 6;
  }
  if (c < 0) return NULL;
  put_utf8(b, (unsigned)c);
  return p;
}

static int unescape(struct slice s, struct buf *out) {
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  const char *p = s.ptr, *end = s.ptr + s.len;
  out->len = 0;
  while (p && p < end) {
    if (*p != '\\') {
      buf_add_char(out, *p++);
      continue;
    }
    if (++p == end) return -1;
    const char *at = memchr(from, *p, sizeof from - 1);
    if (at)
      buf_add_char(out, to[at - from]);
    else if (*p != 'u')
      return -1;
    p = at ? p + 1 : put_unicode(out, p + 1, end);
  }
  return p ? 0 : -1;
}

static void put_escaped(struct buf *out, struct slice s) {
  for (size_t i = 0; i < s.len; i++) {
    char text[8];
    unsigned char c = (unsigned char)s.ptr[i];
    if (c == '"' || c == '\\') buf_add_char(out, '\\');
    if (c >= 0x20)
      buf_add_char(out, s.ptr[i]);
    else
      buf_add(out, (struct slice){text, (size_t)snprintf(text, sizeof text, "\\u%04x", c)});
  }
}

/* ---- hash, ids ----------------------------------------------------------- */

__extension__ typedef unsigned __int128 wide;

static uint64_t mix(uint64_t h, uint64_t v) {
  wide m = (wide)(h ^ v) * 0x9e3779b97f4a7c15u;
  return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static uint64_t hash_field(uint64_t h, int f, struct slice s) {
  uint64_t v = 0;
  size_t i = 0;
  h = mix(h + 0x51ed270b0929a3u * ((unsigned)f + 1), s.len);
  for (; i + sizeof v <= s.len; i += sizeof v) {
    memcpy(&v, s.ptr + i, sizeof v);
    h = mix(h, v);
  }
  v = 0;
  memcpy(&v, s.ptr + i, s.len - i);
  return mix(h, v ^ 0xa0761d6478bd642fu);
}

static void put_new_uuid(struct buf *out, uint64_t n) {
  char text[40];
  uint64_t a = mix(n, 0x1234567), b = mix(n, 0x89abcdef);
  int len = snprintf(text, sizeof text, "%08x-%04x-4%03x-8%03x-%012" PRIx64, (unsigned)(a >> 32),
                     (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff), (unsigned)(b >> 52),
                     (b ^ n) & 0xffffffffffffu);
  buf_add(out, (struct slice){text, (size_t)len});
}

/* ---- one row ------------------------------------------------------------- */

static int field_named(struct slice name) {
  for (int f = 0; f < FIELDS; f++)
    if (name.len == field_name[f].len && !memcmp(name.ptr, field_name[f].ptr, name.len)) return f;
  return -1;
}

/* A string or null at P; gives what follows, or NULL. */
static const char *read_value(const char *p, const char *end, struct value *v,
                              struct rows_sum *sum) {
  if (p < end && *p == '"') {
    const char *close = string_end(p + 1, end, &v->is_escaped);
    if (!close) return NULL;
    v->raw = (struct slice){p + 1, (size_t)(close - p - 1)};
    return close + 1;
  }
  if (end - p < 4 || memcmp(p, "null", 4)) return NULL;
  sum->nulls++;
  return p + 4;
}

/* An object, P behind its brace; gives what follows, or NULL. */
static const char *read_row(const char *p, const char *end, struct value value[FIELDS],
                            struct rows_sum *sum) {
  bool has_escape;
  for (p = skip_blanks(p, end); p < end && *p != '}'; p = skip_comma(p, end)) {
    const char *close = *p == '"' ? string_end(p + 1, end, &has_escape) : NULL;
    int f = close ? field_named((struct slice){p + 1, (size_t)(close - p - 1)}) : -1;
    if (f < 0) return NULL;
    p = skip_blanks(close + 1, end);
    if (p >= end || *p != ':') return NULL;
    p = read_value(skip_blanks(p + 1, end), end, &value[f], sum);
    if (!p) return NULL;
  }
  return p < end ? p + 1 : NULL;
}

static int put_value(struct buf *out, struct buf *plain, const struct value *v, int f,
                     uint64_t *hash) {
  struct slice text = v->raw;
  if (v->is_escaped) {
    if (unescape(v->raw, plain)) return -1;
    text = (struct slice){plain->ptr, plain->len};
  }
  *hash = hash_field(*hash, f, text);
  buf_add_char(out, '"');
  if (v->is_escaped)
    put_escaped(out, text);
  else
    buf_add(out, text);
  buf_add_char(out, '"');
  return 0;
}

static int put_row(struct buf *out, struct buf *plain, const struct value value[FIELDS],
                   bool is_post, struct rows_sum *sum) {
  uint64_t hash = 0;
  for (int f = 0; f < FIELDS; f++) {
    buf_add(out, field_label[f]);
    if (f == FIELD_ID && (is_post || !value[f].raw.ptr)) {
      buf_add_char(out, '"');
      put_new_uuid(out, ++sum->ids_made);
      buf_add_char(out, '"');
    } else if (!value[f].raw.ptr) {
      buf_add(out, SLICE_LIT("null"));
    } else if (put_value(out, plain, &value[f], f, &hash)) {
      return -1;
    }
  }
  sum->hash += hash;
  return 0;
}

/* ---- all rows ------------------------------------------------------------ */

static struct slice times_now(char text[96]) {
  char stamp[32];
  time_t now = time(NULL);
  struct tm tm;
  gmtime_r(&now, &tm);
  strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &tm);
  int len = snprintf(text, 96, ",\"createdAt\":\"%s\",\"updatedAt\":\"%s\"}", stamp, stamp);
  return (struct slice){text, (size_t)len};
}

int rows_answer(struct slice body, bool is_post, struct rows_sum *sum, struct buf *out) {
  char text[96];
  struct slice times = times_now(text);
  struct buf plain = {0};
  int rows = 0;
  const char *end = body.ptr + body.len, *p = skip_blanks(body.ptr, end);
  bool is_good = p < end && *p++ == '[';
  buf_add_char(out, '[');
  for (p = skip_blanks(p, end); is_good && p < end && *p == '{'; rows++) {
    struct value value[FIELDS] = {{.is_escaped = false}};
    if (rows) buf_add_char(out, ',');
    p = read_row(p + 1, end, value, sum);
    is_good = p && put_row(out, &plain, value, is_post, sum) == 0;
    buf_add(out, times);
    if (is_good) p = skip_comma(p, end);
  }
  free(plain.ptr);
  buf_add_char(out, ']');
  if (!is_good || p >= end || *p != ']' || rows == 0 || rows > ROWS_MAX) return -1;
  sum->rows += rows;
  return 0;
}
