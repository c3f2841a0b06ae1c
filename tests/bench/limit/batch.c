#include "limit/batch.h"

/* ---- rows into JSON ------------------------------------------------------ */

static bool is_utf8(const unsigned char *s, size_t len) {
  for (size_t i = 0; i < len;) {
    unsigned char c = s[i];
    size_t more = c < 0x80                ? 0
                  : c >= 0xc2 && c < 0xe0 ? 1
                  : c >= 0xe0 && c < 0xf0 ? 2
                  : c >= 0xf0 && c < 0xf5 ? 3
                                          : len;
    if (i + more >= len) return false;
    for (size_t k = 1; k <= more; k++)
      if ((s[i + k] & 0xc0) != 0x80) return false;
    if ((c == 0xe0 && s[i + 1] < 0xa0) || (c == 0xed && s[i + 1] > 0x9f) ||
        (c == 0xf0 && s[i + 1] < 0x90) || (c == 0xf4 && s[i + 1] > 0x8f))
      return false;
    i += more + 1;
  }
  return true;
}

static char *put_escaped(char *to, unsigned char c) {
  static const char hex[] = "0123456789abcdef";
  if (c == '"' || c == '\\') {
    *to++ = '\\';
  } else if (c < 0x20) {
    memcpy(to, "\\u00", 4);
    to[4] = hex[c >> 4];
    to[5] = hex[c & 15];
    return to + 6;
  }
  *to++ = (char)c;
  return to;
}

/* Appends S as a JSON string; copies 16 bytes at a time and looks at them on the way. */
static void put_string(struct buf *b, struct slice s) {
  const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'),
                control = _mm_set1_epi8(0x1f);
  bool is_ascii = true;
  buf_room(b, 6 * s.len + 18);
  char *to = b->ptr + b->len;
  *to++ = '"';
  for (size_t i = 0; i < s.len;) {
    size_t stop = s.len - i >= 16 ? i + 16 : s.len;
    if (s.len - i >= 16) {
      __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(s.ptr + i));
      __m128i bad = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)),
                                 _mm_cmpeq_epi8(_mm_min_epu8(v, control), v));
      if (_mm_movemask_epi8(v)) is_ascii = false;
      if (!_mm_movemask_epi8(bad)) {
        _mm_storeu_si128((__m128i *)(void *)to, v);
        to += 16;
        i += 16;
        continue;
      }
    }
    for (; i < stop; i++) {
      unsigned char c = (unsigned char)s.ptr[i];
      if (c >= 0x80) is_ascii = false;
      to = put_escaped(to, c);
    }
  }
  *to++ = '"';
  b->len = (size_t)(to - b->ptr);
  if (!is_ascii && !is_utf8((const unsigned char *)s.ptr, s.len)) die("invalid UTF-8");
}

static bool is_uuid(struct slice s) {
  if (s.len != UUID_LEN) return false;
  for (size_t i = 0; i < s.len; i++) {
    char c = s.ptr[i], lower = (char)(c | 32);
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return false;
    } else if (!((c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'f'))) {
      return false;
    }
  }
  return true;
}

void batch_add(struct batch *b, const struct slice value[FIELDS]) {
  static const struct slice label[FIELDS] = {SLICE_INIT("{\"id\":"), SLICE_INIT(",\"name\":"),
                                             SLICE_INIT(",\"email\":"), SLICE_INIT(",\"phone\":")};
  if (!is_uuid(value[FIELD_ID])) die("an id that is no UUID");
  buf_add_char(&b->body, b->rows_len ? ',' : '[');
  b->id_at[b->rows_len++] = (uint32_t)(b->body.len + label[FIELD_ID].len + 1);
  for (int f = 0; f < FIELDS; f++) {
    if (!value[f].ptr) continue;
    buf_add(&b->body, label[f]);
    put_string(&b->body, value[f]);
  }
  buf_add_char(&b->body, '}');
}

void batch_end(struct batch *b) { buf_add_char(&b->body, ']'); }

