/* The history's file: what is added comes back, whatever bytes it has. */
#include "repl/history.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ENTRIES = 500 };

struct fixture {
  char folder[64], path[128];
  struct buf seen; /* entries, each with a NUL behind it */
  size_t seen_len;
};

static int set_up(void **state) {
  static struct fixture f;
  f = (struct fixture){.folder = "/tmp/hoko-history-XXXXXX", .seen = BUF_WITH_LIMIT(64 << 20)};
  if (!mkdtemp(f.folder)) return -1;
  (void)snprintf(f.path, sizeof f.path, "%s/hoko/history", f.folder);
  *state = &f;
  return 0;
}

static int tear_down(void **state) {
  struct fixture *f = *state;
  char folder[128];
  (void)snprintf(folder, sizeof folder, "%s/hoko", f->folder);
  (void)unlink(f->path);
  (void)rmdir(folder);
  (void)rmdir(f->folder);
  buf_free(&f->seen);
  return 0;
}

static void note(void *user, const char *entry) {
  struct fixture *f = user;
  buf_add(&f->seen, entry, strlen(entry) + 1);
  f->seen_len++;
}

static struct history *open_history(struct fixture *f) {
  struct history *h;
  struct error err;
  buf_clear(&f->seen);
  f->seen_len = 0;
  if (history_open(&h, f->path, note, f, &err)) fail_msg("%s", err.message);
  return h;
}

static void add(struct history *h, struct slice entry) {
  struct error err;
  if (history_add(h, entry, &err)) fail_msg("%s", err.message);
}

/* The Nth entry: of 1 to 200 bytes, any but NUL, the ones that are escaped more often. */
static struct slice entry_of(unsigned n, char to[200]) {
  static const char often[] = "\\\n\rnr";
  unsigned seed = n * 2654435761u + 1;
  size_t len = 1 + (size_t)rand_r(&seed) % 200;
  for (size_t i = 0; i < len; i++) {
    int chance = rand_r(&seed);
    to[i] = (char)(chance % 3 ? 1 + chance / 3 % 255 : often[chance / 3 % 5]);
  }
  return (struct slice){to, len};
}

static void five_hundred_entries_of_any_bytes_come_back(void **state) {
  struct fixture *f = *state;
  char text[200];
  struct history *h = open_history(f);
  for (unsigned i = 0; i < ENTRIES; i++) add(h, entry_of(i, text));
  history_close(h);
  history_close(open_history(f));
  assert_int_equal(f->seen_len, ENTRIES);
  const char *at = f->seen.ptr;
  for (unsigned i = 0; i < ENTRIES; i++, at += strlen(at) + 1) {
    struct slice wanted = entry_of(i, text);
    assert_int_equal(strlen(at), wanted.len);
    assert_memory_equal(at, wanted.ptr, wanted.len);
  }
}

static void the_same_entry_again_is_one(void **state) {
  struct fixture *f = *state;
  struct history *h = open_history(f);
  add(h, SLICE("a"));
  add(h, SLICE("a"));
  history_close(h);
  h = open_history(f);
  add(h, SLICE("a"));
  add(h, SLICE("b"));
  history_close(h);
  history_close(open_history(f));
  assert_int_equal(f->seen_len, 2);
}

static void two_sessions_add_to_one_file(void **state) {
  struct fixture *f = *state;
  struct history *one = open_history(f), *other = open_history(f);
  add(one, SLICE("one\nof two lines"));
  add(other, SLICE("other"));
  add(one, SLICE("last"));
  history_close(one);
  history_close(other);
  history_close(open_history(f));
  assert_int_equal(f->seen_len, 3);
  assert_string_equal(f->seen.ptr, "one\nof two lines");
}

static void a_line_cut_by_a_crash_stays_apart(void **state) {
  struct fixture *f = *state;
  history_close(open_history(f));
  int fd = open(f->path, O_WRONLY);
  assert_int_equal(write(fd, "whole\ncu", 8), 8);
  (void)close(fd);
  struct history *h = open_history(f);
  add(h, SLICE("next"));
  history_close(h);
  history_close(open_history(f));
  assert_int_equal(f->seen_len, 3);
  assert_memory_equal(f->seen.ptr, "whole\0cu\0next", 14);
}

static void the_oldest_make_room(void **state) {
  struct fixture *f = *state;
  struct history *h = open_history(f);
  char text[32];
  for (int i = 0; i < HISTORY_ENTRIES + 3; i++) {
    (void)snprintf(text, sizeof text, "entry %d", i);
    add(h, slice_of(text));
  }
  history_close(h);
  history_close(open_history(f));
  assert_int_equal(f->seen_len, HISTORY_ENTRIES);
  assert_string_equal(f->seen.ptr, "entry 3");
}

static void it_is_its_owners_alone(void **state) {
  struct fixture *f = *state;
  struct stat st;
  history_close(open_history(f));
  assert_int_equal(chmod(f->path, 0644), 0);
  history_close(open_history(f));
  assert_int_equal(stat(f->path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {TEST(five_hundred_entries_of_any_bytes_come_back),
                                     TEST(the_same_entry_again_is_one),
                                     TEST(two_sessions_add_to_one_file),
                                     TEST(a_line_cut_by_a_crash_stays_apart),
                                     TEST(the_oldest_make_room),
                                     TEST(it_is_its_owners_alone)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
