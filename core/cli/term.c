#include "cli/term.h"

#include "base/buf.h"
#include "base/utf8.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { OUT_BYTES = 64 << 10, LINE_BYTES = 1 << 20, COLUMNS_DEFAULT = 80 };

struct term {
  struct term_setup setup;
  const struct clock *clock;
  bool is_out_tty, is_err_tty, is_out_closed;
  bool is_status_drawn;
  struct buf out;         /* results on their way */
  struct buf line;        /* what is being put together for stderr or made visible */
  struct error out_error; /* the first failure to write results */
};

struct term *term_new(const struct term_setup *setup, const struct clock *clock) {
  struct term *t = calloc(1, sizeof *t);
  if (!t) return NULL;
  t->setup = *setup;
  t->clock = clock;
  t->is_out_tty = isatty(setup->out_fd) == 1;
  t->is_err_tty = isatty(setup->err_fd) == 1;
  t->out = BUF_WITH_LIMIT(OUT_BYTES);
  t->line = BUF_WITH_LIMIT(LINE_BYTES);
  return t;
}

void term_free(struct term *t) {
  if (!t) return;
  buf_free(&t->out);
  buf_free(&t->line);
  free(t);
}

void term_configure(struct term *t, const struct term_setup *setup) { t->setup = *setup; }

bool term_out_is_terminal(const struct term *t) { return t->is_out_tty; }
bool term_err_is_terminal(const struct term *t) { return t->is_err_tty; }
int term_in_fd(const struct term *t) { return t->setup.in_fd; }

size_t term_columns(const struct term *t) {
  struct winsize size;
  int fd = t->is_err_tty ? t->setup.err_fd : t->setup.out_fd;
  if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return COLUMNS_DEFAULT;
}

static bool has_color(const struct term *t, bool is_tty) {
  switch (t->setup.color) {
  case TERM_COLOR_ALWAYS: return true;
  case TERM_COLOR_NEVER: return false;
  case TERM_COLOR_AUTO: break;
  }
  return is_tty && !t->setup.has_no_color && !t->setup.is_dumb;
}

static const char *style_text(enum term_style style) {
  static const char *const text[] = {
      [TERM_PLAIN] = "\033[0m",     [TERM_BOLD] = "\033[1m", [TERM_DIM] = "\033[2m",
      [TERM_UNDERLINE] = "\033[4m", [TERM_RED] = "\033[31m", [TERM_GREEN] = "\033[32m",
      [TERM_YELLOW] = "\033[33m"};
  return text[style];
}

const char *term_out_style(const struct term *t, enum term_style style) {
  return has_color(t, t->is_out_tty) ? style_text(style) : "";
}

static const char *err_style(const struct term *t, enum term_style style) {
  return has_color(t, t->is_err_tty) ? style_text(style) : "";
}

/* Through short writes, signals and descriptors that a parent made non-blocking.
 * Returns errno. */
