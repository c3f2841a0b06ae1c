#include "schedule/scripts.h"

#include "base/exit_code.h"
#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/number.h"
#include "base/path.h"
#include "schedule/serving.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  SETTLE_MS = 200,    /* who saves by removing the file first has put it back by then */
  CHECK_MS = 60000,   /* for one process */
  CHECK_SCRIPTS = 64, /* for one process */
  WORDS_MAX = 8,
  LEVELS = 2,
};

/* ---- which there are ---- */

struct want {
  const char *path, *job;
};

static int compare_wants(const void *a, const void *b) {
  const struct want *left = a, *right = b;
  int order = strcmp(left->path, right->path);
  return order ? order : strcmp(left->job, right->job);
}

/* Each script that WISHES name, once a mention; returns how many. */
static size_t gather(const struct daemon_wishes *wishes, struct want *to) {
  size_t n = 0;
  for (size_t i = 0; i < wishes->len; i++) {
    const struct daemon_wish *w = &wishes->at[i];
    const char *const paths[] = {w->script, w->on_failure, w->on_recovery};
    for (size_t p = 0; p < sizeof paths / sizeof *paths; p++)
      if (paths[p]) to[n++] = (struct want){paths[p], w->name};
  }
  if (n > 1) qsort(to, n, sizeof *to, compare_wants);
  return n;
}

static int compare_path(const void *path, const void *script) {
  return strcmp(path, ((const struct script *)script)->path);
}

static struct script *find(const struct scripts *s, const char *path) {
  return s->len ? bsearch(path, s->at, s->len, sizeof *s->at, compare_path) : NULL;
}

static void free_all(struct script *at, size_t len) {
  for (size_t i = 0; i < len; i++) {
    free(at[i].path);
    free(at[i].job);
  }
  free(at);
}

/* As the last of TO; what BEFORE knows of it stays known. */
static int add(struct scripts *to, const struct scripts *before, const struct want *w) {
  struct script *s = &to->at[to->len++];
  *s = (struct script){.path = strdup(w->path)};
  const struct script *old = s->path ? find(before, s->path) : NULL;
  char *path = s->path;
  if (old) *s = *old;
  s->path = path;
  s->job = strdup(w->job);
  s->jobs = 1;
  return s->path && s->job ? 0 : -1;
}

int scripts_take(struct daemon *d, const struct daemon_wishes *wishes, struct error *err) {
  struct scripts *s = &d->scripts, newer = *s;
  struct want *wants = calloc(3 * wishes->len + 1, sizeof *wants);
  newer.at = calloc(3 * wishes->len + 1, sizeof *newer.at);
  newer.len = 0;
  newer.look_at_ms = 0;
  size_t n = wants && newer.at ? gather(wishes, wants) : 0;
  int result = wants && newer.at ? 0 : -1;
  for (size_t i = 0; i < n && result == 0; i++) {
    if (i == 0 || strcmp(wants[i].path, wants[i - 1].path) != 0)
      result = add(&newer, s, &wants[i]);
    else if (strcmp(wants[i].job, wants[i - 1].job) != 0)
      newer.at[newer.len - 1].jobs++;
  }
  struct scripts *gone = result == 0 ? s : &newer;
  free_all(gone->at, gone->len);
  if (result == 0) *s = newer;
  free(wants);
  return result == 0 ? 0 : error_set(err, ERROR_MEMORY, "no memory to watch the scripts");
}

void scripts_free(struct scripts *s) {
  if (s->check.pid) child_kill(&s->check);
  free_all(s->at, s->len);
}

/* ---- what is told ---- */

static void tell(struct daemon *d, struct script *s, enum script_standing now) {
  struct served *job = jobs_find(d, s->job);
  char more[64] = "";
  if (now == s->told) return;
  s->told = now;
  if (s->jobs > 1) (void)snprintf(more, sizeof more, " (%zu jobs run it)", s->jobs);
  switch (now) {
  case SCRIPT_WELL: daemon_log(d, job, LOG_INFO, "%s is well again", s->path); break;
  case SCRIPT_GONE:
    daemon_log(d, job, LOG_WARN, "%s cannot be read; its next start will fail%s", s->path, more);
    break;
  case SCRIPT_WRONG:
    daemon_log(d, job, LOG_WARN,
               "%s:%" PRId64 ": %s; its next start may fail%s; hint: hoko check %s", s->path,
               s->line, s->mistake, more, s->path);
    break;
  }
}

/* ---- reading them ---- */

struct finding {
  struct buf file, message;
  int64_t line;
  bool is_error;
};

static int read_field(struct json_scan *j, struct slice name, struct finding *f) {
  if (slice_is(name, "line"))
    return json_next(j) == JSON_NUMBER ? number_int64(j->text, 0, INT32_MAX, &f->line) : -1;
  if (json_next(j) != JSON_STRING) return -1;
  if (slice_is(name, "severity")) f->is_error = slice_is(j->text, "error");
  if (slice_is(name, "file")) return json_unescape(&f->file, j->text);
  return slice_is(name, "message") ? json_unescape(&f->message, j->text) : 0;
}

