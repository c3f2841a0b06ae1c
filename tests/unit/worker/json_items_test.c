#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "worker/source/json_items.h"

#include "feed.h"

/* Appends the value that begins with TOKEN, without blanks and names' quotes. */
static int put_value(struct json_stream *s, enum json_token token, struct buf *out,
                     struct error *err) {
  for (unsigned open = 0;;) {
    switch (token) {
    case JSON_OBJECT_BEGIN:
      buf_add_char(out, '{');
      open++;
      break;
    case JSON_ARRAY_BEGIN:
      buf_add_char(out, '[');
      open++;
      break;
    case JSON_OBJECT_END:
      buf_add_char(out, '}');
      open--;
      break;
    case JSON_ARRAY_END:
      buf_add_char(out, ']');
      open--;
      break;
    case JSON_KEY:
      buf_add_slice(out, s->scan.text);
      buf_add_char(out, ':');
      break;
    case JSON_STRING:
    case JSON_NUMBER:
      buf_add_slice(out, s->scan.text);
      buf_add_char(out, ' ');
      break;
    case JSON_NULL: buf_add_text(out, "null "); break;
    case JSON_ERROR: return -1;
    default: buf_add_text(out, "? ");
    }
    if (open == 0) return 0;
    token = json_stream_next(s, err);
  }
}

static void read_items(int fd, const char *path_text, struct buf *out) {
  struct bytes bytes;
  struct json_path path;
  struct json_items items;
  struct error err;
  enum json_token token;
  int got;
  assert_int_equal(json_path_parse(&path, path_text, &err), 0);
  assert_int_equal(bytes_open(&bytes, fd, NULL, JSON_STREAM_TOKEN_MAX, &err), 0);
  json_items_init(&items, &bytes, &path, 100);
  while ((got = json_items_next(&items, &token, &err)) > 0) {
    buf_printf(out, "%d: ", (int)items.line);
    if ((got = put_value(&items.stream, token, out, &err)) < 0) break;
    buf_add_char(out, '\n');
  }
  if (got < 0) buf_printf(out, "%d! %s", err.line, err.message);
  json_items_free(&items);
  bytes_close(&bytes);
}

struct walk {
  const char *path, *text, *items;
};

static const struct walk walks[] = {
    {"$", "[]", ""},
    {"$", "[1,{\"a\":[2]},\n null]", "1: 1 \n1: {a:[2 ]}\n2: null \n"},
    {"$[*]", "[1,2]", "1: 1 \n1: 2 \n"},
    {"$.a", "{\"a\":[1,2]}", "1: 1 \n1: 2 \n"},
    {"$.a[*]", "{\"x\":{\"a\":[9]},\"a\":[1],\"b\":[8]}", "1: 1 \n"},
    {"$.a.b", "{\"b\":[9],\"a\":{\"a\":[9],\"b\":[1,[2]],\"c\":0}}", "1: 1 \n1: [2 ]\n"},
    {"$['a.b']", "{\"a\":{\"b\":[9]},\"a.b\":[1]}", "1: 1 \n"},
    {"$[\"a b\"].c", "{\"a b\":{\"c\":[1]}}", "1: 1 \n"},
    {"$.é", "{\"\\u00e9\":[1]}", "1: 1 \n"},
    {"$[1]", "[[9],[1,2],[9]]", "1: 1 \n1: 2 \n"},
    {"$[1].a", "[{\"a\":[9]},{\"a\":[1]}]", "1: 1 \n"},
    {"$[*].a", "[{\"a\":[1]},{\"b\":[9]},5,[],{\"a\":[2]}]", "1: 1 \n1: 2 \n"},
    {"$.pages[*].rows[*]", "{\"pages\":[{\"rows\":[1]},\n{\"rows\":[]},\n{\"rows\":[2,3]}]}",
     "1: 1 \n3: 2 \n3: 3 \n"},
    {"$.a", "{\"a\":[1],\n\"a\":[2]}", "1: 1 \n2: 2 \n"},
    {"$.a", "{\"a\":[]}", ""},
    {"$.a", "{\"b\":[1]}", "1! there is no $.a in the file"},
    {"$.a", "[1]", "1! there is no $.a in the file"},
    {"$.a", "\n7", "2! there is no $.a in the file"},
    {"$", "{\"a\":[1]}", "1! $ is an object, not an array"},
    {"$.a", "{\n\"a\":null}", "2! $.a is null, not an array"},
    {"$.a", "{\"a\":\"x\"}", "1! $.a is a string, not an array"},
    {"$", "", "0! the file is empty"},
    {"$", " \n", "0! the file is empty"},
    {"$", "[1,\n2", "1: 1 \n2: 2 \n2! column 2: the text ends too early"},
    {"$", "[1,\n2,", "1: 1 \n2: 2 \n2! column 3: the text ends too early"},
    {"$", "[1] x", "1: 1 \n1! column 5: expected nothing behind the value"},
    {"$", "[1,2}", "1: 1 \n1: 2 \n1! column 5: expected ',' or ']'"},
    {"$.a", "{\"a\":[1],\"b\":[}", "1: 1 \n1! column 15: expected a value"},
};

