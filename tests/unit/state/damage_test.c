/* C6: a file that is damaged anywhere is refused or read as it is; nothing crashes, nothing
 * goes on for ever.  HOKO_DAMAGES=5000 tries so many, HOKO_SEED=N begins there. */
#include "story.h"

#include <fcntl.h>
#include <sys/stat.h>

static struct buf sound; /* the bytes of a state that has a bit of everything */

static void read_sound(struct scene *x) {
  struct stat st;
  int fd = open(x->path, O_RDONLY);
  assert_int_equal(fstat(fd, &st), 0);
  sound = BUF_WITH_LIMIT((size_t)st.st_size);
  char *to = buf_room(&sound, (size_t)st.st_size);
  assert_non_null(to);
  assert_int_equal(read(fd, to, (size_t)st.st_size), st.st_size);
  sound.len = (size_t)st.st_size;
  close(fd);
}

static int begin(void **state) {
  struct scene x;
  (void)state;
  scene_folder(&x);
  for (int i = 0; i < STORY_STEPS; i++) OK(&x, story_step(&x, i));
  scene_intent(&x, (const char *[]){"left", NULL});
  scene_close(&x);
  read_sound(&x);
  scene_end(&x);
  return 0;
}

static int end(void **state) {
  (void)state;
  buf_free(&sound);
  return 0;
}

static uint64_t next_random(uint64_t *seed) {
  *seed += 0x9e3779b97f4a7c15;
  uint64_t x = *seed;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

/* Some bytes anywhere, or the heads of some pages, or the end is gone. */
static void write_damaged(const struct scene *x, uint64_t *seed) {
  struct buf bytes = BUF_WITH_LIMIT(sound.len);
  buf_add_slice(&bytes, buf_slice(&sound));
  unsigned kind = (unsigned)(next_random(seed) % 3),
           changes = 1 + (unsigned)(next_random(seed) % 20);
  for (unsigned i = 0; i < changes; i++) {
    size_t at = (size_t)(next_random(seed) % bytes.len);
    if (kind == 1) at = at / 4096 * 4096 + at % 16;
    bytes.ptr[at] = (char)next_random(seed);
  }
  if (kind == 2) bytes.len = (size_t)(next_random(seed) % bytes.len);
  int fd = open(x->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  assert_int_equal(write(fd, bytes.ptr, bytes.len), bytes.len);
  close(fd);
  buf_free(&bytes);
}

static void ignore(void *user, const char *finding) {
  (void)user;
  (void)finding;
}

static int put(void *user, struct slice line, struct error *err) {
  (void)line;
  (void)err;
  ++*(int64_t *)user;
  return 0;
}

/* Reads and writes all kinds of things; what fails says so. */
static void use(struct scene *x) {
  struct known k[] = {
      {.key = SLICE("k0")}, {.key = SLICE("m1000")}, {.key = SLICE("new")}, {.content = 2}};
  struct held held[64];
  struct explained explained;
  struct ack ack = {.key = SLICE("new"), .id = scene_id(9)};
  struct commit c = {.acks = &ack, .acks_len = 1};
  size_t n;
  int failures = 0;
  failures += stream_find(x->st, k, 4, &x->err) != 0;
  failures += held_list(x->st, 0, held, 64, &n, &x->err) != 0;
  failures += stream_explain(x->st, SLICE("k1"), &explained, &x->err) != 0;
  failures += stream_commit(x->st, &c, &x->err) != 0;
  if (failures > 0) assert_true(x->err.message[0] != '\0');
}

static void look(struct scene *x) {
  struct reject rejects[4];
  struct run_record runs[4];
  struct stream_info streams[4];
  int64_t findings, rows = 0, exported;
  size_t n;
  int failures = 0;
  failures += stream_list(x->s, streams, 4, &n, &x->err) != 0;
  failures +=
      reject_list(x->s, &(struct reject_filter){.number = 0}, 0, rejects, 4, &n, &x->err) != 0;
  failures += run_record_list(x->s, &(struct run_filter){.before = 0}, runs, 4, &n, &x->err) != 0;
  failures += state_check(x->s, ignore, NULL, &findings, &x->err) != 0;
  failures +=
      state_export(x->s, &(struct reject_filter){.number = 0}, put, &rows, &exported, &x->err) != 0;
  if (failures > 0) assert_true(x->err.message[0] != '\0');
}

static void c6_a_damaged_file_is_refused_or_read_as_it_is(void **state) {
  const char *text = getenv("HOKO_DAMAGES"), *first = getenv("HOKO_SEED");
  uint64_t damages = text ? strtoull(text, NULL, 10) : 200,
           from = first ? strtoull(first, NULL, 10) : 1;
  struct scene x;
  (void)state;
  scene_begin(&x);
  scene_close(&x);
  for (uint64_t i = from; i < from + damages; i++) {
    uint64_t seed = i;
    struct state_options o = {.url = x.url, .clock = &scene_clock};
    print_message("seed %llu\r", (unsigned long long)i);
    write_damaged(&x, &seed);
    if (state_open(&x.s, &o, &x.err) != 0) {
      assert_true(x.err.message[0] != '\0' && x.err.hint[0] != '\0');
      continue;
    }
    look(&x);
    if (scene_stream(&x, "crm", false) == 0) use(&x);
    scene_close(&x);
  }
  scene_end(&x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(c6_a_damaged_file_is_refused_or_read_as_it_is),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
