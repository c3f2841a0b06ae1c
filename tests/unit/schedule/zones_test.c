#include "schedule/zones.h"

#include "base/file.h"
#include "tzif_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct folder {
  char path[64], a[80], b[80];
};

static void write_zone(const char *path, int32_t offset_s) {
  struct buf b = BUF_WITH_LIMIT(4096);
  struct error err;
  put_file(&b, '2', NULL, 0, &offset_s, 1, "");
  assert_int_equal(file_replace(path, buf_slice(&b), 0644, &err), 0);
  buf_free(&b);
}

static int make_folder(void **user) {
  static struct folder f;
  snprintf(f.path, sizeof f.path, "/tmp/zones_test_XXXXXX");
  assert_non_null(mkdtemp(f.path));
  snprintf(f.a, sizeof f.a, "%s/A", f.path);
  snprintf(f.b, sizeof f.b, "%s/B", f.path);
  write_zone(f.a, 3600);
  write_zone(f.b, 7200);
  *user = &f;
  return 0;
}

static int remove_folder(void **user) {
  const struct folder *f = *user;
  unlink(f->a);
  unlink(f->b);
  rmdir(f->path);
  return 0;
}

static const struct zone *got(struct zones *zs, const char *name) {
  const struct zone *z = NULL;
  struct error err;
  if (zones_get(zs, slice_of(name), &z, &err) != 0) fail_msg("%s: %s", name, err.message);
  return z;
}

static void a_zone_is_there_once(void **user) {
  const struct folder *f = *user;
  struct zones *zs = zones_new(f->path);
  const struct zone *a = got(zs, "A"), *z = NULL;
  struct error err;
  assert_ptr_not_equal(got(zs, "B"), a);
  assert_ptr_equal(got(zs, "A"), a);
  assert_int_equal(zones_get(zs, SLICE("C"), &z, &err), -1);
  assert_int_equal(err.code, ERROR_USAGE);
  assert_ptr_equal(got(zs, "A"), a);
  zones_free(zs);
}

struct change {
  int calls;
  int32_t old_s, newer_s;
};

static void note_change(void *user, const struct zone *old, const struct zone *newer) {
  struct change *c = user;
  c->calls++;
  c->old_s = zone_at(old, 0).offset_s;
  c->newer_s = zone_at(newer, 0).offset_s;
}

static void a_change_is_told_with_old_and_new(void **user) {
  const struct folder *f = *user;
  struct zones *zs = zones_new(f->path);
  struct change change = {0};
  struct error err;
  (void)got(zs, "A");
  (void)got(zs, "B");
  assert_int_equal(zones_refresh(zs, note_change, &change, &err), 0);
  assert_int_equal(change.calls, 0);
  write_zone(f->b, 10800);
  assert_int_equal(zones_refresh(zs, note_change, &change, &err), 0);
  assert_int_equal(change.calls, 1);
  assert_int_equal(change.old_s, 7200);
  assert_int_equal(change.newer_s, 10800);
  assert_int_equal(zone_at(got(zs, "B"), 0).offset_s, 10800);
  zones_free(zs);
}

static void a_broken_file_does_not_keep_the_others_from_being_read(void **user) {
  const struct folder *f = *user;
  struct zones *zs = zones_new(f->path);
  struct change change = {0};
  struct error err;
  (void)got(zs, "A");
  (void)got(zs, "B");
  unlink(f->a);
  write_zone(f->b, 10800);
  assert_int_equal(zones_refresh(zs, note_change, &change, &err), -1);
  assert_int_equal(change.calls, 1);
  assert_int_equal(zone_at(got(zs, "A"), 0).offset_s, 3600);
  zones_free(zs);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_FOLDER(a_zone_is_there_once),
      IN_FOLDER(a_change_is_told_with_old_and_new),
      IN_FOLDER(a_broken_file_does_not_keep_the_others_from_being_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
