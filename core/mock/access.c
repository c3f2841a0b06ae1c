#include "mock/access.h"

#include "base/nearest.h"

static const char *const scope_names[] = {
    "partnersRead",    "partnersWrite",    "linksRead",     "linksWrite",
    "collectionsRead", "collectionsWrite", "tagsRead",      "tagsWrite",
    "customersRead",   "customersWrite",   "analyticsRead", "conversionsWrite",
};
enum { SCOPES = sizeof scope_names / sizeof *scope_names };

static int scope_parse(struct slice name, unsigned *scopes, struct error *err) {
  for (unsigned i = 0; i < SCOPES; i++)
    if (slice_is(name, scope_names[i])) {
      *scopes |= 1u << i;
      return 0;
    }
  const char *nearest = nearest_name(name, scope_names, SCOPES);
  (void)error_set(err, ERROR_USAGE, "%.*s is no scope", SLICE_ARG(name));
  if (nearest) (void)error_hint(err, "did you mean %s?", nearest);
  return -1;
}

int access_scopes_parse(struct slice s, unsigned *scopes, struct error *err) {
  *scopes = 0;
  while (s.len) {
    const char *comma = memchr(s.ptr, ',', s.len);
    struct slice name = {s.ptr, comma ? (size_t)(comma - s.ptr) : s.len};
    if (scope_parse(name, scopes, err) < 0) return -1;
    size_t used = name.len + (comma != NULL);
    s = (struct slice){s.ptr + used, s.len - used};
  }
  return 0;
}

/* S without the scheme before it, whose name has no letter case (RFC 9110, 11.1). */
static struct slice without_scheme(struct slice s) {
  static const char scheme[] = "bearer";
  const size_t len = sizeof scheme - 1;
  if (s.len < len || (s.len > len && s.ptr[len] != ' ')) return s;
  for (size_t i = 0; i < len; i++)
    if ((s.ptr[i] | 0x20) != scheme[i]) return s;
  size_t used = s.len > len ? len + 1 : len;
  return (struct slice){s.ptr + used, s.len - used};
}

static bool is_key(struct slice s) {
  for (size_t i = 0; i < s.len; i++)
    if (s.ptr[i] <= ' ' || s.ptr[i] > '~') return false;
  return s.len > 0;
}

bool access_has_key(struct slice authorization, const char *key) {
  struct slice sent = without_scheme(authorization);
  return key ? slice_is(sent, key) : is_key(sent);
}

unsigned access_needed(enum method method, unsigned either) {
  switch (method) {
  case METHOD_GET: return SCOPE_PARTNERS_READ;
  case METHOD_POST: return SCOPE_PARTNERS_WRITE;
  case METHOD_PUT:
  case METHOD_DELETE: return either;
  case METHOD_OTHER:
  case METHODS: break;
  }
  return 0;
}

void access_put_scopes(struct buf *b, unsigned scopes) {
  bool is_first = true;
  buf_add_char(b, '[');
  for (unsigned i = 0; i < SCOPES; i++) {
    if (!(scopes & 1u << i)) continue;
    buf_printf(b, "%s\"%s\"", is_first ? "" : ",", scope_names[i]);
    is_first = false;
  }
  buf_add_char(b, ']');
}
