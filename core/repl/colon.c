/* Commands to the prompt itself: a line that begins with a colon. */
#include "repl/inside.h"

#include "base/file.h"
#include "base/nearest.h"

#include <stdio.h>

enum { HELP_MAX = 1 << 20, SCRIPT_MAX = 64 << 20, NAME_SIZE = 32 };

static const char help_text[] =
    "An entry is Lua: an expression prints its value, and _ is the last one.\n"
    "\n"
    "  :help NAME   a function: its arguments, options and an example; TAB names them\n"
    "  :json        values are shown as JSON; again: as before\n"
    "  :csv         values are shown as CSV; again: as before\n"
    "  :save FILE   write the entries that worked as a script\n"
    "  :reset       forget all variables\n"
    "\n"
    "Ctrl-C stops what runs, Ctrl-D ends, TAB completes, Ctrl-R searches the history.\n";

static void print(const struct repl *r, struct slice text) {
  r->options->events.print(r->options->events.user, text);
}

static void ask(struct repl *r, enum session_question what, struct slice text, struct buf *answer) {
  struct error err;
  if (session_ask(r->session, what, text, answer, &err) == 0) return;
  buf_clear(answer);
  repl_fail(r, &err, SLICE(""));
}

static void help(struct repl *r, struct slice name) {
  struct buf page = BUF_WITH_LIMIT(HELP_MAX);
  if (name.len)
    ask(r, SESSION_HELP, name, &page);
  else
    buf_add_text(&page, help_text);
  print(r, buf_slice(&page));
  buf_free(&page);
}

static void show(struct repl *r, struct slice how) {
  struct buf way = BUF_WITH_LIMIT(64);
  ask(r, SESSION_SHOW, how, &way);
  if (slice_is(buf_slice(&way), "json"))
    repl_note(r, "values are shown as JSON");
  else if (slice_is(buf_slice(&way), "csv"))
    repl_note(r, "values are shown as CSV");
  else if (way.len)
    repl_note(r, "values are shown as tables and Lua");
  buf_free(&way);
}

static void show_json(struct repl *r, struct slice rest) { (void)rest, show(r, SLICE("json")); }
static void show_csv(struct repl *r, struct slice rest) { (void)rest, show(r, SLICE("csv")); }

static int write_script(const struct repl *r, struct slice file, struct error *err) {
  struct buf path = BUF_WITH_LIMIT(PATH_SIZE - 1), text = BUF_WITH_LIMIT(SCRIPT_MAX);
  buf_add_slice(&path, file);
  script_put(&r->script, &text);
  const char *name = buf_text(&path);
  int rc = 0;
  if (file.len == 0)
    rc = error_set(err, ERROR_USAGE, ":save needs the name of a file");
  else if (!name || !buf_ok(&text))
    rc = error_set(err, ERROR_USAGE, "the script or the file's name is too long");
  else
    rc = file_replace(name, buf_slice(&text), 0644, err);
  buf_free(&path);
  buf_free(&text);
  return rc;
}

static void save(struct repl *r, struct slice file) {
  struct error err;
  char text[PATH_SIZE + 64];
  if (write_script(r, file, &err)) {
    repl_fail(r, &err, SLICE(""));
    return;
  }
  (void)snprintf(text, sizeof text, "%zu entries are in %.*s", r->script.len, SLICE_ARG(file));
  repl_note(r, text);
}

static void reset(struct repl *r, struct slice rest) {
  struct error err;
  (void)rest;
  if (session_reset(r->session, &err)) repl_fail(r, &err, SLICE(""));
  script_clear(&r->script);
}

/* ---- which one ----------------------------------------------------------- */

static const struct colon {
  const char *name;
  void (*run)(struct repl *r, struct slice rest);
} colons[] = {
    {"help", help}, {"json", show_json}, {"csv", show_csv}, {"save", save}, {"reset", reset}};
enum { COLONS = sizeof colons / sizeof *colons };

/* A label, ::name::, is Lua. */
bool colon_is_meant(struct slice line) {
  return line.len > 0 && line.ptr[0] == ':' && (line.len == 1 || line.ptr[1] != ':');
}

static struct slice trimmed(struct slice s) {
  while (s.len && memchr(" \t\n", s.ptr[0], 3)) s.ptr++, s.len--;
  while (s.len && memchr(" \t\n", s.ptr[s.len - 1], 3)) s.len--;
  return s;
}

static void unknown(const struct repl *r, struct slice word) {
  const char *names[COLONS];
  struct error err;
  for (size_t i = 0; i < COLONS; i++) names[i] = colons[i].name;
  const char *near = nearest_name(word, names, COLONS);
  (void)error_set(&err, ERROR_USAGE, "there is no command :%.*s",
                  (int)(word.len < NAME_SIZE ? word.len : NAME_SIZE), word.ptr);
  if (near)
    (void)error_hint(&err, ":%s", near);
  else
    (void)error_hint(&err, ":help lists the commands");
  repl_fail(r, &err, SLICE(""));
}

void colon_run(struct repl *r, struct slice line) {
  struct slice word = trimmed((struct slice){line.ptr + 1, line.len - 1}), rest = {"", 0};
  for (size_t i = 0; i < word.len; i++) {
    if (word.ptr[i] != ' ' && word.ptr[i] != '\t') continue;
    rest = trimmed((struct slice){word.ptr + i, word.len - i});
    word.len = i;
  }
  for (size_t i = 0; i < COLONS; i++) {
    if (!slice_is(word, colons[i].name)) continue;
    colons[i].run(r, rest);
    return;
  }
  unknown(r, word);
}

void colon_put_names(struct buf *words, struct slice prefix) {
  for (size_t i = 0; i < COLONS; i++) {
    char name[NAME_SIZE];
    int len = snprintf(name, sizeof name, ":%s", colons[i].name);
    if ((size_t)len < prefix.len || memcmp(name, prefix.ptr, prefix.len) != 0) continue;
    buf_add(words, name, (size_t)len + 1);
  }
}
