/* Line editing by readline, driven by its callbacks so that signals come between two keys. */
#include "repl/edit_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <readline/readline.h>
#include <readline/history.h>

enum { INPUT_SIZE = 64 << 10 };

/* readline keeps its state in globals and its callbacks have no argument of ours. */
static struct {
  struct edit_options options;
  int terminal_fd;        /* a signalfd of SIGWINCH and SIGTSTP, blocked while a line is edited */
  char input[INPUT_SIZE]; /* read ahead: a paste of a megabyte is no million calls */
  size_t at, len;         /* of it */
  FILE *screen;           /* stderr with a buffer: without one each column is a write */
  char *line;             /* what was typed, once it is whole */
  bool is_whole, is_end;
  struct edit_words words;
} editing;

/* ---- keys ---------------------------------------------------------------- */

static bool has_input(void) { return editing.at < editing.len; }

/* -1: the terminal is gone. */
static int fill(void) {
  ssize_t n;
  do n = read(editing.options.in_fd, editing.input, INPUT_SIZE);
  while (n < 0 && errno == EINTR);
  editing.at = 0;
  editing.len = n > 0 ? (size_t)n : 0;
  return n > 0 ? 0 : -1;
}

static int next_key(FILE *ignored) {
  (void)ignored;
  if (!has_input() && fill()) return EOF;
  return (unsigned char)editing.input[editing.at++];
}

/* Whether more of a key's sequence is there: readline asks behind an Escape. */
static int is_key_there(void) {
  struct pollfd p = {.fd = editing.options.in_fd, .events = POLLIN};
  return has_input() || poll(&p, 1, 50) > 0;
}

static void take_line(char *line) {
  editing.is_whole = true;
  editing.is_end = line == NULL;
  editing.line = line;
  rl_callback_handler_remove(); /* the terminal is as it was while the entry runs */
}

/* ---- completion ---------------------------------------------------------- */

static size_t common_len(const char *first, const char *other, size_t most) {
  size_t len = 0;
  while (len < most && first[len] == other[len]) len++;
  return len;
}

/* The words as readline lists them: at 0 what they have in common, NULL behind the last. */
static char **list_words(const struct edit_words *words, size_t *len, size_t *longest) {
  size_t n = 0, common = 0;
  for (size_t i = 0; i < words->all.len; i += strlen(words->all.ptr + i) + 1) n++;
  char **list = calloc(n + 2, sizeof *list);
  if (!list || n == 0) {
    free(list);
    return NULL;
  }
  const char *word = words->all.ptr;
  common = strlen(word);
  *longest = 0;
  for (size_t i = 1; i <= n; i++, word += strlen(word) + 1) {
    list[i] = strdup(word);
    if (!list[i]) n = i - 1;
    common = common_len(words->all.ptr, word, common);
    if (strlen(word) > *longest) *longest = strlen(word);
  }
  list[0] = strndup(words->all.ptr, common);
  *len = n;
  return list;
}

static void free_list(char **list) {
  for (size_t i = 0; list && list[i]; i++) free(list[i]);
  free(list);
}

static void replace(size_t from, const char *text) {
  rl_begin_undo_group();
  (void)rl_delete_text((int)from, rl_point);
  rl_point = (int)from;
  (void)rl_insert_text(text);
  rl_end_undo_group();
}

static void show_list(char **list, size_t len, size_t longest) {
  rl_crlf();
  rl_display_match_list(list, (int)len, (int)longest);
  rl_on_new_line();
}

static int complete(int count, int key) {
  (void)count, (void)key;
  struct edit_words *words = &editing.words;
  size_t point = (size_t)rl_point, len, longest;
  buf_clear(&words->all);
  words->from = point;
  struct slice before = {rl_line_buffer, point};
  if (editing.options.complete) editing.options.complete(editing.options.user, before, words);
  char **list =
      buf_ok(&words->all) && words->from <= point ? list_words(words, &len, &longest) : NULL;
  if (!list || !list[0]) {
    (void)rl_ding();
  } else {
    bool is_longer = strlen(list[0]) > point - words->from;
    bool is_other = strncmp(list[0], rl_line_buffer + words->from, point - words->from) != 0;
    if (is_longer || is_other) replace(words->from, list[0]);
    if (len > 1 && !is_longer) show_list(list, len, longest);
  }
  free_list(list);
  return 0;
}

