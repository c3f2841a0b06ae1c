/* watermarks.h - values of hoko.store that wait for the rows submitted before them (J6).
 *
 * A value set while rows are under way is written when all of them are told; when
 * some of them became pending it is dropped, so that the next run starts from the
 * older one.  The script reads what it set at once. */
#ifndef HOKO_HOST_WATERMARKS_H
#define HOKO_HOST_WATERMARKS_H

#include "state/state.h"

enum { WATERMARKS_MAX = 256, WATERMARK_NAME_SIZE = 256 };

struct watermarks {
  struct {
    char name[WATERMARK_NAME_SIZE];
    struct buf value; /* JSON; len 0: deleted */
  } at[WATERMARKS_MAX];
  size_t len;
};

MUST_USE int watermarks_set(struct watermarks *w, struct slice name, struct slice value,
                            struct error *err);
/* false: NAME does not wait here. */
bool watermarks_get(const struct watermarks *w, struct slice name, struct slice *value);
/* Writes all of SCOPE's, or nothing. */
MUST_USE int watermarks_write(struct watermarks *w, struct state *state, struct slice scope,
                              struct error *err);
void watermarks_free(struct watermarks *w);

#endif
