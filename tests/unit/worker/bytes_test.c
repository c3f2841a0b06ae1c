#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "worker/source/bytes.h"
#include "worker/source/encoding.h"

#include "feed.h"

#include <zlib.h>

/* What FD gives, and behind it "! why" where it fails. */
static void read_all(int fd, const char *encoding, struct buf *out) {
  struct bytes b;
  struct error err;
  enum bytes_got got = BYTES_FAILED;
  if (bytes_open(&b, fd, encoding, BYTES_READ, &err) == 0) {
    while ((got = bytes_more(&b, &err)) == BYTES_MORE) {
      buf_add(out, b.at, (size_t)(b.end - b.at));
      b.at = b.end;
    }
    bytes_close(&b);
  }
  if (got == BYTES_FAILED) buf_printf(out, "! %s", err.message);
}

static void check_chunks(struct slice packed, const char *encoding, const char *expected) {
  static const size_t chunks[] = {1, 2, 3, 100000};
  for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
    struct buf out = BUF_WITH_LIMIT(1 << 20);
    read_all(feed_chunks(packed, chunks[i]), encoding, &out);
    assert_string_equal(buf_text(&out), expected);
    buf_free(&out);
  }
}

static struct buf pack(struct slice text) {
  struct buf out = BUF_WITH_LIMIT(64 << 20);
  z_stream z = {0};
  assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
  size_t room = deflateBound(&z, text.len) + 64;
  z.next_out = (Bytef *)buf_room(&out, room);
  z.avail_out = (uInt)room;
  z.next_in = (Bytef *)(uintptr_t)text.ptr;
  z.avail_in = (uInt)text.len;
  assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
  out.len = room - z.avail_out;
  assert_int_equal(deflateEnd(&z), Z_OK);
  return out;
}

static void members_behind_each_other_are_one_text(void **state) {
  struct buf a = pack(SLICE("one,")), b = pack(SLICE("")), c = pack(SLICE("two"));
  (void)state;
  buf_add_slice(&a, buf_slice(&b));
  buf_add_slice(&a, buf_slice(&c));
  check_chunks(buf_slice(&a), NULL, "one,two");
  buf_add(&a, "\0\0\0\0", 4);
  check_chunks(buf_slice(&a), NULL, "one,two");
  buf_add(&a, "junk", 4);
  check_chunks(buf_slice(&a), NULL, "one,two! the gzip data is damaged (incorrect header check)");
  buf_free(&a);
  buf_free(&b);
  buf_free(&c);
}

static void every_cut_of_packed_data_is_told(void **state) {
  struct buf packed = pack(SLICE("some text that is packed"));
  (void)state;
  for (size_t len = 2; len < packed.len; len++) {
    struct buf out = BUF_WITH_LIMIT(1 << 16);
    read_all(feed_chunks((struct slice){packed.ptr, len}, 7), NULL, &out);
    assert_non_null(
        strstr(buf_text(&out), "! the gzip data ends in the middle: the file is cut off"));
    buf_free(&out);
  }
  buf_free(&packed);
}

/* A bit that pads the last byte of the content stands for nothing. */
static void every_damage_that_changes_the_content_is_told(void **state) {
  struct slice text = SLICE("some text that is packed");
  struct buf packed = pack(text);
  (void)state;
  size_t told = 0;
  for (size_t i = 10; i < packed.len; i++) {
    struct buf out = BUF_WITH_LIMIT(1 << 16);
    packed.ptr[i] ^= 0x10;
    read_all(feed_chunks(buf_slice(&packed), 1000), NULL, &out);
    bool is_told = memmem(out.ptr, out.len, "! the gzip data ", strlen("! the gzip data ")) != NULL;
    assert_true(is_told || slice_equal(buf_slice(&out), text));
    told += is_told;
    packed.ptr[i] ^= 0x10;
    buf_free(&out);
  }
  assert_true(told >= packed.len - 11);
  buf_free(&packed);
}

static void text_before_a_wrong_checksum_is_given_out(void **state) {
  struct buf packed = pack(SLICE("some text"));
  (void)state;
  packed.ptr[packed.len - 8] ^= 1;
  check_chunks(buf_slice(&packed), NULL,
               "some text! the gzip data is damaged (incorrect data check)");
  buf_free(&packed);
}

