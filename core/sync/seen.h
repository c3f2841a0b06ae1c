/* seen.h - which of a stream's partners its source has: a bit each, by known.seq.
 *
 * A million partners are 125 KB.  Where memory fails nobody counts as missing. */
#ifndef HOKO_SYNC_SEEN_H
#define HOKO_SYNC_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seen {
  uint64_t *words;
  size_t words_len;
  bool is_failed; /* some partner could not be noted */
};

void seen_free(struct seen *s);
/* SEQ 0, a partner that is not known, is nobody. */
void seen_add(struct seen *s, uint32_t seq);

#endif
