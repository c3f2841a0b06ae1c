/* Backup, export, import and forgetting. */
#include "scene.h"

#include <fcntl.h>
#include <sys/stat.h>

static int put(void *user, struct slice line, struct error *err) {
  (void)err;
  buf_add_slice(user, line);
  return 0;
}

static struct buf export_all(struct scene *x, const struct reject_filter *filter, int64_t rows) {
  struct buf text = BUF_WITH_LIMIT(1 << 24);
  int64_t n;
  OK(x, state_export(x->s, filter, put, &text, &n, &x->err));
  assert_int_equal(n, rows);
  return text;
}

static int import_text(struct scene *x, const char *text, int64_t *rows) {
  char path[128];
  snprintf(path, sizeof path, "%s/import.ndjson", x->dir);
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  assert_int_equal(write(fd, text, strlen(text)), strlen(text));
  assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
  int result = state_import(x->s, fd, "import.ndjson", rows, &x->err);
  close(fd);
  return result;
}

static void fill(struct scene *x) {
  scene_ack(x, "a", 1, "\"Ali \\\"A\\\"\"");
  uint32_t seq = scene_ack(x, "b", 2, "null");
  struct commit c = {.gone = &seq, .gone_len = 1};
  OK(x, stream_commit(x->st, &c, &x->err));
}

static const char expected[] =
    "{\"stream\":\"crm\",\"base_url\":\"https://hoko.to/api\",\"key\":\"a\","
    "\"id\":\"01000000-0000-0000-0000-000000000000\",\"name\":\"Ali \\\"A\\\"\","
    "\"sent_at\":\"1970-01-20T16:13:20.000Z\",\"gone\":false}\n"
    "{\"stream\":\"crm\",\"base_url\":\"https://hoko.to/api\",\"key\":\"b\","
    "\"id\":\"02000000-0000-0000-0000-000000000000\",\"name\":null,"
    "\"sent_at\":\"1970-01-20T16:13:20.000Z\",\"gone\":true}\n";

static void what_is_exported_can_be_imported_elsewhere(void **state) {
  struct scene x, y;
  int64_t rows;
  (void)state;
  scene_begin(&x);
  fill(&x);
  struct buf text = export_all(&x, &(struct reject_filter){0}, 2);
  assert_string_equal(buf_text(&text), expected);
  scene_folder(&y);
  scene_open_as(&y, false);
  OK(&y, import_text(&y, buf_text(&text), &rows));
  assert_int_equal(rows, 2);
  struct buf again = export_all(&y, &(struct reject_filter){0}, 2);
  assert_string_equal(buf_text(&again), expected);
  OK(&y, scene_stream(&y, "crm", false));
  assert_slice(scene_find(&y, "a").field[ROW_NAME], "\"Ali \\\"A\\\"\"");
  assert_true(scene_find(&y, "b").is_gone);
  buf_free(&again);
  buf_free(&text);
  scene_end(&y);
  scene_end(&x);
}

static void an_export_is_of_what_was_chosen(void **state) {
  struct scene x;
  (void)state;
  scene_begin(&x);
  fill(&x);
  struct buf text = export_all(&x, &(struct reject_filter){.key = SLICE("b")}, 1);
  assert_string_equal(buf_text(&text), strchr(expected, '\n') + 1);
  buf_free(&text);
  text = export_all(&x, &(struct reject_filter){.stream = SLICE("other")}, 0);
  buf_free(&text);
  scene_end(&x);
}

#define LINE(key, rest) "{\"stream\":\"s\",\"base_url\":\"u\",\"key\":\"" key "\"," rest "}\n"
#define ID "\"id\":\"01000000-0000-0000-0000-000000000000\""

