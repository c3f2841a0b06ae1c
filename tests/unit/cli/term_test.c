#include "cli/term.h"

#include "cli/ask.h"
#include "cli/progress.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

enum { SEEN_BYTES = 1 << 16, COLUMNS = 20, DEADLINE_MS = 10000 };

/* What the tests look at: a terminal or a pipe for both stdout and stderr. */
struct screen {
  int ours, theirs; /* the reading and the writing end */
  struct term *term;
  struct term_setup setup;
  char seen[SEEN_BYTES];
};

static int64_t held_mono_ns;
static int64_t held_mono(const struct clock *c) {
  (void)c;
  return held_mono_ns;
}
static int64_t held_wall(const struct clock *c) {
  (void)c;
  return 0;
}
static const struct clock held = {held_mono, held_wall};

static void screen_term(struct screen *s) {
  s->setup.in_fd = s->setup.out_fd = s->setup.err_fd = s->theirs;
  s->term = term_new(&s->setup, &held);
  assert_non_null(s->term);
}

static void open_terminal(struct screen *s, struct term_setup setup) {
  struct winsize size = {.ws_row = 25, .ws_col = COLUMNS};
  struct termios raw = {.c_cflag = CS8};
  raw.c_lflag = ICANON;
  s->setup = setup;
  assert_int_equal(openpty(&s->ours, &s->theirs, NULL, &raw, &size), 0);
  screen_term(s);
}

static void open_pipe(struct screen *s, struct term_setup setup) {
  int ends[2];
  s->setup = setup;
  assert_int_equal(pipe(ends), 0);
  s->ours = ends[0];
  s->theirs = ends[1];
  screen_term(s);
}

/* All that was written up to now. */
static const char *seen(struct screen *s) {
  size_t len = 0;
  struct pollfd ready = {s->ours, POLLIN, 0};
  while (poll(&ready, 1, 0) == 1 && (ready.revents & POLLIN)) {
    ssize_t got = read(s->ours, s->seen + len, sizeof s->seen - 1 - len);
    assert_true(got > 0);
    len += (size_t)got;
  }
  s->seen[len] = '\0';
  return s->seen;
}

static void close_screen(struct screen *s) {
  term_free(s->term);
  close(s->ours);
  close(s->theirs);
}

static const struct term_setup plain = {.has_no_color = true};

static void the_status_fits_the_line_and_goes_before_other_text_comes(void **state) {
  (void)state;
  struct screen s;
  open_terminal(&s, plain);
  term_status(s.term, SLICE("twenty-five columns wide."));
  assert_string_equal(seen(&s), "\rtwenty-five columns\033[K");
  term_note(s.term, "note");
  assert_string_equal(seen(&s), "\r\033[Knote\n");
  term_status(s.term, SLICE("again"));
  term_out(s.term, SLICE("result\n"));
  assert_string_equal(seen(&s), "\ragain\033[K\r\033[Kresult\n");
  term_status(s.term, SLICE("end"));
  term_status(s.term, SLICE(""));
  assert_string_equal(seen(&s), "\rend\033[K\r\033[K");
  close_screen(&s);
}

static void a_wide_character_is_never_cut_in_half(void **state) {
  (void)state;
  struct screen s;
  open_terminal(&s, plain);
  term_status(s.term, SLICE("漢字漢字漢字漢字漢字"));
  assert_string_equal(seen(&s), "\r漢字漢字漢字漢字漢\033[K");
  close_screen(&s);
}

static void nothing_is_drawn_where_nobody_looks(void **state) {
  (void)state;
  const struct term_setup setups[] = {{.is_quiet = true}, {.is_json = true}, {.is_dumb = true}};
  struct screen s;
  for (size_t i = 0; i < sizeof setups / sizeof setups[0]; i++) {
    open_terminal(&s, setups[i]);
    term_status(s.term, SLICE("status"));
    assert_string_equal(seen(&s), "");
    struct progress p = progress_begin(s.term, &held, true);
    assert_false(progress_due(&p));
    close_screen(&s);
  }
  open_pipe(&s, plain);
  term_status(s.term, SLICE("status"));
  assert_string_equal(seen(&s), "");
  close_screen(&s);
}

static void progress_is_drawn_ten_times_a_second_at_most(void **state) {
  (void)state;
  struct screen s;
  open_terminal(&s, plain);
  held_mono_ns = INT64_C(1000000000);
  struct progress p = progress_begin(s.term, &held, true);
  int drawn = 0;
  for (int ms = 0; ms < 1000; ms++, held_mono_ns += 1000000) {
    drawn += progress_due(&p);
    progress_draw(&p, SLICE("x"));
  }
  assert_int_equal(drawn, 10);
  const char *at = seen(&s);
  int shown = 0;
  for (; (at = strstr(at, "\rx")); at++) shown++;
  assert_int_equal(shown, 10);
  struct progress unwanted = progress_begin(s.term, &held, false);
  assert_false(progress_due(&unwanted));
  close_screen(&s);
}