/* ---- the terminal -------------------------------------------------------- */

static void block(int how) {
  sigset_t set;
  (void)sigemptyset(&set);
  (void)sigaddset(&set, SIGWINCH);
  (void)sigaddset(&set, SIGTSTP);
  (void)sigprocmask(how, &set, NULL);
}

static int open_terminal_fd(void) {
  sigset_t set;
  (void)sigemptyset(&set);
  (void)sigaddset(&set, SIGWINCH);
  (void)sigaddset(&set, SIGTSTP);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static FILE *open_screen(void) {
  int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  FILE *screen = fd >= 0 ? fdopen(fd, "w") : NULL;
  if (!screen && fd >= 0) (void)close(fd);
  return screen ? screen : stderr;
}

/* A terminal that speaks UTF-8 under a locale that does not say so is usual in containers. */
static void set_locale(void) {
  if (setlocale(LC_CTYPE, "") && MB_CUR_MAX > 1) return;
  (void)setlocale(LC_CTYPE, "C.UTF-8"); /* without it letters beyond ASCII take a column a byte */
}

static void open_terminal(const struct edit_options *o) {
  editing.options = *o;
  editing.at = editing.len = 0;
  editing.terminal_fd = open_terminal_fd();
  editing.words.all = BUF_WITH_LIMIT(4 << 20);
  editing.screen = open_screen();
  set_locale();
  rl_readline_name = "hoko";
  rl_instream = stdin;
  rl_outstream = editing.screen;
  rl_catch_signals = rl_catch_sigwinch = 0;
  rl_change_environment = 0;
  rl_getc_function = next_key;
  rl_input_available_hook = is_key_there;
  (void)rl_initialize();
  (void)rl_variable_bind("enable-bracketed-paste", "on");
  (void)rl_bind_key('\t', complete);
  using_history();
}

static void close_terminal(void) {
  clear_history();
  if (editing.screen != stderr) (void)fclose(editing.screen);
  buf_free(&editing.words.all);
  if (editing.terminal_fd >= 0) (void)close(editing.terminal_fd);
}

/* Ctrl-Z: the terminal is the shell's until it continues us. */
static void stop_here(void) {
  rl_deprep_terminal();
  (void)raise(SIGSTOP);
  rl_prep_terminal(1);
  rl_forced_update_display();
}

static void take_terminal_signals(void) {
  struct signalfd_siginfo info;
  while (read(editing.terminal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
    if (info.ssi_signo == SIGWINCH)
      rl_resize_terminal();
    else
      stop_here();
  }
}

/* 0: keys are there.  Else the signal that came. */
static int wait_for_key(void) {
  const struct edit_options *o = &editing.options;
  for (;;) {
    struct pollfd fds[] = {{.fd = editing.terminal_fd, .events = POLLIN},
                           {.fd = o->signal_fd, .events = POLLIN},
                           {.fd = o->in_fd, .events = POLLIN}};
    if (has_input()) return 0;
    (void)poll(fds, 3, -1); /* EINTR is a round more */
    if (fds[0].revents) take_terminal_signals();
    if (fds[1].revents || fds[2].revents) return edit_wait(o);
  }
}

/* The keys typed so far are given up. */
static void give_up_line(void) {
  editing.len = editing.at = 0;
  rl_free_line_state();
  rl_callback_sigcleanup();
  rl_replace_line("", 1);
  rl_crlf();
  rl_callback_handler_remove();
}

static enum edit_got read_line(const char *prompt, struct buf *line, int *number) {
  editing.is_whole = false;
  *number = 0;
  block(SIG_BLOCK);
  rl_reset_screen_size();
  rl_callback_handler_install(prompt, take_line);
  while (!editing.is_whole && (*number = wait_for_key()) == 0) rl_callback_read_char();
  if (*number) give_up_line();
  block(SIG_UNBLOCK);
  if (*number) return edit_got_signal(*number);
  if (editing.is_end) return EDIT_END;
  buf_add_text(line, editing.line);
  free(editing.line);
  return EDIT_LINE;
}

static void remember(const char *entry) {
  HIST_ENTRY *last = history_length ? history_get(history_base + history_length - 1) : NULL;
  if (!last || strcmp(last->line, entry) != 0) add_history(entry);
}

const struct edit_terminal *edit_terminal(void) {
  static const struct edit_terminal way = {open_terminal, close_terminal, read_line, remember};
  return &way;
}
