#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/bind/json.h"

#include "lua_state.h"

#include <yajl/yajl_parse.h>

struct use {
  const char *code, *result; /* Lua: an expression, and what tostring() makes of it */
};

static lua_State *json_state(struct worker_shared *shared) {
  lua_State *L = state_new(shared);
  bind_json(L);
  luaL_dostring(L, "encode, decode, array = hoko.json.encode, hoko.json.decode, hoko.json.array\n"
                   "function nest(n) local t = {} for i = 2, n do t = { t } end return t end\n"
                   "function cycle() local t = { a = {} } t.a.b = t return t end");
  return L;
}

static void check(const struct use *uses, size_t len) {
  struct worker_shared shared;
  lua_State *L = json_state(&shared);
  for (size_t i = 0; i < len; i++) {
    lua_pushfstring(L, "return tostring(%s)", uses[i].code);
    const char *code = lua_tostring(L, -1);
    (void)(luaL_loadbuffer(L, code, strlen(code), "@s") || lua_pcall(L, 0, 1, 0));
    const char *got = lua_tostring(L, -1);
    if (!got || strcmp(got, uses[i].result) != 0)
      fail_msg("%s\ngives %s\nnot   %s", uses[i].code, got, uses[i].result);
    lua_settop(L, 1);
  }
  lua_close(L);
}

#define CHECK(table) check(table, sizeof table / sizeof *table)

static void values_are_written_exactly(void **state) {
  static const struct use uses[] = {
      {"encode(nil)", "null"},
      {"encode(hoko.null)", "null"},
      {"encode(true)", "true"},
      {"encode('')", "\"\""},
      {"encode('\"\\\\/\\n\\0é')", "\"\\\"\\\\/\\n\\u0000é\""},
      {"encode(0)", "0"},
      {"encode(math.maxinteger)", "9223372036854775807"},
      {"encode(math.mininteger)", "-9223372036854775808"},
      {"encode(9007199254740993)", "9007199254740993"},
      {"encode(1.0)", "1.0"},
      {"encode(-0.0)", "-0.0"},
      {"encode(0.1)", "0.1"},
      {"encode(1/3)", "0.3333333333333333"},
      {"encode(1e300)", "1e+300"},
      {"encode(5e-324)", "4.9406564584125e-324"},
      {"encode(2^53)", "9007199254740992.0"},
      {"encode({})", "{}"},
      {"encode(array())", "[]"},
      {"encode(array{})", "[]"},
      {"encode({ 1, 'a', false, hoko.null })", "[1,\"a\",false,null]"},
      {"encode({ b = 1, a = { c = {} }, ['ab'] = 2, ['a\\0'] = 3 })",
       "{\"a\":{\"c\":{}},\"a\\u0000\":3,\"ab\":2,\"b\":1}"},
      {"encode({ a = { 1, {} }, b = array() }, { indent = 2 })",
       "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}"},
      {"encode({ 1 }, { indent = true })", "[\n  1\n]"},
      {"encode({ 1 }, { indent = 0 })", "[1]"},
      {"encode(setmetatable({ a = 1 }, { __index = error, __pairs = error, __len = error }))",
       "{\"a\":1}"},
      {"#encode(nest(100))", "200"},
  };
  (void)state;
  CHECK(uses);
}

