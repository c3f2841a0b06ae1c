#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

enum { LIMIT = 1 << 20 };

static int go_to_new_folder(void **state) {
  char *dir = strdup("/tmp/hoko-file-XXXXXX");
  if (!dir || !mkdtemp(dir)) return -1;
  *state = dir;
  return chdir(dir);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk) {
  (void)st;
  (void)kind;
  (void)walk;
  return remove(path);
}

static int remove_folder(void **state) {
  int result = nftw(*state, remove_one, 8, FTW_DEPTH | FTW_PHYS);
  free(*state);
  return result;
}

static void put(const char *path, struct slice content) {
  struct error err;
  assert_int_equal(file_replace(path, content, 0644, &err), 0);
}

static void check_content(const char *path, struct slice content) {
  struct error err;
  struct buf b = BUF_WITH_LIMIT(LIMIT);
  assert_int_equal(file_read(&b, path, &err), 0);
  assert_true(slice_equal(buf_slice(&b), content));
  buf_free(&b);
}

static size_t files_here(void) {
  size_t len = 0;
  DIR *dir = opendir(".");
  assert_non_null(dir);
  for (struct dirent *e; (e = readdir(dir));) len += e->d_name[0] != '.';
  closedir(dir);
  return len;
}

static void what_was_written_is_read(void **state) {
  (void)state;
  put("a", SLICE("one\0two\n"));
  check_content("a", SLICE("one\0two\n"));
  put("a", SLICE(""));
  check_content("a", SLICE(""));
  put("./a", SLICE("three"));
  check_content("a", SLICE("three"));
  assert_int_equal(files_here(), 1);
}

static void content_is_read_behind_what_is_there(void **state) {
  struct error err;
  struct buf b = BUF_WITH_LIMIT(LIMIT);
  (void)state;
  put("a", SLICE("two"));
  buf_add_text(&b, "one ");
  assert_int_equal(file_read(&b, "a", &err), 0);
  assert_true(slice_is(buf_slice(&b), "one two"));
  buf_free(&b);
}

static void a_file_of_the_limit_is_read_and_no_larger_one(void **state) {
  static char content[200000];
  struct error err;
  (void)state;
  memset(content, 'x', sizeof content);
  put("a", (struct slice){content, sizeof content});
  struct buf fits = BUF_WITH_LIMIT(sizeof content), tight = BUF_WITH_LIMIT(sizeof content - 1);
  assert_int_equal(file_read(&fits, "a", &err), 0);
  assert_int_equal(fits.len, sizeof content);
  assert_int_equal(file_read(&tight, "a", &err), -1);
  assert_int_equal(err.code, ERROR_DATA);
  assert_string_equal(err.message, "a is larger than the 199999 bytes that are allowed");
  buf_free(&fits);
  buf_free(&tight);
}

static void what_cannot_be_read_is_named(void **state) {
  struct error err;
  struct buf b = BUF_WITH_LIMIT(LIMIT);
  (void)state;
  assert_int_equal(file_read(&b, "absent", &err), -1);
  assert_int_equal(err.code, ERROR_STATE);
  assert_string_equal(err.message, "opening absent: No such file or directory");
  assert_int_equal(file_read(&b, ".", &err), -1);
  assert_string_equal(err.message, "reading .: Is a directory");
  assert_int_equal(file_read_fd(&b, -1, "the pipe", &err), -1);
  assert_string_equal(err.message, "reading the pipe: Bad file descriptor");
  buf_free(&b);
}