static int write_all(int fd, struct slice bytes) {
  while (bytes.len > 0) {
    ssize_t put = write(fd, bytes.ptr, bytes.len);
    if (put >= 0) {
      bytes = (struct slice){bytes.ptr + put, bytes.len - (size_t)put};
    } else if (errno == EAGAIN) {
      struct pollfd ready = {fd, POLLOUT, 0};
      (void)poll(&ready, 1, -1); /* whatever it says, write() tells more */
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

/* A terminal that went away or a full log disk is no reason to stop a sync. */
static void write_err(struct term *t, struct slice bytes) {
  (void)write_all(t->setup.err_fd, bytes);
}

static void write_out(struct term *t, struct slice bytes) {
  if (t->is_out_closed || t->out_error.code != ERROR_NONE) return;
  int errnum = write_all(t->setup.out_fd, bytes);
  if (errnum == EPIPE || errnum == EBADF)
    t->is_out_closed = true;
  else if (errnum)
    (void)error_errno(&t->out_error, ERROR_STATE, errnum, "results could not be written to stdout");
}

static void erase_status(struct term *t) {
  if (!t->is_status_drawn) return;
  write_err(t, SLICE("\r\033[K"));
  t->is_status_drawn = false;
}

void term_flush(struct term *t) {
  if (t->out.len == 0) return;
  if (t->is_out_tty) erase_status(t);
  write_out(t, buf_slice(&t->out));
  buf_clear(&t->out);
}

int term_finish(struct term *t, struct error *err) {
  erase_status(t);
  term_flush(t);
  if (t->out_error.code == ERROR_NONE) return 0;
  *err = t->out_error;
  return -1;
}

void term_out(struct term *t, struct slice bytes) {
  if (bytes.len > OUT_BYTES - t->out.len) term_flush(t);
  if (bytes.len > OUT_BYTES) {
    if (t->is_out_tty) erase_status(t);
    write_out(t, bytes);
    return;
  }
  buf_add_slice(&t->out, bytes);
  if (!buf_ok(&t->out)) { /* no memory for the buffer: as if it were full */
    buf_clear(&t->out);
    write_out(t, bytes);
  }
  if (t->is_out_tty && bytes.len > 0 && memchr(bytes.ptr, '\n', bytes.len)) term_flush(t);
}

void term_printf(struct term *t, const char *format, ...) {
  va_list args;
  va_start(args, format);
  char *text = NULL;
  int len = vasprintf(&text, format, args);
  va_end(args);
  if (len < 0) return;
  term_out(t, (struct slice){text, (size_t)len});
  free(text);
}

/* Lines stay lines and tabs stay tabs; everything else is utf8_printable()'s. */
static void put_visible(struct buf *b, struct slice bytes) {
  size_t from = 0;
  for (size_t i = 0; i <= bytes.len; i++) {
    if (i < bytes.len && bytes.ptr[i] != '\n' && bytes.ptr[i] != '\t') continue;
    utf8_printable(b, (struct slice){bytes.ptr + from, i - from});
    if (i < bytes.len) buf_add_char(b, bytes.ptr[i]);
    from = i + 1;
  }
}

void term_out_script(struct term *t, struct slice bytes) {
  enum { PIECE = 64 << 10 }; /* four printable bytes for one fit into the line buffer */
  if (!t->is_out_tty) {
    term_out(t, bytes);
    return;
  }
  while (bytes.len > 0) {
    struct slice piece = {bytes.ptr, bytes.len < PIECE ? bytes.len : PIECE};
    buf_clear(&t->line);
    put_visible(&t->line, piece);
    if (buf_ok(&t->line)) term_out(t, buf_slice(&t->line));
    bytes = (struct slice){bytes.ptr + piece.len, bytes.len - piece.len};
  }
}

/* Results come before what is said about them. */
static void begin_err(struct term *t) {
  term_flush(t);
  erase_status(t);
  buf_clear(&t->line);
}

static void end_err_line(struct term *t) {
  buf_add_char(&t->line, '\n');
  if (buf_ok(&t->line)) write_err(t, buf_slice(&t->line));
}

void term_log_sink(void *user, enum log_level level, struct slice line) {
  struct term *t = user;
  begin_err(t);
  bool is_marked = !t->setup.is_json && level >= LOG_WARN;
  if (is_marked) buf_add_text(&t->line, err_style(t, level == LOG_WARN ? TERM_YELLOW : TERM_RED));
  buf_add_slice(&t->line, line);
  if (is_marked) buf_add_text(&t->line, err_style(t, TERM_PLAIN));
  end_err_line(t);
}

static void json_line(struct term *t, enum log_level level, struct slice message,
                      const struct log_field *fields, size_t fields_len) {
  struct log log = {LOG_DEBUG, true, term_log_sink, t, t->clock};
  log_write(&log, level, message, fields, fields_len);
}

static void err_line(struct term *t, enum log_level level, const char *prefix,
                     enum term_style style, const char *format, va_list args) {
  char *text = NULL;
  int len = vasprintf(&text, format, args);
  if (len < 0) return;
  struct slice message = {text, (size_t)len};
  if (t->setup.is_json) {
    json_line(t, level, message, NULL, 0);
  } else {
    begin_err(t);
    buf_printf(&t->line, "%s%s%s", err_style(t, style), prefix, err_style(t, TERM_PLAIN));
    put_visible(&t->line, message);
    end_err_line(t);
  }
  free(text);
}

void term_note(struct term *t, const char *format, ...) {
  if (t->setup.is_quiet) return;
  va_list args;
  va_start(args, format);
  err_line(t, LOG_INFO, "", TERM_PLAIN, format, args);
  va_end(args);
}

void term_warn(struct term *t, const char *format, ...) {
  va_list args;
  va_start(args, format);
  err_line(t, LOG_WARN, "warning: ", TERM_YELLOW, format, args);
  va_end(args);
}

static void json_error(struct term *t, const struct error *err) {
  char line[16];
  (void)snprintf(line, sizeof line, "%d", err->line);
  struct log_field fields[4];
  size_t len = 0;
  fields[len++] = (struct log_field){"code", slice_of(error_code_name(err->code)), false};
  if (err->file[0]) fields[len++] = (struct log_field){"file", slice_of(err->file), false};
  if (err->line > 0) fields[len++] = (struct log_field){"line", slice_of(line), true};
  if (err->hint[0]) fields[len++] = (struct log_field){"hint", slice_of(err->hint), false};
  json_line(t, LOG_ERROR, slice_of(err->message), fields, len);
}

void term_error(struct term *t, const struct error *err) {
  if (t->setup.is_json) {
    json_error(t, err);
    return;
  }
  begin_err(t);
  struct buf *b = &t->line;
  buf_printf(b, "%shoko: %s", err_style(t, TERM_RED), err_style(t, TERM_PLAIN));
  if (err->file[0]) utf8_printable(b, slice_of(err->file)), buf_add_text(b, ":");
  if (err->line > 0) buf_printf(b, "%d:", err->line);
  if (err->file[0]) buf_add_text(b, " ");
  utf8_printable(b, slice_of(err->message));
  if (err->hint[0]) {
    buf_printf(b, "\n%shint:%s ", err_style(t, TERM_YELLOW), err_style(t, TERM_PLAIN));
    utf8_printable(b, slice_of(err->hint));
  }
  end_err_line(t);
}

void term_err_text(struct term *t, struct slice text) {
  if (t->setup.is_json) {
    json_line(t, LOG_ERROR, text, NULL, 0);
    return;
  }
  begin_err(t);
  put_visible(&t->line, text);
  if (text.len > 0 && text.ptr[text.len - 1] == '\n') t->line.len--;
  end_err_line(t);
}

void term_prompt(struct term *t, const char *text) {
  begin_err(t);
  write_err(t, slice_of(text));
}

bool term_shows_status(const struct term *t) {
  const struct term_setup *s = &t->setup;
  return t->is_err_tty && !s->is_json && !s->is_dumb && !s->is_quiet;
}

void term_status(struct term *t, struct slice line) {
  if (!term_shows_status(t)) return;
  if (line.len == 0) {
    erase_status(t);
    return;
  }
  /* One column stays free: a full line would make some terminals wrap. */
  line.len = utf8_prefix(line, term_columns(t) - 1);
  buf_clear(&t->line);
  buf_add_text(&t->line, "\r");
  buf_add_slice(&t->line, line);
  buf_add_text(&t->line, "\033[K");
  if (!buf_ok(&t->line)) return;
  write_err(t, buf_slice(&t->line));
  t->is_status_drawn = true;
}