static void a_wrong_line_is_named_and_nothing_is_imported(void **state) {
  static const struct {
    const char *text, *message;
  } cases[] = {
      {LINE("a", ID) "no JSON\n", "line 2: it is no JSON object"},
      {LINE("a", ID) "[]\n", "line 2: it is no JSON object"},
      {LINE("a", ID) "{\"stream\":\"s\"", "line 2: it is no JSON object"},
      {LINE("a", ID) LINE("b", ID) "{} {}\n", "line 3: it is no JSON object"},
      {LINE("a", "\"id\":\"7\""), "line 1: id is no UUID"},
      {LINE("a", ID ",\"colour\":\"red\""), "line 1: it has an unknown member"},
      {LINE("a", ID ",\"name\":7"), "line 1: a value is of the wrong type"},
      {LINE("a", ID ",\"gone\":\"no\""), "line 1: a value is of the wrong type"},
      {LINE("a", ID ",\"key\":null"), "line 1: a value is of the wrong type"},
      {LINE("a", ID ",\"name\":\"\\ud800\""), "line 1: a string is damaged"},
      {LINE("a", ID ",\"sent_at\":\"noon\""), "line 1: sent_at is no time"},
      {"{\"key\":\"a\"," ID "}\n", "line 1: stream, base_url or key is missing"},
      {"{\"stream\":\"s\"," ID "}\n", "line 1: stream, base_url or key is missing"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct scene x;
    int64_t rows;
    scene_folder(&x);
    scene_open_as(&x, false);
    assert_int_equal(import_text(&x, cases[i].text, &rows), -1);
    assert_int_equal(x.err.code, ERROR_DATA);
    assert_says(x.err.message, cases[i].message);
    struct buf text = export_all(&x, &(struct reject_filter){0}, 0);
    buf_free(&text);
    scene_end(&x);
  }
}

static void an_import_takes_over_keys_that_are_there(void **state) {
  struct scene x;
  int64_t rows;
  (void)state;
  scene_begin(&x);
  uint32_t seq = scene_ack(&x, "a", 9, "\"Old\"");
  stream_close(x.st);
  OK(&x, import_text(&x, expected, &rows));
  OK(&x, scene_stream(&x, "crm", false));
  struct known k = scene_find(&x, "a");
  struct uuid id = scene_id(1);
  assert_int_equal(k.seq, seq);
  assert_true(uuid_equal(&k.id, &id));
  assert_slice(k.field[ROW_NAME], "\"Ali \\\"A\\\"\"");
  scene_end(&x);
}

static void an_import_waits_for_no_run(void **state) {
  struct scene x;
  int64_t rows;
  (void)state;
  scene_begin(&x);
  assert_int_equal(import_text(&x, expected, &rows), -1);
  assert_says(x.err.message, "stream crm is being written");
  scene_end(&x);
}

static void an_import_holds_what_a_crash_left_under_way(void **state) {
  struct scene x;
  int64_t rows;
  (void)state;
  scene_begin(&x);
  scene_intent(&x, (const char *[]){"h", NULL});
  stream_close(x.st);
  OK(&x, import_text(&x, expected, &rows));
  OK(&x, scene_stream(&x, "crm", false));
  assert_true(scene_find(&x, "h").is_held);
  assert_true(scene_find(&x, "a").seq > 0);
  scene_end(&x);
}

static void many_lines_are_found_by_their_keys(void **state) {
  enum { LINES = 3000 };
  struct scene x;
  int64_t rows;
  struct buf text = BUF_WITH_LIMIT(1 << 22);
  (void)state;
  scene_folder(&x);
  scene_open_as(&x, false);
  for (int i = 0; i < LINES; i++) buf_printf(&text, LINE("k%d", ID), i);
  OK(&x, import_text(&x, buf_text(&text), &rows));
  assert_int_equal(rows, LINES);
  struct stream_options o = {.name = SLICE("s"), .base_url = SLICE("u")};
  OK(&x, stream_open(&x.st, x.s, &o, &x.err));
  assert_true(scene_find(&x, "k2999").seq == LINES);
  assert_true(scene_find(&x, "k0").seq == 1);
  buf_free(&text);
  scene_end(&x);
}

static void a_backup_is_a_whole_state(void **state) {
  ONLY_OF_FILES();
  struct scene x, y;
  struct stat st;
  (void)state;
  scene_begin(&x);
  fill(&x);
  y = x;
  snprintf(y.path, sizeof y.path, "%s/copy.db", x.dir);
  snprintf(y.url, sizeof y.url, "sqlite:%s", y.path);
  OK(&x, state_backup(x.s, y.path, &x.err));
  assert_int_equal(stat(y.path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
  scene_ack(&x, "later", 3, "\"L\"");
  scene_open_as(&y, true);
  struct buf text = export_all(&y, &(struct reject_filter){0}, 2);
  assert_string_equal(buf_text(&text), expected);
  buf_free(&text);
  assert_int_equal(state_backup(x.s, y.path, &x.err), -1);
  assert_says(x.err.message, "exists already");
  assert_int_equal(state_backup(x.s, "/proc/nowhere/copy.db", &x.err), -1);
  scene_close(&y);
  scene_end(&x);
}

static void a_forgotten_key_leaves_no_byte(void **state) {
  ONLY_OF_FILES();
  struct scene x;
  int64_t partners;
  struct buf file = BUF_WITH_LIMIT(1 << 24);
  (void)state;
  scene_begin(&x);
  scene_ack(&x, "a", 1, "\"Canary of Medina\"");
  scene_ack(&x, "b", 2, "\"B\"");
  scene_close(&x);
  scene_open_as(&x, false);
  OK(&x,
     stream_forget(x.s, SLICE("crm"), SLICE("https://hoko.to/api"), SLICE("a"), &partners, &x.err));
  assert_int_equal(partners, 1);
  OK(&x, stream_forget(x.s, SLICE("crm"), SLICE("https://hoko.to/api"), SLICE("never"), &partners,
                       &x.err));
  assert_int_equal(partners, 0);
  OK(&x, scene_stream(&x, "crm", false));
  assert_int_equal(scene_find(&x, "a").seq, 0);
  assert_int_equal(scene_find(&x, "b").seq, 2);
  int fd = open(x.path, O_RDONLY);
  char *to = buf_room(&file, 1 << 22);
  file.len = (size_t)read(fd, to, 1 << 22);
  close(fd);
  assert_null(memmem(file.ptr, file.len, "Canary", 6));
  buf_free(&file);
  scene_end(&x);
}

static void a_forgotten_stream_takes_all_that_is_its_own(void **state) {
  struct scene x;
  struct stream_info list[2];
  struct reject r = {.key = SLICE("r"), .code = SLICE("refused")};
  int64_t partners, rows;
  size_t n;
  (void)state;
  scene_begin(&x);
  fill(&x);
  uint64_t made = 5;
  struct commit c = {.rejects = &r, .rejects_len = 1, .made = &made, .made_len = 1};
  OK(&x, stream_commit(x.st, &c, &x.err));
  scene_intent(&x, (const char *[]){"h", NULL});
  stream_close(x.st);
  OK(&x, scene_stream(&x, "other", false));
  scene_ack(&x, "a", 3, "\"A\"");
  OK(&x, stream_forget(x.s, SLICE("crm"), SLICE("https://hoko.to/api"), (struct slice){0},
                       &partners, &x.err));
  assert_int_equal(partners, 2);
  OK(&x, stream_list(x.s, list, 2, &n, &x.err));
  assert_int_equal(n, 1);
  assert_int_equal(list[0].partners, 1);
  OK(&x, reject_count(x.s, &(struct reject_filter){0}, &rows, &x.err));
  assert_int_equal(rows, 0);
  assert_int_equal(stream_forget(x.s, SLICE("crm"), SLICE("https://hoko.to/api"), (struct slice){0},
                                 &partners, &x.err),
                   -1);
  assert_int_equal(x.err.code, ERROR_USAGE);
  scene_end(&x);
}

static void a_stream_that_is_written_is_not_forgotten(void **state) {
  struct scene x;
  int64_t partners;
  (void)state;
  scene_begin(&x);
  assert_int_equal(stream_forget(x.s, SLICE("crm"), SLICE("https://hoko.to/api"), (struct slice){0},
                                 &partners, &x.err),
                   -1);
  assert_says(x.err.message, "is being written");
  scene_end(&x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_exported_can_be_imported_elsewhere),
      cmocka_unit_test(an_export_is_of_what_was_chosen),
      cmocka_unit_test(a_wrong_line_is_named_and_nothing_is_imported),
      cmocka_unit_test(an_import_takes_over_keys_that_are_there),
      cmocka_unit_test(an_import_waits_for_no_run),
      cmocka_unit_test(an_import_holds_what_a_crash_left_under_way),
      cmocka_unit_test(many_lines_are_found_by_their_keys),
      cmocka_unit_test(a_backup_is_a_whole_state),
      cmocka_unit_test(a_forgotten_key_leaves_no_byte),
      cmocka_unit_test(a_forgotten_stream_takes_all_that_is_its_own),
      cmocka_unit_test(a_stream_that_is_written_is_not_forgotten),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
