#include "scene.h"

#include <sqlite3.h>

enum { PARTNERS = 1500 };

static void collect(void *user, const char *finding) {
  struct buf *b = user;
  buf_printf(b, "%s\n", finding);
}

/* What the check finds, to be freed. */
static struct buf check(struct scene *x) {
  struct buf found = BUF_WITH_LIMIT(1 << 20);
  int64_t findings;
  OK(x, state_check(x->s, collect, &found, &findings, &x->err));
  const char *text = buf_text(&found);
  int64_t lines = 0;
  for (const char *at = text; (at = strchr(at, '\n')); at++) lines++;
  assert_int_equal(findings, lines);
  return found;
}

static void add_partners(struct scene *x) {
  static char keys[PARTNERS][16];
  static struct ack acks[PARTNERS];
  for (uint32_t i = 0; i < PARTNERS; i++) {
    snprintf(keys[i], sizeof keys[i], "k%u", i);
    acks[i] = (struct ack){.key = slice_of(keys[i]), .id = scene_id(i)};
  }
  struct commit c = {.acks = acks, .acks_len = PARTNERS};
  OK(x, stream_commit(x->st, &c, &x->err));
}

static void a_sound_state_has_no_findings(void **state) {
  struct scene x;
  uint32_t forgotten[] = {3, 1500};
  (void)state;
  scene_begin(&x);
  add_partners(&x);
  struct commit c = {.forgotten = forgotten, .forgotten_len = 2};
  OK(&x, stream_commit(x.st, &c, &x.err));
  scene_reopen(&x);
  scene_ack(&x, "one more", 1, "\"A\"");
  scene_intent(&x, (const char *[]){"a", "b", NULL});
  scene_reopen(&x);
  scene_intent(&x, (const char *[]){"c", NULL});
  struct buf found = check(&x);
  assert_string_equal(buf_text(&found), "");
  buf_free(&found);
  scene_end(&x);
}

static void each_kind_of_damage_is_found(void **state) {
  ONLY_OF_FILES();
  static const struct {
    const char *sql, *finding;
  } cases[] = {
      {"UPDATE partner SET key = 'k7' WHERE key = 'k9'", "have the key k7"},
      {"UPDATE partner SET key = 'zz' WHERE key = 'k9'", "partner 10 is not found by its key zz"},
      {"UPDATE partner SET id = x'00' WHERE key = 'k9'", "the id of partner 10 is none"},
      {"DELETE FROM key_index", "is not found by its key k3"},
      {"INSERT INTO partner SELECT (9 << 32) + 1, 'q', id, '', '', '', 0, 0, 0, 0, 0 FROM partner"
       " WHERE key = 'k9'",
       "1 partners belong to no stream"},
      {"INSERT INTO intent (stream, sent_at, rows_len, rows) SELECT stream, 0, rows_len, rows"
       " FROM intent",
       "1 keys are in two open requests (J5)"},
      {"UPDATE intent SET rows_len = 2", "the rows of request 1 are damaged"},
      {"UPDATE held SET row = x'01'", "the rows of held row 1 are damaged"},
      {"INSERT INTO held (stream, sent_at, key, content, row) SELECT stream, 0, key, 0, row"
       " FROM held",
       "1 keys are held twice (J5)"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct scene x;
    sqlite3 *db;
    scene_begin(&x);
    add_partners(&x);
    scene_intent(&x, (const char *[]){"h", NULL});
    scene_reopen(&x);
    scene_intent(&x, (const char *[]){"i", NULL});
    scene_close(&x);
    assert_int_equal(sqlite3_open(x.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, cases[i].sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    scene_open_as(&x, true);
    struct buf found = check(&x);
    assert_says(buf_text(&found), cases[i].finding);
    buf_free(&found);
    scene_end(&x);
  }
}

static void a_damaged_file_is_found(void **state) {
  ONLY_OF_FILES();
  struct scene x;
  (void)state;
  scene_begin(&x);
  add_partners(&x);
  scene_close(&x);
  FILE *f = fopen(x.path, "r+b");
  assert_non_null(f);
  fseek(f, 0, SEEK_END);
  long size = ftell(f);
  fseek(f, size - 3000, SEEK_SET); /* in the last page, of the partners or their index */
  for (int i = 0; i < 2000; i++) fputc(0xff, f);
  fclose(f);
  scene_open_as(&x, true);
  struct buf found = check(&x);
  assert_true(found.len > 0);
  buf_free(&found);
  scene_end(&x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_sound_state_has_no_findings),
      cmocka_unit_test(each_kind_of_damage_is_found),
      cmocka_unit_test(a_damaged_file_is_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