/* A line of `hoko check --json`. */
static int read_finding(struct finding *f, struct slice line) {
  struct json_scan j;
  enum json_token token;
  json_init(&j, LEVELS);
  json_feed(&j, line, true);
  if (json_next(&j) != JSON_OBJECT_BEGIN) return -1;
  while ((token = json_next(&j)) == JSON_KEY)
    if (read_field(&j, j.text, f) != 0) return -1;
  return token == JSON_OBJECT_END && buf_ok(&f->file) && buf_ok(&f->message) ? 0 : -1;
}

/* The first mistake is the one that is told. */
static void on_line(void *user, struct slice line) {
  struct daemon *d = user;
  struct finding f = {BUF_WITH_LIMIT(PATH_SIZE), BUF_WITH_LIMIT(CHILD_LINE_MAX), 0, false};
  if (read_finding(&f, line) != 0) d->scripts.is_check_odd = true;
  struct script *s = f.is_error ? find(&d->scripts, buf_text(&f.file)) : NULL;
  if (s && s->line == 0) {
    s->line = f.line > 0 ? f.line : 1;
    (void)snprintf(s->mistake, sizeof s->mistake, "%s", buf_text(&f.message));
  }
  buf_free(&f.file);
  buf_free(&f.message);
}

/* One that ended otherwise than with its findings is tried again at the next look. */
static void end_check(struct daemon *d, int exit_code) {
  struct scripts *s = &d->scripts;
  bool is_known = !s->is_check_odd && (exit_code == EXIT_OK || exit_code == EXIT_USAGE);
  for (size_t i = 0; i < s->len; i++) {
    struct script *one = &s->at[i];
    if (!one->is_being_read) continue;
    one->is_being_read = false;
    if (is_known && one->changed_ns != 0)
      tell(d, one, one->line > 0 ? SCRIPT_WRONG : SCRIPT_WELL);
    else
      one->is_unread = one->changed_ns != 0;
  }
}

static void begin_check(struct daemon *d) {
  struct scripts *s = &d->scripts;
  const char *words[WORDS_MAX + CHECK_SCRIPTS + 1];
  const struct child_start how = {.argv = (char *const *)words,
                                  .environment = d->options->environment,
                                  .folder = d->options->folder,
                                  .handed_fd = -1};
  struct error ignored; /* the next look tries again */
  size_t n = 0, own;
  for (const char *const *w = d->options->check_words; w && *w && n < WORDS_MAX; w++)
    words[n++] = *w;
  own = n;
  for (size_t i = 0; own > 0 && i < s->len && n < own + CHECK_SCRIPTS; i++) {
    if (!s->at[i].is_unread) continue;
    s->at[i].is_unread = false;
    s->at[i].is_being_read = true;
    s->at[i].line = 0;
    words[n++] = s->at[i].path;
  }
  words[n] = NULL;
  if (n == own) return;
  s->is_check_odd = false;
  s->kill_at_ms = daemon_passed_ms() + CHECK_MS;
  if (child_start(&s->check, &how, &ignored) != 0) end_check(d, -1);
}

static void hear_check(struct daemon *d) {
  struct scripts *s = &d->scripts;
  int exit_code;
  if (daemon_passed_ms() >= s->kill_at_ms) child_signal(&s->check, SIGKILL);
  child_read(&s->check, on_line, d);
  if (s->check.output_fd >= 0 || !child_ended(&s->check, &exit_code)) return;
  end_check(d, exit_code);
  if (exit_code == EXIT_OK || exit_code == EXIT_USAGE) begin_check(d);
}

/* ---- looking at them ---- */

static void look_at(struct daemon *d, struct script *s) {
  char path[PATH_SIZE], folder[PATH_SIZE];
  struct stat st = {.st_mode = 0};
  if (path_join(path, d->options->folder, s->path) != 0 || path_dir(folder, path) != 0) return;
  if (s->changed_ns == 0) reload_watch(d, folder); /* the folder may be new, too */
  if (access(path, R_OK) != 0 || stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
    s->changed_ns = 0;
    s->is_unread = false;
    tell(d, s, SCRIPT_GONE);
    return;
  }
  int64_t changed_ns = (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec;
  s->is_unread |= changed_ns != s->changed_ns || st.st_ino != s->inode;
  s->changed_ns = changed_ns;
  s->inode = st.st_ino;
}

void scripts_hear(struct daemon *d, const char *name) {
  for (size_t i = 0; i < d->scripts.len; i++) {
    const char *path = d->scripts.at[i].path, *slash = strrchr(path, '/');
    if (strcmp(slash ? slash + 1 : path, name) != 0) continue;
    d->scripts.look_at_ms = daemon_passed_ms() + SETTLE_MS;
    return;
  }
}

void scripts_look(struct daemon *d) {
  struct scripts *s = &d->scripts;
  if (s->check.pid) hear_check(d);
  if (daemon_passed_ms() < s->look_at_ms) return;
  s->look_at_ms = daemon_passed_ms() + RELOAD_LOOK_MS;
  for (size_t i = 0; i < s->len; i++) look_at(d, &s->at[i]);
  if (!s->check.pid) begin_check(d);
}

int64_t scripts_wait_ms(const struct daemon *d) {
  int64_t wait = d->scripts.look_at_ms - daemon_passed_ms();
  return wait > 0 ? wait : 0;
}