static void what_json_cannot_say_is_an_error_with_its_path(void **state) {
  static const struct use uses[] = {
      {"encode(0/0)", "s:1: hoko.json.encode: the value is NaN, which JSON does not have"},
      {"encode({ a = { 1, 1/0 } })",
       "s:1: hoko.json.encode: a[2] is infinite, which JSON does not have"},
      {"encode({ a = { { b = print } } })",
       "s:1: hoko.json.encode: a[1].b is a function, which JSON does not have"},
      {"encode({ note = 'ab\\xff' })",
       "s:1: hoko.json.encode: note is no valid UTF-8 (from byte 3 on)"},
      {"encode({ ['\\xff'] = 1 })",
       "s:1: hoko.json.encode: \\xff is no valid UTF-8 (from byte 1 on)"},
      {"encode({ x = { [2] = 1 } })",
       "s:1: hoko.json.encode: x has the key 2, where keys must be texts, or 1 to n without a gap"},
      {"encode({ [1.5] = 1 })", "s:1: hoko.json.encode: the value has the key 1.5, where keys must "
                                "be texts, or 1 to n without a gap"},
      {"encode({ 1, 2, x = 3 })",
       "s:1: hoko.json.encode: the value has items and also the key 'x'"},
      {"encode({ [true] = 1 })", "s:1: hoko.json.encode: the value has a boolean as a key"},
      {"encode({ 1, nil, 3 })",
       "s:1: hoko.json.encode: the value has a gap among its items; fill it with hoko.null"},
      {"encode({ a = cycle() })", "s:1: hoko.json.encode: a.a.b contains itself"},
      {"encode(nest(101)):len()",
       "s:1: hoko.json.encode: "
       "[1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1]"
       "[1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1]["
       "1][1][1][1][1][1][1][1]"
       "[1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1]["
       "1][1] is nested deeper "
       "than 100 levels"},
      {"encode(io.stdout)",
       "s:1: hoko.json.encode: the value is a userdata, which JSON does not have"},
      {"encode(('x'):rep(65 << 20)):len()",
       "s:1: hoko.json.encode: the text would be larger than 64 MiB"},
      {"encode()", "s:1: hoko.json.encode: there is no value"},
      {"encode({}, { indent = 17 })",
       "s:1: hoko.json.encode: option 'indent' must be true or a whole number from 0 to 16"},
      {"encode({}, { pretty = true })", "s:1: hoko.json.encode: unknown option 'pretty'"},
      {"array(1)", "s:1: hoko.json.array: expected a table, got number"},
      {"array(setmetatable({}, {}))", "s:1: hoko.json.array: the table has a metatable of its own"},
  };
  (void)state;
  CHECK(uses);
}

static void texts_are_read_exactly(void **state) {
  static const struct use uses[] = {
      {"decode('null') == hoko.null", "true"},
      {"decode(' \\n[1]\\t ')[1]", "1"},
      {"decode('9223372036854775807') == math.maxinteger", "true"},
      {"math.type(decode('-9223372036854775808'))", "integer"},
      {"decode('9007199254740993')", "9007199254740993"},
      {"decode('1.0')", "1.0"},
      {"decode('1e2')", "100.0"},
      {"decode('\"\\\\u0041\\\\ud83d\\\\ude00\\\\n\"')", "A\U0001F600\n"},
      {"#decode('\"\\\\u0000\"')", "1"},
      {"encode(decode('{\"b\":[],\"a\":{}}'))", "{\"a\":{},\"b\":[]}"},
      {"encode(decode('[[],[[]],{\"x\":[1,2.5,null]}]'))", "[[],[[]],{\"x\":[1,2.5,null]}]"},
      {"encode(decode(encode({ 0.1, 1/3, 1e-7, 123456789.125, 2^63 }))) == encode({ 0.1, 1/3, "
       "1e-7, 123456789.125, 2^63 })",
       "true"},
      {"#decode(('['):rep(100) .. (']'):rep(100))", "1"},
  };
  (void)state;
  CHECK(uses);
}

