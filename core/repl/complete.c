/* TAB: what the session's Lua names, and names of files, which only the host sees. */
#include "repl/inside.h"

#include "base/number.h"
#include "base/path.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { FILES_MAX = 500, ANSWER_MAX = 1 << 20 };

/* ---- files --------------------------------------------------------------- */

static bool is_folder(const char *folder, const char *name) {
  char path[PATH_SIZE];
  struct stat st;
  return path_join(path, folder, name) == 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int is_shown(const char *name, struct slice begin) {
  if (name[0] == '.' && begin.len == 0) return 0;
  return strlen(name) >= begin.len && memcmp(name, begin.ptr, begin.len) == 0;
}

/* The files whose paths begin with PREFIX, seen from FOLDER. */
static void put_files(struct buf *words, const char *folder, struct slice prefix) {
  char inner[PATH_SIZE], path[PATH_SIZE];
  struct dirent **entries;
  size_t dir_len = prefix.len;
  while (dir_len && prefix.ptr[dir_len - 1] != '/') dir_len--;
  struct slice dir = {prefix.ptr, dir_len}, begin = {prefix.ptr + dir_len, prefix.len - dir_len};
  int len = snprintf(inner, sizeof inner, "%.*s", SLICE_ARG(dir));
  if (len < 0 || (size_t)len >= sizeof inner || path_join(path, folder, len ? inner : ".")) return;
  int n = scandir(path, &entries, NULL, alphasort), shown = 0;
  for (int i = 0; i < n; i++) {
    const char *name = entries[i]->d_name;
    bool is_dots = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
    if (shown < FILES_MAX && !is_dots && is_shown(name, begin)) {
      shown++;
      buf_add_slice(words, dir);
      buf_add_text(words, name);
      buf_add(words, "/", is_folder(path, name) ? 1 : 0);
      buf_add_char(words, '\0');
    }
    free(entries[i]);
  }
  if (n >= 0) free(entries);
}

/* ---- what the session says ----------------------------------------------- */

static struct slice take_line(struct slice *text) {
  const char *end = text->len ? memchr(text->ptr, '\n', text->len) : NULL;
  struct slice line = {text->ptr, end ? (size_t)(end - text->ptr) : text->len};
  size_t used = line.len + (end ? 1 : 0);
  *text = (struct slice){text->ptr + used, text->len - used};
  return line;
}

static void put_lines(struct buf *words, struct slice lines, struct slice prefix) {
  while (lines.len) {
    struct slice line = take_line(&lines);
    if (line.len < prefix.len || memcmp(line.ptr, prefix.ptr, prefix.len) != 0) continue;
    buf_add_slice(words, line);
    buf_add_char(words, '\0');
  }
}

/* "FROM KIND" in ANSWER's first line; FROM counts from the entry's beginning. */
static void take_answer(const struct repl *r, struct slice answer, struct slice line,
                        struct edit_words *words) {
  struct slice head = take_line(&answer);
  const char *space = head.len ? memchr(head.ptr, ' ', head.len) : NULL;
  int64_t from, before = (int64_t)r->entry.len;
  if (!space ||
      number_int64((struct slice){head.ptr, (size_t)(space - head.ptr)}, 0, INT32_MAX, &from))
    return;
  if (from < before || from - before > (int64_t)line.len) return; /* it began on a line above */
  words->from = (size_t)(from - before);
  if (slice_is((struct slice){space + 1, head.len - (size_t)(space + 1 - head.ptr)}, "file"))
    put_files(&words->all, r->options->folder,
              (struct slice){line.ptr + words->from, line.len - words->from});
  else
    put_lines(&words->all, answer, SLICE(""));
}

static void complete_lua(struct repl *r, struct slice line, struct edit_words *words) {
  struct buf text = BUF_WITH_LIMIT(EDIT_LINE_MAX), answer = BUF_WITH_LIMIT(ANSWER_MAX);
  struct error err;
  buf_add_slice(&text, buf_slice(&r->entry));
  buf_add_slice(&text, line);
  int rc = buf_ok(&text)
               ? session_ask(r->session, SESSION_COMPLETE, buf_slice(&text), &answer, &err)
               : error_set(&err, ERROR_MEMORY, "out of memory for a word");
  if (rc == 0)
    take_answer(r, buf_slice(&answer), line, words);
  else if (err.code == ERROR_INTERRUPTED)
    (void)raise(SIGINT); /* Ctrl-C was for the line, which the editor gives up */
  buf_free(&text);
  buf_free(&answer);
}

/* ---- commands ------------------------------------------------------------ */

static void complete_colon(struct repl *r, struct slice line, struct edit_words *words) {
  static const char help[] = ":help ", save[] = ":save ";
  struct buf answer = BUF_WITH_LIMIT(ANSWER_MAX);
  struct error err;
  size_t from = line.len;
  while (from && line.ptr[from - 1] != ' ') from--;
  struct slice word = {line.ptr + from, line.len - from};
  words->from = from;
  if (from == 0)
    colon_put_names(&words->all, line);
  else if (from == sizeof save - 1 && memcmp(line.ptr, save, from) == 0)
    put_files(&words->all, ".", word);
  else if (from == sizeof help - 1 && memcmp(line.ptr, help, from) == 0 &&
           session_ask(r->session, SESSION_TOPICS, SLICE(""), &answer, &err) == 0)
    put_lines(&words->all, buf_slice(&answer), word);
  buf_free(&answer);
}

void complete_line(void *user, struct slice line, struct edit_words *words) {
  struct repl *r = user;
  if (r->entry.len == 0 && colon_is_meant(line))
    complete_colon(r, line, words);
  else
    complete_lua(r, line, words);
}