static void a_replaced_file_gets_its_mode(void **state) {
  struct error err;
  struct stat st;
  (void)state;
  put("a", SLICE("public"));
  assert_int_equal(file_replace("a", SLICE("private"), 0600, &err), 0);
  assert_int_equal(stat("a", &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_link_is_replaced_and_not_followed(void **state) {
  struct stat st;
  (void)state;
  put("target", SLICE("kept"));
  assert_int_equal(symlink("target", "link"), 0);
  put("link", SLICE("new"));
  assert_int_equal(lstat("link", &st), 0);
  assert_true(S_ISREG(st.st_mode));
  check_content("target", SLICE("kept"));
}

static void after_a_failure_the_old_file_is_whole_and_nothing_is_left(void **state) {
  struct error err;
  (void)state;
  assert_int_equal(mkdir("folder", 0700), 0);
  assert_int_equal(file_replace("folder", SLICE("x"), 0644, &err), -1);
  assert_string_equal(err.message, "replacing folder: Is a directory");
  assert_int_equal(file_replace("absent/a", SLICE("x"), 0644, &err), -1);
  assert_int_equal(err.code, ERROR_STATE);
  assert_int_equal(files_here(), 1);
}

static void a_full_disk_is_named(void **state) {
  struct error err;
  (void)state;
  int fd = open("/dev/full", O_WRONLY);
  assert_true(fd >= 0);
  assert_int_equal(file_write_all(fd, SLICE("x"), "the report", &err), -1);
  assert_string_equal(err.message, "writing the report: No space left on device");
  close(fd);
}

static void paths_beyond_the_longest_are_refused(void **state) {
  static char path[5000];
  struct error err;
  (void)state;
  memset(path, 'x', sizeof path - 1);
  assert_int_equal(file_replace(path, SLICE(""), 0644, &err), -1);
  assert_int_equal(file_make_dirs(path, 0700, &err), -1);
  assert_int_equal(err.code, ERROR_STATE);
}

static void folders_are_made_down_to_the_last(void **state) {
  struct error err;
  struct stat st;
  (void)state;
  assert_int_equal(file_make_dirs("a//b/c/", 0700, &err), 0);
  assert_int_equal(stat("a/b/c", &st), 0);
  assert_int_equal(st.st_mode & 0777, 0700);
  assert_int_equal(file_make_dirs("a/b/c", 0700, &err), 0);
  assert_int_equal(file_make_dirs("/tmp", 0700, &err), 0);
}

static void a_file_in_the_way_of_a_folder_is_an_error(void **state) {
  struct error err;
  (void)state;
  put("a", SLICE("x"));
  assert_int_equal(file_make_dirs("a", 0700, &err), -1);
  assert_string_equal(err.message, "making folder a: Not a directory");
  assert_int_equal(file_make_dirs("a/b", 0700, &err), -1);
  assert_string_equal(err.message, "making folder a: Not a directory");
}

static void a_pipe_is_read_to_its_end(void **state) {
  struct error err;
  struct buf b = BUF_WITH_LIMIT(LIMIT);
  int ends[2];
  (void)state;
  assert_int_equal(pipe(ends), 0);
  assert_int_equal(file_write_all(ends[1], SLICE("through"), "pipe", &err), 0);
  close(ends[1]);
  assert_int_equal(file_read_fd(&b, ends[0], "pipe", &err), 0);
  assert_true(slice_is(buf_slice(&b), "through"));
  assert_int_equal(fcntl(ends[0], F_GETFD), 0); /* stays open */
  close(ends[0]);
  buf_free(&b);
}

#define IN_NEW_FOLDER(test) cmocka_unit_test_setup_teardown(test, go_to_new_folder, remove_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_NEW_FOLDER(what_was_written_is_read),
      IN_NEW_FOLDER(content_is_read_behind_what_is_there),
      IN_NEW_FOLDER(a_file_of_the_limit_is_read_and_no_larger_one),
      IN_NEW_FOLDER(what_cannot_be_read_is_named),
      IN_NEW_FOLDER(a_replaced_file_gets_its_mode),
      IN_NEW_FOLDER(a_link_is_replaced_and_not_followed),
      IN_NEW_FOLDER(after_a_failure_the_old_file_is_whole_and_nothing_is_left),
      IN_NEW_FOLDER(a_full_disk_is_named),
      IN_NEW_FOLDER(paths_beyond_the_longest_are_refused),
      IN_NEW_FOLDER(folders_are_made_down_to_the_last),
      IN_NEW_FOLDER(a_file_in_the_way_of_a_folder_is_an_error),
      IN_NEW_FOLDER(a_pipe_is_read_to_its_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