static void what_packs_well_is_unpacked_in_flat_memory(void **state) {
  enum { SIZE = 32 << 20 };
  char *zeros = calloc(1, SIZE);
  struct buf packed = pack((struct slice){zeros, SIZE});
  struct bytes b;
  struct error err;
  size_t total = 0;
  (void)state;
  assert_int_equal(bytes_open(&b, feed_file(buf_slice(&packed)), NULL, BYTES_READ, &err), 0);
  while (bytes_more(&b, &err) == BYTES_MORE) {
    total += (size_t)(b.end - b.at);
    b.at = b.end;
    assert_true(b.cap <= 4 * BYTES_READ);
  }
  assert_int_equal(total, SIZE);
  bytes_close(&b);
  buf_free(&packed);
  free(zeros);
}

struct recoding {
  const char *encoding;
  struct slice from;
  const char *to;
};

#define TEXT(literal)                                                                              \
  { literal, sizeof literal - 1 }

static const struct recoding recodings[] = {
    {NULL, TEXT("\xef\xbb\xbfنورة"), "نورة"},
    {"utf-8", TEXT("a\xff"), "a\xff"},
    {"windows-1256", TEXT("\xe4\xe6\xd1\xc9\x80"), "نورة€"},
    {"ISO-8859-6", TEXT("\xe6\xe8\xd1\xc9"), "نورة"},
    {"UTF-16", TEXT("\xff\xfe\x46\x06\x0a\0"), "ن\n"},
    {"UTF-16", TEXT("\xfe\xff\x06\x46\0\x0a"), "ن\n"},
    {"UTF-16LE", TEXT("\xff\xfe\x46\x06"), "ن"},
    {"UTF-16LE", TEXT("\x3d\xd8\x00\xde"), "\U0001F600"},
    {"GB18030", TEXT("\xc4\xe3\xba\xc3"), "你好"},
    {"UTF-16LE",
     TEXT("a\0\n\0\0\xdc"
          "b\0"),
     "a\n! byte 5 (line 2) stands for no character of UTF-16LE"},
    {"UTF-16LE", TEXT("a\0\n"),
     "a! byte 3 (line 1) begins a character that the end of the file cuts off, in UTF-16LE"},
    {"windows-1255", TEXT("a\n\xff"),
     "a\n! byte 3 (line 2) stands for no character of windows-1255"},
    {"klingon", TEXT("a"), "! the encoding 'klingon' is not known here"},
    {"UTF-16//IGNORE", TEXT("a"), "! the encoding 'UTF-16//IGNORE' is not known here"},
};

static void encodings_become_utf8_wherever_the_bytes_are_cut(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof recodings / sizeof *recodings; i++)
    check_chunks(recodings[i].from, recodings[i].encoding, recodings[i].to);
}

static void packed_text_is_recoded_behind_its_unpacking(void **state) {
  struct buf packed = pack(SLICE("\xe4\xe6\xd1\xc9"));
  (void)state;
  check_chunks(buf_slice(&packed), "windows-1256", "نورة");
  buf_free(&packed);
}

static void more_unread_bytes_than_the_limit_are_refused(void **state) {
  struct bytes b;
  struct error err;
  enum bytes_got got;
  char *text = calloc(1, 2 * BYTES_READ);
  (void)state;
  assert_int_equal(
      bytes_open(&b, feed_file((struct slice){text, 2 * BYTES_READ}), NULL, BYTES_READ, &err), 0);
  while ((got = bytes_more(&b, &err)) == BYTES_MORE) continue;
  assert_int_equal(got, BYTES_FULL);
  b.at = b.end;
  assert_int_equal(bytes_more(&b, &err), BYTES_MORE);
  bytes_close(&b);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(members_behind_each_other_are_one_text),
      cmocka_unit_test(every_cut_of_packed_data_is_told),
      cmocka_unit_test(every_damage_that_changes_the_content_is_told),
      cmocka_unit_test(text_before_a_wrong_checksum_is_given_out),
      cmocka_unit_test(what_packs_well_is_unpacked_in_flat_memory),
      cmocka_unit_test(encodings_become_utf8_wherever_the_bytes_are_cut),
      cmocka_unit_test(packed_text_is_recoded_behind_its_unpacking),
      cmocka_unit_test(more_unread_bytes_than_the_limit_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
