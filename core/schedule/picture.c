#include "schedule/picture.h"

#include "base/clock.h"
#include "base/number.h"

#include <inttypes.h>

enum { STEP = 20, BAR = 14, HEIGHT = 80, FOOT = 8, BAR_MIN = 3 };

struct scale {
  int64_t rows_max, took_max;
};

static int64_t took_of(const struct run_day *d) { return d->runs ? d->took_ms / d->runs : 0; }

static struct scale scale_of(const struct run_day *days, size_t len) {
  struct scale s = {1, 1};
  for (size_t i = 0; i < len; i++) {
    if (days[i].rows > s.rows_max) s.rows_max = days[i].rows;
    if (took_of(&days[i]) > s.took_max) s.took_max = took_of(&days[i]);
  }
  return s;
}

/* Time runs as the language does. */
static int x_of(enum html_language language, int64_t day, int64_t today) {
  int place = (int)(PICTURE_DAYS - 1 - (today - day));
  return STEP * (language == HTML_ARABIC ? PICTURE_DAYS - 1 - place : place) + (STEP - BAR) / 2;
}

static int part(int64_t value, int64_t most) {
  return (int)(HEIGHT * ((double)value / (double)most));
}

static void put_words(struct buf *b, enum html_language language, const struct run_day *d) {
  char text[CLOCK_TEXT_SIZE];
  clock_format(d->day * 86400000, text);
  buf_printf(b, "<title>%.10s. %s: %" PRId64 ", %s: %" PRId64 ", %s: %" PRId64 ", %s: ", text,
             html_word(language, WORD_RUNS), d->runs, html_word(language, WORD_FAILURES), d->failed,
             html_word(language, WORD_NOT_STARTED), d->not_run, html_word(language, WORD_ROWS));
  number_put_grouped(b, d->rows);
  buf_printf(b, ", %s: ", html_word(language, WORD_TOOK));
  number_put_duration(b, took_of(d));
  buf_add_text(b, "</title>");
}

static void put_day(struct buf *b, enum html_language language, const struct run_day *d,
                    const struct scale *s, int x) {
  int height = part(d->rows, s->rows_max);
  if (d->runs > 0 && height < BAR_MIN) height = BAR_MIN;
  int bad = d->runs > 0 ? (int)(height * ((double)d->failed / (double)d->runs)) : 0;
  if (d->failed > 0 && bad < BAR_MIN) bad = BAR_MIN;
  buf_add_text(b, "<g>");
  put_words(b, language, d);
  buf_printf(b, "<rect x=\"%d\" y=\"0\" width=\"%d\" height=\"%d\" fill=\"transparent\"/>", x, BAR,
             HEIGHT + FOOT);
  buf_printf(b, "<rect class=\"r\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>", x,
             HEIGHT - height, BAR, height - bad);
  buf_printf(b, "<rect class=\"f\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>", x, HEIGHT - bad,
             BAR, bad);
  if (d->not_run > 0)
    buf_printf(b, "<circle class=\"m\" cx=\"%d\" cy=\"%d\" r=\"3\"/>", x + BAR / 2,
               HEIGHT + FOOT / 2);
  buf_add_text(b, "</g>");
}

void picture_put(struct buf *b, enum html_language language, const struct run_day *days, size_t len,
                 int64_t today) {
  struct scale s = scale_of(days, len);
  buf_printf(b, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">", STEP * PICTURE_DAYS,
             HEIGHT + FOOT, html_word(language, WORD_DAYS));
  buf_printf(b, "<path d=\"M0 %dH%d\" class=\"d\" stroke-opacity=\".3\"/>", HEIGHT,
             STEP * PICTURE_DAYS);
  for (size_t i = 0; i < len; i++)
    put_day(b, language, &days[i], &s, x_of(language, days[i].day, today));
  buf_add_text(b, "<polyline class=\"d\" pointer-events=\"none\" points=\"");
  for (size_t i = 0; i < len; i++)
    if (days[i].runs > 0)
      buf_printf(b, "%d,%d ", x_of(language, days[i].day, today) + BAR / 2,
                 HEIGHT - part(took_of(&days[i]), s.took_max));
  buf_add_text(b, "\"/></svg>");
}
