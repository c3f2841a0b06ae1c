/* refusal.h - what an error body of Hoko (or of something before it) says. */
#ifndef HOKO_API_REFUSAL_H
#define HOKO_API_REFUSAL_H

#include "base/buf.h"

#include <stdint.h>

enum { REFUSAL_TEXT_SIZE = 512, REFUSAL_SCOPES_MAX = 16, REFUSAL_SCOPE_SIZE = 64 };

struct refusal {
  bool is_hoko;               /* {"error":{"en":…,"ar":…}} or at least one of both as text */
  char en[REFUSAL_TEXT_SIZE]; /* "" where there is none; control characters escaped */
  char ar[REFUSAL_TEXT_SIZE];
  char plain[REFUSAL_TEXT_SIZE]; /* of a body in another form: its first printable characters */
  char scopes[REFUSAL_SCOPES_MAX][REFUSAL_SCOPE_SIZE]; /* missingScopes, as received */
  size_t scopes_len;
  bool has_retry_after; /* a number, or a string that is one; may be absurd */
  double retry_after_s;
};

/* BODY: the first bytes of the answer, any bytes. Never fails: what is not understood is plain. */
void refusal_parse(struct refusal *r, struct slice body);
/* The sentence for a user whose LANG begins with "ar", or not. */
const char *refusal_text(const struct refusal *r, bool is_arabic);

#endif
