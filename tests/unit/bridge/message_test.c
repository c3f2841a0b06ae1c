/* Frames: each kind as it is put and parsed, and everything that no end of ours would send. */
#include "bridge/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

struct shape {
  enum message_kind kind;
  bool to_worker;
  int numbers, texts;
  bool is_raw;
};

static const struct shape shapes[] = {
    {MESSAGE_TASK, true, 3, 2, false},       {MESSAGE_CREDIT, true, 1, 0, false},
    {MESSAGE_REPLY, true, 2, 3, false},      {MESSAGE_ACKED, true, 2, 1, false},
    {MESSAGE_REFUSED, true, 2, 3, false},    {MESSAGE_RESULT, true, 2, 3, false},
    {MESSAGE_ENTRY, true, 2, 1, false},      {MESSAGE_CALL, false, 0, 2, false},
    {MESSAGE_OPEN, false, 1, 1, false},      {MESSAGE_OUTPUT, false, 1, 1, false},
    {MESSAGE_UPSERT, false, 0, 1, false},    {MESSAGE_FILE, false, 0, 1, false},
    {MESSAGE_ROWS, false, 0, 1, true},       {MESSAGE_REJECT, false, 2, 6, false},
    {MESSAGE_SEEN, false, 0, 1, false},      {MESSAGE_END, false, 2, 0, false},
    {MESSAGE_DONE, false, 3, 4, false},      {MESSAGE_ANSWER, true, 4, 4, false},
    {MESSAGE_HTTP, false, 3, 5, false},      {MESSAGE_HTTP_PULL, false, 1, 0, false},
    {MESSAGE_HTTP_DROP, false, 1, 0, false}, {MESSAGE_DROP, false, 1, 0, false},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* Reads the frame that B holds as the end that TO_WORKER says. */
static int read_frame(const struct buf *b, bool to_worker, struct message *m, struct error *err) {
  enum message_kind kind;
  size_t len;
  if (message_head(b->ptr, to_worker, &kind, &len, err)) return -1;
  assert_int_equal(len, b->len - FRAME_HEAD_SIZE);
  return message_parse(kind, (struct slice){b->ptr + FRAME_HEAD_SIZE, len}, m, err);
}

static struct message fill(const struct shape *shape) {
  static const char *const texts[] = {"",     "one", "t\0o" /* cut at the NUL here */,
                                      "\xff", "\n",  "six"};
  struct message m = {.kind = shape->kind};
  for (int i = 0; i < shape->numbers; i++) m.number[i] = i == 1 ? INT64_MIN : INT64_MAX - i;
  for (int i = 0; i < shape->texts; i++) m.text[i] = slice_of(texts[(i + 1) % 6]);
  return m;
}

static void each_kind_comes_back_as_it_was_put(void **unused) {
  (void)unused;
  assert_int_equal(SHAPES, MESSAGE_KINDS - 1);
  for (size_t i = 0; i < SHAPES; i++) {
    struct message m = fill(&shapes[i]), back;
    struct buf b = BUF_WITH_LIMIT(1 << 16);
    struct error err;
    message_put(&b, &m);
    if (read_frame(&b, shapes[i].to_worker, &back, &err))
      fail_msg("%s: %s", message_name(m.kind), err.message);
    assert_int_equal(back.kind, m.kind);
    assert_memory_equal(back.number, m.number, sizeof m.number);
    for (int t = 0; t < MESSAGE_TEXTS_MAX; t++) assert_true(slice_equal(back.text[t], m.text[t]));
    buf_free(&b);
  }
}

static void a_kind_goes_one_way_only(void **unused) {
  (void)unused;
  for (size_t i = 0; i < SHAPES; i++) {
    struct message m = fill(&shapes[i]), back;
    struct buf b = BUF_WITH_LIMIT(1 << 16);
    struct error err;
    message_put(&b, &m);
    assert_int_equal(read_frame(&b, !shapes[i].to_worker, &back, &err), -1);
    assert_int_equal(err.code, ERROR_INTERNAL);
    buf_free(&b);
  }
}

static void heads_that_nobody_sends_are_refused(void **unused) {
  static const char *const heads[] = {"\0\0\0\0\0\0\0\0",     /* kind 0 */
                                      "\0\0\0\0\x63\0\0\0",   /* kind 99 */
                                      "\0\0\0\0\xff\0\0\0",   /* kind 255 */
                                      "\0\0\0\0\x07\x01\0\0", /* a byte that must be zero */
                                      "\0\0\0\0\x07\0\x01\0",      "\0\0\0\0\x07\0\0\x01",
                                      "\x01\0\0\x04\x07\0\0\0", /* a byte more than 64 MiB */
                                      "\xff\xff\xff\xff\x07\0\0\0"};
  (void)unused;
  for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
    for (int to_worker = 0; to_worker < 2; to_worker++) {
      enum message_kind kind;
      size_t len;
      struct error err;
      if (message_head(heads[i], to_worker, &kind, &len, &err) == 0)
        fail_msg("head %zu was taken", i);
      assert_int_equal(err.code, ERROR_INTERNAL);
    }
}

static void a_payload_that_is_not_to_the_byte_its_shape_is_refused(void **unused) {
  (void)unused;
  for (size_t i = 0; i < SHAPES; i++) {
    if (shapes[i].is_raw) continue;
    struct message m = fill(&shapes[i]), back;
    struct buf b = BUF_WITH_LIMIT(1 << 16);
    struct error err;
    message_put(&b, &m);
    buf_add_char(&b, '\0');
    struct slice payload = {b.ptr + FRAME_HEAD_SIZE, b.len - FRAME_HEAD_SIZE};
    for (size_t len = 0; len <= payload.len; len++) {
      bool is_whole = len == payload.len - 1;
      int rc = message_parse(m.kind, (struct slice){payload.ptr, len}, &back, &err);
      if ((rc == 0) != is_whole)
        fail_msg("%s with %zu of %zu bytes", message_name(m.kind), len, payload.len);
    }
    buf_free(&b);
  }
}

/* The length of a text that runs past the end, in the most hostile numbers. */
static void a_text_longer_than_its_frame_is_refused(void **unused) {
  static const uint32_t lengths[] = {5, 6, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffc};
  struct message m = {.kind = MESSAGE_UPSERT, .text = {SLICE("abcd")}}, back;
  struct buf b = BUF_WITH_LIMIT(1 << 16);
  struct error err;
  (void)unused;
  message_put(&b, &m);
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    memcpy(b.ptr + FRAME_HEAD_SIZE, &lengths[i], sizeof lengths[i]);
    assert_int_equal(read_frame(&b, false, &back, &err), -1);
  }
  buf_free(&b);
}

