/* digest.h - SHA-256 as text, to tell one content from another. */
#ifndef HOKO_KEYS_DIGEST_H
#define HOKO_KEYS_DIGEST_H

#include "base/slice.h"

enum { DIGEST_SIZE = 65 };

/* 64 hexadecimal digits, lower case, NUL-terminated. */
void digest_text(struct slice bytes, char text[DIGEST_SIZE]);

#endif
