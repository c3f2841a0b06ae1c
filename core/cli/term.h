/* term.h - the only file that prints.
 *
 *  1. Results go to stdout; notes, log lines, progress, prompts and errors to stderr.
 *  2. Nothing is printed twice: who returns an error does not print it, and
 *     command_fail() prints it once.
 *  3. Progress is one line of a terminal's stderr, never longer than the line, and
 *     is erased before anything else appears.
 *  4. Colour is for terminals: --color decides, then NO_COLOR, then TERM=dumb.
 *  5. Text from outside reaches a terminal with controls and bad bytes made visible.
 *  6. A stdout that nobody reads any more takes everything and shows nothing: a sync
 *     goes on.  Any other failure to write results is told by term_finish().
 *  7. With --log-format json each line on stderr is one JSON object.
 *  8. A secret has no way here: struct secret has no formatter.
 *
 * Main thread only. */
#ifndef HOKO_CLI_TERM_H
#define HOKO_CLI_TERM_H

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/slice.h"

enum term_color { TERM_COLOR_AUTO, TERM_COLOR_ALWAYS, TERM_COLOR_NEVER };
enum term_style {
  TERM_PLAIN,
  TERM_BOLD,
  TERM_DIM,
  TERM_UNDERLINE,
  TERM_RED,
  TERM_GREEN,
  TERM_YELLOW
};

struct term_setup {
  int in_fd, out_fd, err_fd;
  enum term_color color;
  bool has_no_color; /* NO_COLOR is set to something */
  bool is_dumb;      /* TERM is unset or "dumb" */
  bool is_quiet;     /* notes are dropped */
  bool is_json;      /* --log-format json */
};

struct term;

/* NULL: no memory.  Borrows the descriptors and CLOCK. */
struct term *term_new(const struct term_setup *setup, const struct clock *clock);
void term_free(struct term *t);
/* Takes effect from the next line on; the descriptors must be the same. */
void term_configure(struct term *t, const struct term_setup *setup);

/* Results: kept until a line ends on a terminal, else until 64 KiB, term_flush()
 * or the next line on stderr. */
void term_out(struct term *t, struct slice bytes);
void term_printf(struct term *t, const char *format, ...) PRINTF_LIKE(2, 3);
/* Bytes that a script printed: as they are, but made visible on a terminal. */
void term_out_script(struct term *t, struct slice bytes);
void term_flush(struct term *t);
/* Flushes.  -1: some results could not be written (a closed stdout does not count). */
MUST_USE int term_finish(struct term *t, struct error *err);

/* One line each on stderr, without line end; a note is dropped by --quiet. */
void term_note(struct term *t, const char *format, ...) PRINTF_LIKE(2, 3);
void term_warn(struct term *t, const char *format, ...) PRINTF_LIKE(2, 3);
/* "hoko: FILE:LINE: MESSAGE", and "hint: HINT" where there is one. */
void term_error(struct term *t, const struct error *err);
/* Text of several lines that goes with an error: a traceback, a usage. */
void term_err_text(struct term *t, struct slice text);
/* A log's sink; USER is the struct term. */
void term_log_sink(void *user, enum log_level level, struct slice line);

/* Draws LINE as the progress line, or erases it when LINE is empty.  Does nothing
 * where no status is shown; use progress.h, which keeps the pace. */
void term_status(struct term *t, struct slice line);
/* Whether stderr is a terminal that can erase a line, and nobody asked for silence. */
bool term_shows_status(const struct term *t);

bool term_out_is_terminal(const struct term *t);
bool term_err_is_terminal(const struct term *t);
/* Columns of stdout's or stderr's terminal now; 80 where there is none. */
size_t term_columns(const struct term *t);
/* The escape sequence that begins STYLE on stdout, "" without colour; TERM_PLAIN ends it. */
const char *term_out_style(const struct term *t, enum term_style style);

/* A question or a password prompt: on stderr, flushed, no line end; ask.h asks. */
void term_prompt(struct term *t, const char *text);
int term_in_fd(const struct term *t);

#endif