static void a_message_larger_than_a_frame_is_not_put(void **unused) {
  struct buf b = BUF_WITH_LIMIT(256 << 20);
  (void)unused;
  char *bytes = test_calloc(1, FRAME_PAYLOAD_MAX);
  struct message m = {.kind = MESSAGE_UPSERT, .text = {{bytes, FRAME_PAYLOAD_MAX - 3}}};
  message_put(&b, &m);
  assert_false(buf_ok(&b));
  buf_free(&b);
  b = BUF_WITH_LIMIT(256 << 20);
  m.text[0].len = FRAME_PAYLOAD_MAX - 4;
  message_put(&b, &m);
  assert_true(buf_ok(&b));
  buf_free(&b);
  test_free(bytes);
}

static void an_empty_frame_of_rows_is_a_head_alone(void **unused) {
  struct buf b = BUF_WITH_LIMIT(64);
  struct message m = {.kind = MESSAGE_ROWS}, back;
  struct error err;
  (void)unused;
  message_put(&b, &m);
  assert_int_equal(b.len, FRAME_HEAD_SIZE);
  assert_int_equal(read_frame(&b, false, &back, &err), 0);
  assert_int_equal(back.text[0].len, 0);
  buf_free(&b);
}

static void no_memory_is_an_ordinary_failure(void **unused) {
  struct buf b = BUF_WITH_LIMIT(10);
  (void)unused;
  message_put(&b, &(struct message){.kind = MESSAGE_CREDIT, .number = {1}});
  assert_false(buf_ok(&b));
  assert_int_equal(b.len, 0);
  buf_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_kind_comes_back_as_it_was_put),
      cmocka_unit_test(a_kind_goes_one_way_only),
      cmocka_unit_test(heads_that_nobody_sends_are_refused),
      cmocka_unit_test(a_payload_that_is_not_to_the_byte_its_shape_is_refused),
      cmocka_unit_test(a_text_longer_than_its_frame_is_refused),
      cmocka_unit_test(a_message_larger_than_a_frame_is_not_put),
      cmocka_unit_test(an_empty_frame_of_rows_is_a_head_alone),
      cmocka_unit_test(no_memory_is_an_ordinary_failure),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