void batch_clear(struct batch *b) { b->body.len = b->rows_len = 0; }

/* ---- answers ------------------------------------------------------------- */

/* A batch's ids as a set that they are taken from; built when an answer is out of order. */
struct ids {
  uint32_t *slot;
};

enum { SLOTS = 32768, TAKEN = UINT16_MAX };

static const char *id_of(const struct batch *b, size_t i) { return b->body.ptr + b->id_at[i]; }

static size_t slot_of(const char *id) {
  uint64_t head, tail;
  memcpy(&head, id, sizeof head);
  memcpy(&tail, id + UUID_LEN - sizeof tail, sizeof tail);
  return (size_t)((head * 0x9e3779b97f4a7c15u ^ tail * 0xc2b2ae3d27d4eb4fu) >> 40) % SLOTS;
}

static bool ids_take(struct ids *t, const struct batch *b, const char *id) {
  for (size_t at = slot_of(id); t->slot[at]; at = (at + 1) % SLOTS) {
    if (t->slot[at] == TAKEN || memcmp(id_of(b, t->slot[at] - 1), id, UUID_LEN)) continue;
    t->slot[at] = TAKEN;
    return true;
  }
  return false;
}

/* All ids of B but the first IN_ORDER, which were answered already. */
static void ids_init(struct ids *t, const struct batch *b, size_t in_order) {
  t->slot = calloc(SLOTS, sizeof *t->slot);
  if (!t->slot) die("out of memory");
  for (size_t i = in_order; i < b->rows_len; i++) {
    size_t at = slot_of(id_of(b, i));
    while (t->slot[at]) at = (at + 1) % SLOTS;
    t->slot[at] = (uint32_t)i + 1;
  }
}

/* A string or null at P; gives what follows, or NULL. */
static const char *read_value(const char *p, const char *end, struct slice *value) {
  bool has_escape;
  *value = (struct slice){NULL, 0};
  if (p < end && *p == '"') {
    const char *close = string_end(p + 1, end, &has_escape);
    if (!close) return NULL;
    *value = (struct slice){p + 1, (size_t)(close - p - 1)};
    return close + 1;
  }
  return end - p >= 4 && memcmp(p, "null", 4) == 0 ? p + 4 : NULL;
}

/* An object, P behind its brace: gives its id, and what follows, or NULL. */
static const char *read_partner(const char *p, const char *end, const char **id) {
  *id = NULL;
  for (p = skip_blanks(p, end); p < end && *p != '}'; p = skip_comma(p, end)) {
    struct slice name, value;
    p = *p == '"' ? read_value(p, end, &name) : NULL;
    if (!p) return NULL;
    p = skip_blanks(p, end);
    if (p >= end || *p != ':') return NULL;
    p = read_value(skip_blanks(p + 1, end), end, &value);
    if (!p) return NULL;
    if (name.len == 2 && memcmp(name.ptr, "id", 2) == 0 && value.len == UUID_LEN) *id = value.ptr;
  }
  return p < end && *id ? p + 1 : NULL;
}

bool batch_is_answered(const struct batch *b, struct slice answer) {
  const char *end = answer.ptr + answer.len, *p = skip_blanks(answer.ptr, end), *id;
  struct ids ids = {NULL};
  size_t n = 0;
  bool is_good = p < end && *p++ == '[';
  for (p = skip_blanks(p, end); is_good && p < end && *p == '{'; n++) {
    p = read_partner(p + 1, end, &id);
    is_good = p && n < b->rows_len;
    if (!is_good) break;
    bool is_in_order = !ids.slot && memcmp(id, id_of(b, n), UUID_LEN) == 0;
    if (!is_in_order && !ids.slot) ids_init(&ids, b, n);
    is_good = is_in_order || ids_take(&ids, b, id);
    p = skip_comma(p, end);
  }
  free(ids.slot);
  return is_good && p < end && *p == ']' && n == b->rows_len;
}