static void what_a_script_prints_is_made_visible_on_a_terminal_only(void **state) {
  (void)state;
  const struct slice bytes = SLICE("a\tb\n\033[2J\377\nend");
  struct screen s;
  open_terminal(&s, plain);
  term_out_script(s.term, bytes);
  term_flush(s.term);
  assert_string_equal(seen(&s), "a\tb\n\\x1b[2J\\xff\nend");
  close_screen(&s);
  open_pipe(&s, plain);
  term_out_script(s.term, bytes);
  assert_string_equal(seen(&s), "");
  term_flush(s.term);
  assert_string_equal(seen(&s), "a\tb\n\033[2J\377\nend");
  close_screen(&s);
}

static void results_come_before_what_is_said_about_them(void **state) {
  (void)state;
  struct screen s;
  open_pipe(&s, plain);
  term_printf(s.term, "%d rows", 3);
  term_warn(s.term, "two were %s", "rejected");
  assert_string_equal(seen(&s), "3 rowswarning: two were rejected\n");
  close_screen(&s);
}

static void more_than_the_buffer_holds_comes_whole_and_in_order(void **state) {
  (void)state;
  char path[] = "/tmp/hoko-term-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(unlink(path), 0);
  const struct term_setup setup = {.in_fd = fd, .out_fd = fd, .err_fd = fd, .is_dumb = true};
  struct term *t = term_new(&setup, &held);
  enum { BIG = 200000 };
  char *big = malloc(BIG);
  assert_non_null(big);
  memset(big, 'b', BIG);
  struct error err;
  term_out(t, SLICE("a"));
  term_out(t, (struct slice){big, BIG});
  term_out(t, SLICE("c"));
  assert_int_equal(term_finish(t, &err), 0);
  assert_int_equal(lseek(fd, 0, SEEK_END), BIG + 2);
  char ends[2];
  assert_int_equal(pread(fd, ends, 1, 0), 1);
  assert_int_equal(pread(fd, ends + 1, 1, BIG + 1), 1);
  assert_memory_equal(ends, "ac", 2);
  free(big);
  term_free(t);
  close(fd);
}

static void an_error_is_one_line_with_place_and_one_with_a_hint(void **state) {
  (void)state;
  struct screen s;
  struct error err;
  open_pipe(&s, plain);
  (void)error_set(&err, ERROR_USAGE, "it\nfailed");
  term_error(s.term, &err);
  assert_string_equal(seen(&s), "hoko: it\\nfailed\n");
  (void)error_place(&err, "hoko.lua", 3);
  (void)error_hint(&err, "hoko help");
  term_error(s.term, &err);
  assert_string_equal(seen(&s), "hoko: hoko.lua:3: it\\nfailed\nhint: hoko help\n");
  (void)error_place(&err, "data.csv", 0);
  term_error(s.term, &err);
  assert_string_equal(seen(&s), "hoko: data.csv: it\\nfailed\nhint: hoko help\n");
  close_screen(&s);
}

static void each_line_is_an_object_where_json_is_asked_for(void **state) {
  (void)state;
  const struct term_setup json = {.is_json = true};
  struct screen s;
  struct error err;
  open_pipe(&s, json);
  (void)error_set(&err, ERROR_STATE, "full");
  (void)error_place(&err, "x.lua", 2);
  (void)error_hint(&err, "hoko doctor");
  term_error(s.term, &err);
  assert_string_equal(seen(&s),
                      "{\"time\":\"1970-01-01T00:00:00.000Z\",\"level\":\"error\",\"message\":"
                      "\"full\",\"code\":\"state\",\"file\":\"x.lua\",\"line\":2,"
                      "\"hint\":\"hoko doctor\"}\n");
  term_note(s.term, "note");
  term_warn(s.term, "warning");
  assert_string_equal(
      seen(&s),
      "{\"time\":\"1970-01-01T00:00:00.000Z\",\"level\":\"info\",\"message\":\"note\"}\n"
      "{\"time\":\"1970-01-01T00:00:00.000Z\",\"level\":\"warn\",\"message\":\"warning\"}\n");
  close_screen(&s);
}

static void quiet_drops_notes_and_nothing_else(void **state) {
  (void)state;
  const struct term_setup quiet = {.is_quiet = true};
  struct screen s;
  open_pipe(&s, quiet);
  term_note(s.term, "note");
  term_warn(s.term, "warning");
  term_out(s.term, SLICE("result\n"));
  term_flush(s.term);
  assert_string_equal(seen(&s), "warning: warning\nresult\n");
  close_screen(&s);
}

