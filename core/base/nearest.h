/* nearest.h - the name that was probably meant. */
#ifndef HOKO_BASE_NEAREST_H
#define HOKO_BASE_NEAREST_H

#include "base/slice.h"

/* The one of NAMES nearest to WORD by Damerau-Levenshtein distance, or NULL when
 * none is within a third of the word's length (2 at least). */
const char *nearest_name(struct slice word, const char *const *names, size_t names_len);

#endif
