/* rule.h - every reason to refuse a row before it is sent: one table of codes.
 *
 * Pure: no Lua here, so that each rule is tested alone. */
#ifndef HOKO_WORKER_ROW_RULE_H
#define HOKO_WORKER_ROW_RULE_H

#include "base/slice.h"

enum rule {
  RULE_OK,
  RULE_UNKNOWN_FIELD,
  RULE_WRONG_TYPE,
  RULE_ID_TYPE,
  RULE_KEY_TYPE,
  RULE_EMPTY,
  RULE_UTF8,
  RULE_NUL,
  RULE_BAD_ID,
  RULE_NAME_MISSING,
  RULE_NAME_NULL,
  RULE_BAD_EMAIL,
  RULE_TOO_LONG,
  RULE_NO_CHANGE,
  RULE_TOO_LARGE,
  RULE_KEY_MISSING,
  RULE_SOURCE,
  RULE_TRANSFORM,
};

/* The code that scripts and reports see: "unknown_field", … */
const char *rule_code(enum rule rule);
/* One sentence on what is wrong and what to do. */
const char *rule_message(enum rule rule);

/* Of a text value of name, email or phone: utf8, nul, empty, too long, and for
 * email whether it is an address in the loosest sense: one @ with something on
 * both sides, no white space. */
enum rule rule_text(struct slice value, bool is_email);

#endif
