/* normal.h - a Hoko that tidies what it is sent (--fault trim, fold). */
#ifndef HOKO_MOCK_NORMAL_H
#define HOKO_MOCK_NORMAL_H

#include "mock/change.h"

/* Takes white space off both ends of name and phone, unless nothing would be left. */
void normal_trim(struct change *list, size_t len);
/* Puts e-mails in lower case (ASCII), phones as their digits with the + before them, and
 * names in NFC.  The new texts are in *TEXT, which holds nothing else.  -1: no memory. */
MUST_USE int normal_fold(struct change *list, size_t len, struct buf *text, struct error *err);

#endif
