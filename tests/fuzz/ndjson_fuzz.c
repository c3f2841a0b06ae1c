/* What hoko.ndjson makes of a line can be written and read again to the same text,
 * and is the same whether or not the rows before had the same names. */
#include "worker/bind/json.h"
#include "worker/bind/json_read.h"
#include "worker/bind/json_write.h"
#include "worker/source/lines.h"

#include "check.h"

#include <lauxlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 12, LIMIT = 1 << 24 };

static int open_text(const uint8_t *data, size_t len) {
  int fd = memfd_create("fuzz", 0);
  check(fd >= 0 && write(fd, data, len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0);
  return fd;
}

/* Pushes nothing; the row as text, or "" when TEXT is no JSON. */
static void write_row(lua_State *L, struct json_read *r, struct slice text, struct buf *out) {
  struct error err;
  int top = lua_gettop(L);
  if (json_read_whole(L, r, text, &err) == 0) {
    check(lua_gettop(L) == top + 1);
    check(json_write(L, -1, 0, out, &err) == 0);
    lua_pop(L, 1);
  }
  check(lua_gettop(L) == top);
}

static void check_line(lua_State *L, struct json_read *known, struct slice text) {
  struct json_scan scan;
  struct json_read fresh = {.scan = &scan};
  struct buf a = BUF_WITH_LIMIT(LIMIT), b = BUF_WITH_LIMIT(LIMIT), c = BUF_WITH_LIMIT(LIMIT);
  json_init(&scan, JSON_READ_DEPTH);
  write_row(L, known, text, &a);
  write_row(L, &fresh, text, &b);
  check(slice_equal(buf_slice(&a), buf_slice(&b)));
  if (a.len) write_row(L, &fresh, buf_slice(&a), &c);
  check(slice_equal(buf_slice(&a), buf_slice(&c)));
  buf_free(&a);
  buf_free(&b);
  buf_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct bytes bytes;
  struct lines lines;
  struct error err;
  struct json_scan scan;
  struct json_keys keys;
  struct json_read known = {.scan = &scan, .keys = &keys, .is_one_line = true};
  if (len > TEXT_MAX || bytes_open(&bytes, open_text(data, len), NULL, LINES_MAX, &err)) return 0;
  lua_State *L = luaL_newstate();
  check(L != NULL);
  lua_newtable(L);
  bind_json(L);
  json_init(&scan, JSON_READ_DEPTH);
  json_keys_open(L, &keys);
  lines_init(&lines, &bytes);
  while (lines_next(&lines, &err) == LINES_LINE) check_line(L, &known, lines.text);
  json_keys_close(L, &keys);
  lua_close(L);
  bytes_close(&bytes);
  return 0;
}
