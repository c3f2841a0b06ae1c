/* Each script is run with Lua's 1st, 2nd, 3rd… allocation failing, until it
 * succeeds: it ends in "not enough memory", and the sanitizer finds nothing lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/bind/json.h"
#include "worker/bind/sources.h"
#include "worker/bind/text.h"

#include "lua_state.h"

#include <stdlib.h>
#include <unistd.h>

/* Fails every growth from the LEFT-th on, as a limit does. */
struct heap {
  long left;
  bool is_limited;
};

static void *allocate(void *user, void *ptr, size_t old_size, size_t size) {
  struct heap *heap = user;
  if (size == 0) {
    free(ptr);
    return NULL;
  }
  if (heap->is_limited && (!ptr || size > old_size) && --heap->left < 0) return NULL;
  return realloc(ptr, size);
}

static const char *const scripts[] = {
    "for row in hoko.csv('rows.csv', { columns = { 'a', 'b' }, on_error = 'reject' }) do local x = "
    "row.a, row.b end",
    "for row in hoko.csv('rows.csv', { header = { 'x', 'y' }, ragged = true }) do local x = row.y "
    "end",
    "for row in hoko.csv('rows.csv', { header = false, ragged = true, empty = 'string', on_error = "
    "'reject' }) do end",
    "local _, why = pcall(function() return hoko.csv('rows.csv')().none end) "
    "assert(why:find('has no column', 1, true), why)",
    "for row in hoko.ndjson('rows.ndjson', { on_error = 'reject' }) do local x = row.a end",
    "for row in hoko.json('rows.json', { at = '$.rows[*]' }) do local x = row.a end",
    "local v = hoko.json.decode('{\"a\":[1,{\"b\":\"\\\\u00e9\"}],\"c\":[]}') "
    "assert(hoko.json.encode(v, { indent = 2 }):len() > 20)",
    "local t = hoko.text assert(t.trim(' a ') == 'a' and t.squeeze(' a  b ') == 'a b' and "
    "t.fold('É') == 'é' and "
    "t.email('É@X') == 'é@x' and t.slug('É ب') == 'e-ب' and t.phone('050 123 4567', 'SA') == "
    "'+966501234567' and "
    "t.digits(('1'):rep(2000)):len() == 2000)",
};

/* Whether SCRIPT ran to its end. */
static bool run_with(lua_State *L, struct heap *heap, const char *script, long left) {
  if (luaL_loadstring(L, script)) fail_msg("%s", lua_tostring(L, -1));
  *heap = (struct heap){left, true};
  int status = lua_pcall(L, 0, 0, 0);
  heap->is_limited = false;
  if (status != LUA_OK && !strstr(lua_tostring(L, -1), "not enough memory"))
    fail_msg("%s\n%s", script, lua_tostring(L, -1));
  return status == LUA_OK;
}

static int count_files(void) {
  int files = 0;
  for (int fd = 0; fd < 256; fd++) files += fcntl(fd, F_GETFD) >= 0;
  return files;
}

static void a_failing_allocation_loses_nothing(void **state) {
  int files = count_files();
  (void)state;
  for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
    bool is_done = false;
    long left = 0;
    for (; !is_done; left++) {
      struct heap heap = {0, false};
      struct worker_shared shared = {.source.reject = keep_reject};
      lua_State *L = lua_newstate(allocate, &heap);
      assert_non_null(L);
      *(struct worker_shared **)lua_getextraspace(L) = &shared;
      luaL_openlibs(L);
      lua_newtable(L);
      lua_setglobal(L, "rejects");
      lua_newtable(L);
      lua_pushvalue(L, -1);
      lua_setglobal(L, "hoko");
      bind_json(L);
      bind_sources(L);
      text_bind(L);
      is_done = run_with(L, &heap, scripts[i], left);
      lua_close(L);
      assert_int_equal(count_files(), files);
    }
    assert_in_range(left, 5, 10000);
  }
}

static void write_file(const char *name, const char *text) {
  FILE *f = fopen(name, "w");
  assert_non_null(f);
  assert_true(fputs(text, f) >= 0 && fclose(f) == 0);
}

int main(void) {
  char folder[] = "/tmp/hoko-memory-XXXXXX";
  if (!mkdtemp(folder) || chdir(folder)) return 1;
  write_file("rows.csv", "a,b\n1,2\n3\n\"4\"\"\",\n5,6\n");
  write_file("rows.ndjson", "{\"a\":1}\n{\"a\":\n{\"a\":\"\\u00e9\",\"b\":[]}\n");
  write_file("rows.json", "{\"x\":[],\"rows\":[{\"a\":1},{\"a\":\"\\u00e9\",\"b\":[]}]}");
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_failing_allocation_loses_nothing)};
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return system("rm -r \"$PWD\"") ? 1 : failed;
}
