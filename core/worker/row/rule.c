#include "worker/row/rule.h"

#include "base/row.h"
#include "base/utf8.h"

struct reason {
  const char *code, *message;
};

static const struct reason reasons[] = {
    [RULE_OK] = {"ok", ""},
    [RULE_UNKNOWN_FIELD] = {"unknown_field",
                            "a partner has no such field; it has id, name, email and phone"},
    [RULE_WRONG_TYPE] = {"wrong_type", "the value must be a string or hoko.null"},
    [RULE_ID_TYPE] = {"wrong_type", "an id must be a string; a row without one is a create"},
    [RULE_KEY_TYPE] = {"wrong_type", "a key must be a string or an integer"},
    [RULE_EMPTY] = {"empty",
                    "the value is an empty string; nil leaves the field, hoko.null clears it"},
    [RULE_UTF8] = {"utf8",
                   "the value is not valid UTF-8; give the source's encoding, as in hoko.csv(path, "
                   "{encoding = \"windows-1256\"})"},
    [RULE_NUL] = {"nul", "the value holds a NUL byte"},
    [RULE_BAD_ID] =
        {"bad_id", "the id is no UUID; Hoko's ids look like 7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11"},
    [RULE_NAME_MISSING] = {"name_missing",
                           "a new partner needs a name (a row without id is a create)"},
    [RULE_NAME_NULL] = {"name_null", "a partner's name cannot be cleared"},
    [RULE_BAD_EMAIL] = {"bad_email", "the value is no e-mail address"},
    [RULE_TOO_LONG] = {"too_long", "the value is longer than 10,000 bytes"},
    [RULE_NO_CHANGE] = {"no_change", "the row has an id and nothing to change"},
    [RULE_TOO_LARGE] = {"too_large", "the row is larger than batch_bytes allows for a request"},
    [RULE_KEY_MISSING] = {"key_missing",
                          "the row has no key; a key is a string that is not empty, or an integer"},
    [RULE_SOURCE] = {"source", "the record could not be read"},
    [RULE_TRANSFORM] = {"transform", "the transform raised an error"},
};

const char *rule_code(enum rule rule) { return reasons[rule].code; }
const char *rule_message(enum rule rule) { return reasons[rule].message; }

static bool is_address(struct slice s) {
  const char *at = memchr(s.ptr, '@', s.len);
  if (!at || at == s.ptr || at + 1 == s.ptr + s.len) return false;
  if (memchr(at + 1, '@', (size_t)(s.ptr + s.len - at - 1))) return false;
  for (size_t i = 0; i < s.len; i++)
    if ((unsigned char)s.ptr[i] <= ' ' || s.ptr[i] == 0x7f) return false;
  return at[1] != '.' && s.ptr[s.len - 1] != '.';
}

enum rule rule_text(struct slice value, bool is_email) {
  if (value.len == 0) return RULE_EMPTY;
  if (value.len > ROW_FIELD_MAX) return RULE_TOO_LONG;
  if (memchr(value.ptr, '\0', value.len)) return RULE_NUL;
  if (utf8_check(value) != value.len) return RULE_UTF8;
  if (is_email && !is_address(value)) return RULE_BAD_EMAIL;
  return RULE_OK;
}
