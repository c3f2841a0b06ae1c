/* Lines of an identity map: refused, or taken so that what is exported is taken again
 * and exported as the same. */
#include "check.h"

#include "state/state.h"

#include <sys/mman.h>
#include <unistd.h>

enum { LIMIT = 1 << 24 };

static struct state *open_state(void) {
  struct state *s;
  struct error err;
  struct state_options o = {.url = "sqlite::memory:", .clock = &clock_real};
  check(state_open(&s, &o, &err) == 0);
  return s;
}

static int import(struct state *s, struct slice bytes, int64_t *rows, struct error *err) {
  int fd = memfd_create("lines", MFD_CLOEXEC);
  check(fd >= 0 && write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len);
  check(lseek(fd, 0, SEEK_SET) == 0);
  int result = state_import(s, fd, "lines", rows, err);
  close(fd);
  return result;
}

static int put(void *user, struct slice line, struct error *err) {
  (void)err;
  buf_add_slice(user, line);
  return 0;
}

static struct buf export(struct state *s) {
  struct buf text = BUF_WITH_LIMIT(LIMIT);
  struct reject_filter all = {.number = 0};
  struct error err;
  int64_t rows;
  check(state_export(s, &all, put, &text, &rows, &err) == 0 && buf_ok(&text));
  return text;
}

static void no_finding(void *user, const char *finding) {
  (void)user;
  (void)finding;
  abort();
}

static void expect_again(struct state *s) {
  struct error err;
  int64_t rows, findings;
  struct state *other = open_state();
  struct buf first = export(s);
  check(import(other, buf_slice(&first), &rows, &err) == 0);
  struct buf second = export(other);
  check(slice_equal(buf_slice(&first), buf_slice(&second)));
  check(state_check(s, no_finding, NULL, &findings, &err) == 0);
  buf_free(&first);
  buf_free(&second);
  state_close(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct error err;
  int64_t rows;
  struct state *s = open_state();
  if (import(s, (struct slice){(const char *)data, len}, &rows, &err) == 0)
    expect_again(s);
  else
    check(err.message[0] != '\0' && err.hint[0] != '\0');
  state_close(s);
  return 0;
}