static void items_are_the_same_wherever_the_bytes_are_cut(void **state) {
  static const size_t chunks[] = {1, 2, 7, 1000};
  (void)state;
  for (size_t i = 0; i < sizeof walks / sizeof *walks; i++) {
    for (size_t k = 0; k < sizeof chunks / sizeof *chunks; k++) {
      struct buf out = BUF_WITH_LIMIT(1 << 16);
      read_items(feed_chunks(slice_of(walks[i].text), chunks[k]), walks[i].path, &out);
      const char *got = buf_text(&out);
      if (strcmp(got, walks[i].items) != 0)
        fail_msg("%s of %s, chunks of %zu:\n%s\nnot\n%s", walks[i].path, walks[i].text, chunks[k],
                 got, walks[i].items);
      buf_free(&out);
    }
  }
}

static void a_long_document_is_walked_in_flat_memory(void **state) {
  enum { ITEMS = 200000 };
  struct buf text = BUF_WITH_LIMIT(64 << 20);
  struct bytes bytes;
  struct json_path path;
  struct json_items items;
  struct error err;
  enum json_token token;
  int got, count = 0;
  (void)state;
  buf_add_text(&text, "{\"meta\":{},\"items\":[");
  for (int i = 0; i < ITEMS; i++)
    buf_printf(&text, "%s\n{\"id\":%d,\"name\":\"a name that takes some room\"}", i ? "," : "", i);
  buf_add_text(&text, "]}");
  assert_int_equal(json_path_parse(&path, "$.items", &err), 0);
  assert_int_equal(
      bytes_open(&bytes, feed_file(buf_slice(&text)), NULL, JSON_STREAM_TOKEN_MAX, &err), 0);
  json_items_init(&items, &bytes, &path, 100);
  while ((got = json_items_next(&items, &token, &err)) > 0) {
    assert_int_equal(json_stream_skip(&items.stream, token, &err), 0);
    count++;
  }
  assert_int_equal(got, 0);
  assert_int_equal(count, ITEMS);
  assert_int_equal(items.line, ITEMS + 1);
  assert_true(bytes.cap <= 4 * BYTES_READ);
  json_items_free(&items);
  bytes_close(&bytes);
  buf_free(&text);
}

static void a_string_that_is_too_long_is_told(void **state) {
  struct buf text = BUF_WITH_LIMIT(64 << 20), out = BUF_WITH_LIMIT(1 << 16);
  (void)state;
  buf_add_text(&text, "[1,\n\"");
  for (int i = 0; i < 17 << 10; i++) buf_printf(&text, "%01024d", 0);
  buf_add_text(&text, "\"]");
  read_items(feed_file(buf_slice(&text)), "$", &out);
  assert_string_equal(buf_text(&out), "1: 1 \n2! a string is longer than 16 MiB");
  buf_free(&text);
  buf_free(&out);
}

static const struct walk wrong_paths[] = {
    {"", "the path '' does not begin with $ at its character 1", NULL},
    {"items", "the path 'items' does not begin with $ at its character 1", NULL},
    {"$items", "the path '$items' needs a '.' or '[' at its character 2", NULL},
    {"$.", "the path '$.' lacks a name at its character 2", NULL},
    {"$..a", "the path '$..a' lacks a name at its character 2", NULL},
    {"$.a[", "the path '$.a[' lacks a ']' at its character 4", NULL},
    {"$[x]", "the path '$[x]' needs a number, * or a quoted name at its character 2", NULL},
    {"$[-1]", "the path '$[-1]' needs a number, * or a quoted name at its character 2", NULL},
    {"$['a]", "the path '$['a]' lacks the end of a quoted name at its character 2", NULL},
    {"$[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]",
     "the path '$[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]' has too many parts at its "
     "character 50",
     NULL},
};

static void a_wrong_path_is_told_with_its_place(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof wrong_paths / sizeof *wrong_paths; i++) {
    struct json_path path;
    struct error err;
    assert_int_equal(json_path_parse(&path, wrong_paths[i].path, &err), -1);
    assert_string_equal(err.message, wrong_paths[i].text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(items_are_the_same_wherever_the_bytes_are_cut),
      cmocka_unit_test(a_long_document_is_walked_in_flat_memory),
      cmocka_unit_test(a_string_that_is_too_long_is_told),
      cmocka_unit_test(a_wrong_path_is_told_with_its_place),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
