#include "keys/prompt.h"

#include "pty.h"
#include "scene.h"

#include <signal.h>
#include <sys/wait.h>

static struct pty_end end;

#define TALK(child, ...)                                                                           \
  do {                                                                                             \
    const struct pty_step steps[] = {__VA_ARGS__};                                                 \
    pty_run(&end, child, steps, sizeof steps / sizeof *steps);                                     \
  } while (0)

/* Takes S.  0: it is TEXT; else the code of the error. */
static int is_answer(struct secret *s, const char *text, const struct error *err) {
  if (!s) return (int)err->code;
  struct secret *expected = scene_secret(text);
  bool is_equal = secret_equal(s, expected);
  secret_free(expected);
  secret_free(s);
  return is_equal ? 0 : 100;
}

static int ask(void) {
  struct error err;
  return is_answer(prompt_secret("Secret of X: ", &err), "open s\xc3\xa9same", &err);
}

static void an_answer_is_taken_and_not_shown(void **state) {
  (void)state;
  TALK(ask, {"Secret of X: ", "open s\xc3\xa9same\n", 0});
  assert_int_equal(end.status, 0);
  assert_null(strstr(end.seen, "open"));
  assert_true(end.is_echoing);
}

static void typing_can_be_corrected(void **state) {
  (void)state;
  static const char *const typed[] = {
      "wrong\x15open s\xc3\xa9same\n",       /* ^U */
      "wrong words\x17open s\xc3\xa9same\r", /* ^W */
      "open s\xc3\xa9samx\177e\n",           /* backspace */
      "open s\xc3\xa9\x08\xc3\xa9same\n",    /* a whole character at once */
      "\x7f\x08open s\xc3\xa9same\x04",      /* nothing to remove; ^D ends the line */
  };
  for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
    TALK(ask, {"Secret of X: ", typed[i], 0});
    if (end.status != 0) fail_msg("case %zu: %x", i, (unsigned)end.status);
  }
}

static void no_answer_is_an_error(void **state) {
  (void)state;
  TALK(ask, {"Secret of X: ", "\x04", 0});
  assert_int_equal(WEXITSTATUS(end.status), ERROR_AUTH);
  assert_true(end.is_echoing);
}

static int ask_long(void) {
  struct error err;
  return is_answer(prompt_secret("Secret of X: ", &err), "", &err);
}

static void an_answer_of_4097_bytes_is_refused(void **state) {
  (void)state;
  char typed[4098];
  memset(typed, 'x', sizeof typed);
  typed[4097] = '\0';
  TALK(ask_long, {"Secret of X: ", typed, 0});
  assert_int_equal(WEXITSTATUS(end.status), ERROR_AUTH);
}

static void a_signal_ends_the_asking_with_the_echo_on(void **state) {
  (void)state;
  TALK(ask, {"Secret of X: ", "half\x03", 0}); /* ^C */
  assert_true(WIFSIGNALED(end.status));
  assert_int_equal(WTERMSIG(end.status), SIGINT);
  assert_true(end.is_echoing);
  TALK(ask, {"Secret of X: ", NULL, SIGTERM});
  assert_int_equal(WTERMSIG(end.status), SIGTERM);
  assert_true(end.is_echoing);
}

static void note_signal(int number) { (void)number; }

static int ask_with_handler(void) {
  struct error err;
  (void)signal(SIGINT, note_signal);
  return is_answer(prompt_secret("Secret of X: ", &err), "", &err);
}

static void a_handled_signal_is_told_as_an_interruption(void **state) {
  (void)state;
  TALK(ask_with_handler, {"Secret of X: ", "\x03", 0});
  assert_int_equal(WEXITSTATUS(end.status), ERROR_INTERRUPTED);
  assert_true(end.is_echoing);
}

static int ask_twice(void) {
  struct error err;
  return is_answer(prompt_secret_twice("New: ", "Again: ", &err), "same", &err);
}

static void a_new_secret_is_asked_for_until_two_entries_agree(void **state) {
  (void)state;
  TALK(ask_twice, {"New: ", "same\n", 0}, {"Again: ", "sane\n", 0}, {"differ", "", 0},
       {"New: ", "same\n", 0}, {"Again: ", "same\n", 0});
  assert_int_equal(end.status, 0);
}

static void three_disagreements_end_the_asking(void **state) {
  (void)state;
  TALK(ask_twice, {"New: ", "1\n", 0}, {"Again: ", "2\n", 0}, {"New: ", "1\n", 0},
       {"Again: ", "2\n", 0}, {"New: ", "1\n", 0}, {"Again: ", "2\n", 0});
  assert_int_equal(WEXITSTATUS(end.status), ERROR_AUTH);
}

