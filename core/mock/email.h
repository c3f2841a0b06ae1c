/* email.h - what the mock takes for an e-mail address.
 *
 * Hoko does not say.  This is the form that web services commonly ask for: one @,
 * a dotted local part without blanks or quotes, a domain of two labels at least.
 * Letters beyond ASCII pass in both, as addresses of Arabic domains have them. */
#ifndef HOKO_MOCK_EMAIL_H
#define HOKO_MOCK_EMAIL_H

#include "base/slice.h"

bool email_is_valid(struct slice s);

#endif
