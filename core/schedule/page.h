/* page.h - the pages: all jobs, one job, one run.
 *
 * Made anew for each request, from the jobs as they are and from the state. */
#ifndef HOKO_SCHEDULE_PAGE_H
#define HOKO_SCHEDULE_PAGE_H

#include "schedule/html.h"
#include "schedule/serving.h"

struct page {
  struct daemon *daemon;
  enum html_language language;
  const char *token; /* for the forms */
};

/* All append a whole page; -1: the state could not be read. */
MUST_USE int page_put_jobs(struct buf *b, const struct page *p, struct error *err);
MUST_USE int page_put_job(struct buf *b, const struct page *p, struct served *s, struct error *err);
/* -1 with ERROR_USAGE: there is no such run. */
MUST_USE int page_put_run(struct buf *b, const struct page *p, struct slice run, struct error *err);

/* A page of one sentence, and what it is about. */
void page_put_note(struct buf *b, enum html_language language, enum html_word title,
                   enum html_word sentence, struct slice about);

#endif
