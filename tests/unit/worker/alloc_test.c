/* The memory of a Lua state: counted, limited, and kept whole while blocks move. */
#include "worker/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <lauxlib.h>
#include <lualib.h>
#include <cmocka.h>

enum { BLOCKS = 500, SIZE_MAX_TRIED = 1500, TYPE_TAG = LUA_TTABLE };

struct block {
  unsigned char *ptr;
  size_t size;
  unsigned char seed;
};

static unsigned next(unsigned *random) { return *random = *random * 1103515245u + 12345u; }

static void fill(struct block *b) {
  for (size_t i = 0; i < b->size; i++) b->ptr[i] = (unsigned char)(b->seed + i);
}

static void check(const struct block *b, size_t len) {
  for (size_t i = 0; i < len; i++) assert_int_equal(b->ptr[i], (unsigned char)(b->seed + i));
}

static void resize(struct alloc *a, struct block *b, size_t size) {
  size_t kept = b->size < size ? b->size : size;
  b->ptr = alloc_lua(a, b->ptr, b->ptr ? b->size : TYPE_TAG, size);
  assert_int_equal(b->ptr != NULL, size != 0);
  assert_int_equal((uintptr_t)b->ptr % 16, 0);
  check(b, kept);
  b->size = size;
  fill(b);
}

static void blocks_keep_their_content_while_they_move_between_sizes(void **unused) {
  static struct block blocks[BLOCKS];
  struct alloc a = {.limit = 0};
  unsigned random = 1;
  size_t used = 0;
  (void)unused;
  for (int step = 0; step < 50000; step++) {
    struct block *b = &blocks[next(&random) >> 8 & 0xff];
    size_t size = (next(&random) >> 8) % SIZE_MAX_TRIED;
    used += size - b->size;
    b->seed = b->size ? b->seed : (unsigned char)step;
    resize(&a, b, next(&random) & 0x300 ? size : 0);
    if (b->size != size) used -= size;
    assert_int_equal(a.used, used);
  }
  for (int i = 0; i < BLOCKS; i++) resize(&a, &blocks[i], 0);
  assert_int_equal(a.used, 0);
  assert_true(a.peak > 0);
  alloc_free(&a);
}

static void a_freed_block_of_a_class_is_used_again(void **unused) {
  struct alloc a = {.limit = 0};
  (void)unused;
  void *first = alloc_lua(&a, NULL, TYPE_TAG, 33);
  (void)alloc_lua(&a, first, 33, 0);
  assert_ptr_equal(alloc_lua(&a, NULL, TYPE_TAG, 48), first);
  assert_ptr_not_equal(alloc_lua(&a, NULL, TYPE_TAG, 48), first);
  alloc_free(&a);
}

static void the_limit_is_a_limit_to_the_byte(void **unused) {
  struct alloc a = {.limit = 1000};
  (void)unused;
  void *p = alloc_lua(&a, NULL, TYPE_TAG, 600);
  assert_non_null(p);
  assert_null(alloc_lua(&a, NULL, TYPE_TAG, 401));
  assert_null(alloc_lua(&a, NULL, TYPE_TAG, SIZE_MAX));
  assert_null(alloc_lua(&a, p, 600, 1001));
  assert_int_equal(a.used, 600);
  void *q = alloc_lua(&a, NULL, TYPE_TAG, 400);
  assert_non_null(q);
  assert_int_equal(a.used, 1000);
  p = alloc_lua(&a, p, 600, 100); /* to shrink never fails */
  assert_non_null(p);
  assert_non_null(alloc_lua(&a, NULL, TYPE_TAG, 500));
  (void)alloc_lua(&a, p, 100, 0);
  alloc_free(&a);
  assert_int_equal(a.limit, 1000);
}

static int churn(lua_State *L) {
  luaL_openlibs(L);
  if (luaL_dostring(L, "local t = {} for i = 1, 20000 do t[i % 100] = {name = 'n' .. i, {i}} end\n"
                       "local ok = pcall(string.rep, 'x', 1 << 30) assert(not ok)\n"
                       "collectgarbage() assert(#('x'):rep(100000) == 100000)"))
    fail_msg("%s", lua_tostring(L, -1));
  return 0;
}

static void a_lua_state_lives_in_it_and_leaves_nothing(void **unused) {
  struct alloc a = {.limit = 4 << 20};
  (void)unused;
  lua_State *L = lua_newstate(alloc_lua, &a);
  assert_non_null(L);
  (void)churn(L);
  assert_true(a.peak <= a.limit);
  lua_close(L);
  assert_int_equal(a.used, 0);
  alloc_free(&a);
}

/* Each limit from nothing up: whatever fails, fails as Lua's own error. */
static void every_limit_gives_a_state_or_an_error(void **unused) {
  (void)unused;
  for (size_t limit = 64; limit < 60000; limit += 211) {
    struct alloc a = {.limit = limit};
    lua_State *L = lua_newstate(alloc_lua, &a);
    if (L) {
      lua_pushcfunction(L, luaopen_string);
      (void)lua_pcall(L, 0, 0, 0);
      lua_close(L);
    }
    assert_int_equal(a.used, 0);
    alloc_free(&a);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(blocks_keep_their_content_while_they_move_between_sizes),
      cmocka_unit_test(a_freed_block_of_a_class_is_used_again),
      cmocka_unit_test(the_limit_is_a_limit_to_the_byte),
      cmocka_unit_test(a_lua_state_lives_in_it_and_leaves_nothing),
      cmocka_unit_test(every_limit_gives_a_state_or_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