static void without_a_terminal_nobody_is_asked(void **state) {
  (void)state;
  pid_t child = fork();
  if (child == 0) {
    struct error err;
    (void)setsid();
    prompt_tell("nobody sees this");
    _exit(!prompt_is_possible() && !prompt_secret("?", &err) && err.code == ERROR_AUTH ? 0 : 1);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
}

static int ask_in_the_background(void) {
  pid_t child = fork();
  if (child == 0) {
    struct error err;
    (void)setpgid(0, 0); /* a job of its own that the terminal is not given to */
    _exit(!prompt_is_possible() && !prompt_secret("?", &err) ? 0 : 1);
  }
  int status;
  if (waitpid(child, &status, WUNTRACED) != child) return 2;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}

static void a_background_job_is_not_stopped_by_asking(void **state) {
  (void)state;
  pty_run(&end, ask_in_the_background, NULL, 0);
  assert_int_equal(end.status, 0);
}

static struct secret *read_text(const char *text, size_t len, int *rest_fd, struct error *err) {
  int pipe_fd[2];
  assert_int_equal(pipe(pipe_fd), 0);
  assert_int_equal(write(pipe_fd[1], text, len), len);
  assert_int_equal(close(pipe_fd[1]), 0);
  struct secret *s = prompt_read_fd(pipe_fd[0], "descriptor 3", err);
  if (rest_fd) *rest_fd = pipe_fd[0];
  if (!rest_fd) assert_int_equal(close(pipe_fd[0]), 0);
  return s;
}

static void a_descriptor_gives_its_first_line_and_keeps_the_next(void **state) {
  (void)state;
  struct error err;
  char rest[8];
  int fd;
  struct secret *s = read_text("one\ntwo\n", 8, &fd, &err);
  assert_string_equal(secret_open(s).ptr, "one");
  assert_int_equal(read(fd, rest, sizeof rest), 4);
  assert_memory_equal(rest, "two\n", 4);
  assert_int_equal(close(fd), 0);
  secret_free(s);
}

static void a_line_ends_with_the_file_too_and_a_return_is_no_part_of_it(void **state) {
  (void)state;
  static const char *const texts[] = {"one", "one\n", "one\r\n"};
  for (size_t i = 0; i < 3; i++) {
    struct error err;
    struct secret *s = read_text(texts[i], strlen(texts[i]), NULL, &err);
    assert_non_null(s);
    assert_string_equal(secret_open(s).ptr, "one");
    secret_free(s);
  }
}

static void empty_and_endless_lines_are_refused(void **state) {
  (void)state;
  struct error err;
  char text[4099];
  memset(text, 'x', sizeof text);
  assert_null(read_text("", 0, NULL, &err));
  assert_non_null(strstr(err.message, "descriptor 3"));
  assert_null(read_text("\n", 1, NULL, &err));
  assert_null(read_text("\r\n", 2, NULL, &err));
  assert_null(read_text(text, 4097, NULL, &err));
  assert_non_null(strstr(err.message, "4096"));
  text[4096] = '\r';
  text[4097] = '\n';
  struct secret *s = read_text(text, 4098, NULL, &err);
  assert_int_equal(secret_len(s), 4096);
  secret_free(s);
}

static void a_closed_descriptor_is_told(void **state) {
  (void)state;
  struct error err;
  assert_null(prompt_read_fd(987, "descriptor 987", &err));
  assert_int_equal(err.code, ERROR_AUTH);
  assert_non_null(strstr(err.message, "Bad file descriptor"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_answer_is_taken_and_not_shown),
      cmocka_unit_test(typing_can_be_corrected),
      cmocka_unit_test(no_answer_is_an_error),
      cmocka_unit_test(an_answer_of_4097_bytes_is_refused),
      cmocka_unit_test(a_signal_ends_the_asking_with_the_echo_on),
      cmocka_unit_test(a_handled_signal_is_told_as_an_interruption),
      cmocka_unit_test(a_new_secret_is_asked_for_until_two_entries_agree),
      cmocka_unit_test(three_disagreements_end_the_asking),
      cmocka_unit_test(without_a_terminal_nobody_is_asked),
      cmocka_unit_test(a_background_job_is_not_stopped_by_asking),
      cmocka_unit_test(a_descriptor_gives_its_first_line_and_keeps_the_next),
      cmocka_unit_test(a_line_ends_with_the_file_too_and_a_return_is_no_part_of_it),
      cmocka_unit_test(empty_and_endless_lines_are_refused),
      cmocka_unit_test(a_closed_descriptor_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