static void texts_that_are_wrong_are_told_with_their_place(void **state) {
  static const struct use uses[] = {
      {"decode('')", "s:1: hoko.json.decode: line 1, column 1: the text ends too early"},
      {"decode('  ')", "s:1: hoko.json.decode: line 1, column 3: the text ends too early"},
      {"decode('{\"a\":1,\\n \"a\":2}')",
       "s:1: hoko.json.decode: line 2, column 5: the key 'a' stands twice in an object"},
      {"decode('{\"a\":1,\"\\\\u0061\":2}')",
       "s:1: hoko.json.decode: line 1, column 16: the key 'a' stands twice in an object"},
      {"decode('[1,]')", "s:1: hoko.json.decode: line 1, column 4: expected a value"},
      {"decode('1 2')",
       "s:1: hoko.json.decode: line 1, column 3: expected nothing behind the value"},
      {"decode('[9223372036854775808]')",
       "s:1: hoko.json.decode: line 1, column 21: an integer does not fit 64 bits; let the source "
       "write it as a string"},
      {"decode('1e400')",
       "s:1: hoko.json.decode: line 1, column 6: a number is larger than a float can be"},
      {"decode('0.' .. ('1'):rep(400))",
       "s:1: hoko.json.decode: line 1, column 403: a number has more than 399 characters"},
      {"decode('\"\\\\ud800\"')",
       "s:1: hoko.json.decode: line 1, column 9: a \\u escape is half of a character"},
      {"decode('\"\\xff\"')",
       "s:1: hoko.json.decode: line 1, column 2: a string is not valid UTF-8"},
      {"decode('NaN')", "s:1: hoko.json.decode: line 1, column 1: expected a value"},
      {"decode(('['):rep(101))", "s:1: hoko.json.decode: line 1, column 101: nested too deeply"},
      {"decode(1)", "s:1: hoko.json.decode: expected a string, got number"},
      {"decode((' '):rep(65 << 20))", "s:1: hoko.json.decode: the text is larger than 64 MiB"},
  };
  (void)state;
  CHECK(uses);
}

/* ---- another parser as the judge ---- */

static const char *const pieces[] = {
    "{",  "}",  "[",    "]",    ",", ":",           "\"a\"",   "\"b\"", "1",   "-0", "2.5",
    "e1", "01", "true", "null", " ", "\"\\u00e9\"", "\"\\x\"", "\"",    "nul", "\n", "é"};

/* yajl takes what it reads to the end of an open word for the end of the text, so a
 * blank ends words; open strings are left to the caller. */
static bool yajl_takes(const char *text, size_t len) {
  yajl_handle parser = yajl_alloc(NULL, NULL, NULL);
  bool takes = yajl_parse(parser, (const unsigned char *)text, len) == yajl_status_ok &&
               yajl_parse(parser, (const unsigned char *)" ", 1) == yajl_status_ok &&
               yajl_complete_parse(parser) == yajl_status_ok;
  yajl_free(parser);
  return takes;
}

static bool is_string_open(const char *text) {
  bool is_open = false;
  for (; *text; text++)
    if (*text == '"') is_open = !is_open;
  return is_open;
}

static bool has_key_twice(const char *message) { return strstr(message, "stands twice") != NULL; }

static void it_takes_what_yajl_takes(void **state) {
  struct worker_shared shared;
  lua_State *L = json_state(&shared);
  uint64_t random = 20261124;
  int taken = 0;
  (void)state;
  for (int round = 0; round < 30000; round++) {
    char text[200] = "";
    size_t len = 0;
    random = random * 6364136223846793005u + 1442695040888963407u;
    uint64_t bits = random >> 11;
    for (size_t n = 1 + bits % 7; n > 0; n--, bits /= 22) {
      const char *piece = pieces[bits % (sizeof pieces / sizeof *pieces)];
      len += (size_t)snprintf(text + len, sizeof text - len, "%s", piece);
    }
    lua_getglobal(L, "decode");
    lua_pushlstring(L, text, len);
    bool is_taken = lua_pcall(L, 1, 1, 0) == LUA_OK;
    bool must_take = !is_string_open(text) && yajl_takes(text, len);
    if (is_taken != must_take && !(!is_taken && has_key_twice(lua_tostring(L, -1))))
      fail_msg("seed round %d: %s\nwe: %s", round, text, is_taken ? "taken" : lua_tostring(L, -1));
    taken += is_taken;
    lua_settop(L, 1);
  }
  assert_true(taken > 500);
  lua_close(L);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_are_written_exactly),
      cmocka_unit_test(what_json_cannot_say_is_an_error_with_its_path),
      cmocka_unit_test(texts_are_read_exactly),
      cmocka_unit_test(texts_that_are_wrong_are_told_with_their_place),
      cmocka_unit_test(it_takes_what_yajl_takes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