static void colour_is_the_options_then_no_colors_then_the_terminals(void **state) {
  (void)state;
  const struct {
    struct term_setup setup;
    bool on_terminal, on_pipe;
  } rows[] = {
      {{.color = TERM_COLOR_AUTO}, true, false},
      {{.color = TERM_COLOR_AUTO, .has_no_color = true}, false, false},
      {{.color = TERM_COLOR_AUTO, .is_dumb = true}, false, false},
      {{.color = TERM_COLOR_ALWAYS, .has_no_color = true}, true, true},
      {{.color = TERM_COLOR_NEVER}, false, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct screen s;
    open_terminal(&s, rows[i].setup);
    assert_int_equal(term_out_style(s.term, TERM_RED)[0] != '\0', rows[i].on_terminal);
    close_screen(&s);
    open_pipe(&s, rows[i].setup);
    assert_int_equal(term_out_style(s.term, TERM_RED)[0] != '\0', rows[i].on_pipe);
    close_screen(&s);
  }
}

static void a_stdout_that_nobody_reads_takes_everything(void **state) {
  (void)state;
  struct screen s;
  struct error err;
  open_pipe(&s, plain);
  close(s.ours);
  term_out(s.term, SLICE("lost"));
  term_flush(s.term);
  term_out(s.term, SLICE("lost too"));
  assert_int_equal(term_finish(s.term, &err), 0);
  term_free(s.term);
  close(s.theirs);
}

static void a_full_disk_behind_stdout_is_told_once_at_the_end(void **state) {
  (void)state;
  struct error err;
  int full = open("/dev/full", O_WRONLY);
  assert_true(full >= 0);
  const struct term_setup setup = {.out_fd = full, .err_fd = full};
  struct term *t = term_new(&setup, &held);
  term_out(t, SLICE("lost"));
  term_flush(t);
  assert_int_equal(term_finish(t, &err), -1);
  assert_int_equal(err.code, ERROR_STATE);
  assert_non_null(strstr(err.message, "stdout"));
  term_free(t);
  close(full);
}

static void a_question_shows_its_keys_and_takes_the_first_for_anything_else(void **state) {
  (void)state;
  const struct {
    const char *typed;
    char answer;
  } rows[] = {{"y\n", 'y'}, {"Yes\n", 'y'},     {"\n", 'n'},
              {"x\n", 'n'}, {"a lways\n", 'a'}, {"\004", 'n'}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct screen s;
    open_terminal(&s, plain);
    struct termios mode;
    assert_int_equal(tcgetattr(s.theirs, &mode), 0);
    mode.c_cc[VEOF] = 4;
    assert_int_equal(tcsetattr(s.theirs, TCSANOW, &mode), 0);
    assert_int_equal(write(s.ours, rows[i].typed, strlen(rows[i].typed)), strlen(rows[i].typed));
    assert_int_equal(ask_choice(s.term, "Send?", "nya"), rows[i].answer);
    assert_string_equal(seen(&s), "Send? [N/y/a] ");
    close_screen(&s);
  }
}

static void without_a_terminal_nobody_is_asked(void **state) {
  (void)state;
  struct screen s;
  open_pipe(&s, plain);
  assert_int_equal(ask_choice(s.term, "Send?", "ny"), '\0');
  assert_string_equal(seen(&s), "");
  close_screen(&s);
}

int main(void) {
  (void)signal(SIGPIPE, SIG_IGN);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_status_fits_the_line_and_goes_before_other_text_comes),
      cmocka_unit_test(a_wide_character_is_never_cut_in_half),
      cmocka_unit_test(nothing_is_drawn_where_nobody_looks),
      cmocka_unit_test(progress_is_drawn_ten_times_a_second_at_most),
      cmocka_unit_test(what_a_script_prints_is_made_visible_on_a_terminal_only),
      cmocka_unit_test(results_come_before_what_is_said_about_them),
      cmocka_unit_test(more_than_the_buffer_holds_comes_whole_and_in_order),
      cmocka_unit_test(an_error_is_one_line_with_place_and_one_with_a_hint),
      cmocka_unit_test(each_line_is_an_object_where_json_is_asked_for),
      cmocka_unit_test(quiet_drops_notes_and_nothing_else),
      cmocka_unit_test(colour_is_the_options_then_no_colors_then_the_terminals),
      cmocka_unit_test(a_stdout_that_nobody_reads_takes_everything),
      cmocka_unit_test(a_full_disk_behind_stdout_is_told_once_at_the_end),
      cmocka_unit_test(a_question_shows_its_keys_and_takes_the_first_for_anything_else),
      cmocka_unit_test(without_a_terminal_nobody_is_asked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
