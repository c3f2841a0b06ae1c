/* html.h - a page's frame, its words in English and Arabic, and text made safe in it. */
#ifndef HOKO_SCHEDULE_HTML_H
#define HOKO_SCHEDULE_HTML_H

#include "base/buf.h"

#include <stdint.h>

enum html_language { HTML_ENGLISH, HTML_ARABIC, HTML_LANGUAGES };

enum html_word {
  WORD_JOBS,
  WORD_JOB,
  WORD_NEXT,
  WORD_LAST,
  WORD_RESULT,
  WORD_ROWS,
  WORD_TOOK,
  WORD_RUN_NOW,
  WORD_RUNNING,
  WORD_PAUSED,
  WORD_KEYLESS,
  WORD_BY_HAND,
  WORD_NEVER,
  WORD_OK,
  WORD_FAILED,
  WORD_DIED,
  WORD_NOT_STARTED,
  WORD_SCHEDULE,
  WORD_ZONE,
  WORD_SCRIPT,
  WORD_RUNS,
  WORD_RUN,
  WORD_STARTED,
  WORD_EXIT,
  WORD_ERROR,
  WORD_HINT,
  WORD_REJECTS,
  WORD_KEY,
  WORD_REASON,
  WORD_DAYS,
  WORD_NO_JOBS,
  WORD_NO_RUNS,
  WORD_REQUESTS,
  WORD_SKIP,
  WORD_USUAL,
  WORD_LOCKED,
  WORD_OPEN_LINK,
  WORD_MISSING_PAGE,
  WORD_WAITS,
  WORD_PER_DAY,
  WORD_FAILURES,
  WORD_STATE,
  WORD_MORE_REJECTS,
  WORD_COUNT
};

/* Of an Accept-Language header: Arabic where that is the first choice. */
enum html_language html_language_of(struct slice accept);
const char *html_word(enum html_language language, enum html_word word);

/* Appends TEXT so that it is only text; what is no UTF-8 becomes visible. */
void html_put_text(struct buf *b, struct slice text);
void html_put_word(struct buf *b, enum html_language language, enum html_word word);
/* "%XX" where an address needs it. */
void html_put_query(struct buf *b, struct slice text);
/* An instant in UTC that a person and a program can read. */
void html_put_time(struct buf *b, int64_t wall_ms);

/* Up to the heading, which is TITLE.  The page is read anew each REFRESH_S seconds. */
void html_begin(struct buf *b, enum html_language language, struct slice title, int refresh_s,
                bool has_way_back);
void html_end(struct buf *b);

#endif
