/* Rows from the Lua stack into records, and what is refused on the way. */
#include "worker/row/encode.h"

#include "base/row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <lauxlib.h>
#include <lualib.h>
#include <cmocka.h>

#define ID "7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11"

enum { ROW_AT = 1, ROW_MAX = 60000 };

/* How a row is to be read. */
struct want {
  const char *key; /* the key's field */
  bool has_key, function_key, refuses_id;
};

struct result {
  enum rule rule;
  struct refusal_of_row why;
  struct row row; /* points into the frame */
  bool is_one_record;
};

static lua_State *L;
static struct buf frame;

static int open_state(void **unused) {
  (void)unused;
  L = luaL_newstate();
  luaL_openlibs(L);
  lua_pushlightuserdata(L, NULL);
  lua_setglobal(L, "null");
  frame = BUF_WITH_LIMIT(2 * ENCODE_ROW_MAX);
  return 0;
}

static int close_state(void **unused) {
  (void)unused;
  lua_close(L);
  buf_free(&frame);
  return 0;
}

/* Encodes the value that the Lua expression TEXT gives; a second value is the key. */
static struct result encode(const char *text, struct want want) {
  struct result r = {.rule = RULE_OK};
  struct encoder e = {.row_max = ROW_MAX};
  lua_settop(L, 0);
  if (luaL_loadstring(L, "") || luaL_dostring(L, lua_pushfstring(L, "return %s", text)))
    fail_msg("%s: %s", text, lua_tostring(L, -1));
  lua_remove(L, 1);
  lua_remove(L, 1);
  lua_settop(L, 2);
  encode_begin(L, &e, want.key);
  lua_insert(L, 2); /* the names stay below the key */
  e.has_key = want.has_key || want.key;
  e.refuses_id = want.refuses_id;
  buf_clear(&frame);
  assert_non_null(buf_room(&frame, ENCODE_ROW_MAX));
  int top = lua_gettop(L);
  r.rule = encode_row(L, ROW_AT, &e, want.function_key, 7, &frame, &r.why);
  assert_int_equal(lua_gettop(L), top);
  if (r.rule != RULE_OK) {
    assert_int_equal(frame.len, 0);
    assert_int_equal(r.why.rule, r.rule);
    return r;
  }
  struct slice bytes = buf_slice(&frame);
  r.is_one_record = row_take(&bytes, &r.row) && bytes.len == 0;
  assert_true(r.is_one_record);
  assert_int_equal(r.row.line, 7);
  return r;
}

static const struct want plain = {.key = NULL}, by_ref = {.key = "ref"},
                         by_function = {.has_key = true, .function_key = true},
                         create = {.refuses_id = true};

struct good {
  const char *lua;
  const struct want *want;
  const char *key, *id, *field[ROW_FIELDS];
};

static const struct good good[] = {
    {"{name='A'}", &plain, "", "", {"\"A\"", "", ""}},
    {"{name='A', email='a@b.co', phone='+1'}", &plain, "", "", {"\"A\"", "\"a@b.co\"", "\"+1\""}},
    {"{name='A', email=null}", &plain, "", "", {"\"A\"", "null", ""}},
    {"{id='" ID "', phone=null}", &plain, "", ID, {"", "", "null"}},
    {"{name='q\"\\\\/\\n\\1\\127'}", &plain, "", "", {"\"q\\\"\\\\/\\n\\u0001\x7f\"", "", ""}},
    {"{name='سارة'}", &plain, "", "", {"\"سارة\"", "", ""}},
    {"{name='A', ref='k'}", &by_ref, "k", "", {"\"A\"", "", ""}},
    {"{name='A', ref=42}", &by_ref, "42", "", {"\"A\"", "", ""}},
    {"{name='A', ref=42.0}", &by_ref, "42", "", {"\"A\"", "", ""}},
    {"{name='A', ref=-0.0}", &by_ref, "0", "", {"\"A\"", "", ""}},
    {"{name='A', ref=math.mininteger}", &by_ref, "-9223372036854775808", "", {"\"A\"", "", ""}},
    {"{ref='k'}", &by_ref, "k", "", {"", "", ""}},
    {"{ref='k', email=null}", &by_ref, "k", "", {"", "null", ""}},
    {"{name='A', email='a@b.co'}",
     &(const struct want){.key = "email"},
     "a@b.co",
     "",
     {"\"A\"", "\"a@b.co\"", ""}},
    {"{name='A'}, 'k'", &by_function, "k", "", {"\"A\"", "", ""}},
    {"{name='A'}, 7", &by_function, "7", "", {"\"A\"", "", ""}},
    {"{name='A', id='" ID "'}, 7", &by_function, "7", ID, {"\"A\"", "", ""}},
    {"setmetatable({name='A'}, {__index=error, __pairs=error, __len=error})",
     &plain,
     "",
     "",
     {"\"A\"", "", ""}},
};

static void good_rows_become_records(void **unused) {
  (void)unused;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    const struct good *g = &good[i];
    struct result r = encode(g->lua, *g->want);
    if (r.rule != RULE_OK) fail_msg("%s: %s", g->lua, rule_code(r.rule));
    assert_true(slice_is(r.row.key, g->key));
    assert_true(slice_is(r.row.id, g->id));
    for (int f = 0; f < ROW_FIELDS; f++)
      if (!slice_is(r.row.field[f], g->field[f]))
        fail_msg("%s: field %d is %.*s", g->lua, f, SLICE_ARG(r.row.field[f]));
  }
}

struct bad {
  const char *lua;
  const struct want *want;
  enum rule rule;
  const char *field, *got;
};

static const struct bad bad[] = {
    {"{}", &plain, RULE_NAME_MISSING, "name", ""},
    {"{email='a@b.co'}", &plain, RULE_NAME_MISSING, "name", ""},
    {"{name=null}", &plain, RULE_NAME_NULL, "name", ""},
    {"{name=5}", &plain, RULE_WRONG_TYPE, "name", "number"},
    {"{name=5.5}", &plain, RULE_WRONG_TYPE, "name", "number"},
    {"{name=true}", &plain, RULE_WRONG_TYPE, "name", "boolean"},
    {"{name={}}", &plain, RULE_WRONG_TYPE, "name", "table"},
    {"{name=print}", &plain, RULE_WRONG_TYPE, "name", "function"},
    {"{name=io.stdout}", &plain, RULE_WRONG_TYPE, "name", "userdata"},
    {"{name=coroutine.create(print)}", &plain, RULE_WRONG_TYPE, "name", "thread"},
    {"{name='A', nam='B'}", &plain, RULE_UNKNOWN_FIELD, "nam", ""},
    {"{name='A', [1]='B'}", &plain, RULE_UNKNOWN_FIELD, "[1]", ""},
    {"{name='A', [1.5]='B'}", &plain, RULE_UNKNOWN_FIELD, "[number]", ""},
    {"{name='A', [{}]='B'}", &plain, RULE_UNKNOWN_FIELD, "[table]", ""},
    {"{name='A', ['']='B'}", &plain, RULE_UNKNOWN_FIELD, "", ""},
    {"{name='A', ['\\xff']='B'}", &plain, RULE_UNKNOWN_FIELD, "\\xff", ""},
    {"{name='A', ref='k'}", &plain, RULE_UNKNOWN_FIELD, "ref", ""},
    {"{id='x', name='A'}", &plain, RULE_BAD_ID, "id", ""},
    {"{id=5, name='A'}", &plain, RULE_ID_TYPE, "id", "number"},
    {"{id='" ID "'}", &plain, RULE_NO_CHANGE, "", ""},
    {"{id='" ID "', name='A'}", &create, RULE_UNKNOWN_FIELD, "id", ""},
    {"{name='A', email='x'}", &plain, RULE_BAD_EMAIL, "email", ""},
    {"{name='A'}", &by_ref, RULE_KEY_MISSING, "ref", ""},
    {"{name='A', ref=''}", &by_ref, RULE_KEY_MISSING, "ref", ""},
    {"{name='A', ref=null}", &by_ref, RULE_KEY_MISSING, "ref", ""},
    {"{name='A', ref=1.5}", &by_ref, RULE_KEY_TYPE, "ref", "number"},
    {"{name='A', ref=0/0}", &by_ref, RULE_KEY_TYPE, "ref", "number"},
    {"{name='A', ref=1e300}", &by_ref, RULE_KEY_TYPE, "ref", "number"},
    {"{name='A', ref={}}", &by_ref, RULE_KEY_TYPE, "ref", "table"},
    {"{name='A', ref='\\xff'}", &by_ref, RULE_UTF8, "ref", ""},
    {"{name='A', ref='a\\0'}", &by_ref, RULE_NUL, "ref", ""},
    {"{name='A', ref=('k'):rep(1025)}", &by_ref, RULE_TOO_LONG, "ref", ""},
    {"{name='A'}, nil", &by_function, RULE_KEY_MISSING, "", ""},
    {"{name='A'}, ''", &by_function, RULE_KEY_MISSING, "", ""},
    {"{name='A'}, true", &by_function, RULE_KEY_TYPE, "key", "boolean"},
    {"{name=('\\1'):rep(10000), phone=('\\1'):rep(10000)}", &plain, RULE_TOO_LARGE, "", ""},
};

static void bad_rows_are_refused_with_their_field(void **unused) {
  (void)unused;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const struct bad *b = &bad[i];
    struct result r = encode(b->lua, *b->want);
    if (r.rule != b->rule) fail_msg("%s: %s", b->lua, rule_code(r.rule));
    assert_string_equal(r.why.field, b->field);
    assert_string_equal(r.why.got, b->got);
  }
}

static void the_largest_row_fits_what_every_row_has(void **unused) {
  struct encoder e = {.row_max = SIZE_MAX};
  struct refusal_of_row why;
  (void)unused;
  lua_settop(L, 0);
  assert_int_equal(
      luaL_dostring(
          L, "local s = ('\\1'):rep(10000)\n"
             "return {name=s, email=('\\u{80}'):rep(4998) .. '@ab', phone=s, ref=('k'):rep(1024)}"),
      0);
  encode_begin(L, &e, "ref");
  e.has_key = true;
  buf_clear(&frame);
  assert_non_null(buf_room(&frame, ENCODE_ROW_MAX));
  assert_int_equal(encode_row(L, ROW_AT, &e, false, UINT32_MAX, &frame, &why), RULE_OK);
  assert_true(buf_ok(&frame) && frame.len <= ENCODE_ROW_MAX);
}

static void a_key_is_taken_as_a_row_would_have_it(void **unused) {
  static const struct {
    const char *lua, *key;
  } keys[] = {{"'k'", "k"}, {"42", "42"}, {"42.0", "42"}, {"1.5", ""},     {"nil", ""},
              {"null", ""}, {"{}", ""},   {"''", ""},     {"'\\xff'", ""}, {"('k'):rep(1025)", ""}};
  (void)unused;
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    char number[ENCODE_KEY_NUMBER_SIZE], code[100];
    lua_settop(L, 0);
    (void)snprintf(code, sizeof code, "return %s", keys[i].lua);
    assert_int_equal(luaL_dostring(L, code), 0);
    if (!slice_is(encode_key(L, number), keys[i].key)) fail_msg("%s", keys[i].lua);
  }
}

static void values_are_shown_as_json(void **unused) {
  static const struct {
    const char *lua, *json;
  } shown[] = {
      {"{}", "{}"},
      {"{name='A'}", "{\"name\":\"A\"}"},
      {"{5}", "{\"1\":5}"},
      {"{x=null}", "{\"x\":null}"},
      {"{x=1.5}", "{\"x\":1.5}"},
      {"{x=0/0}", NULL},
      {"{x=math.huge}", "{\"x\":\"inf\"}"},
      {"{x=print}", "{\"x\":\"function\"}"},
      {"{x='\\xff\\0'}", "{\"x\":\"\\\\xff\\\\x00\"}"},
      {"{x={{{{{}}}}}}", "{\"x\":{\"1\":{\"1\":{\"1\":\"table\"}}}}"},
      {"{[true]=1}", "{\"boolean\":1}"},
  };
  (void)unused;
  for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
    struct buf out = BUF_WITH_LIMIT(1 << 20);
    char code[100];
    lua_settop(L, 0);
    (void)snprintf(code, sizeof code, "return %s", shown[i].lua);
    assert_int_equal(luaL_dostring(L, code), 0);
    encode_show(L, 1, &out);
    if (shown[i].json && !slice_is(buf_slice(&out), shown[i].json))
      fail_msg("%s: %.*s", shown[i].lua, (int)out.len, out.ptr);
    assert_int_equal(lua_gettop(L), 1);
    buf_free(&out);
  }
}

static void what_is_shown_has_an_end(void **unused) {
  static const char *const large[] = {
      "local t = {} t.t = t return t", "local t = {} for i = 1, 1e5 do t[i] = 'value' end return t",
      "return {('\\1'):rep(1 << 20)}", "return {[('k'):rep(1 << 20)]=('\\xff'):rep(1 << 20)}"};
  (void)unused;
  for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
    struct buf out = BUF_WITH_LIMIT(1 << 20);
    lua_settop(L, 0);
    assert_int_equal(luaL_dostring(L, large[i]), 0);
    encode_show(L, 1, &out);
    assert_true(buf_ok(&out) && out.len < 1 << 19);
    buf_free(&out);
  }
}

#define IN_A_STATE(test) cmocka_unit_test_setup_teardown(test, open_state, close_state)

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_A_STATE(good_rows_become_records),
      IN_A_STATE(bad_rows_are_refused_with_their_field),
      IN_A_STATE(the_largest_row_fits_what_every_row_has),
      IN_A_STATE(a_key_is_taken_as_a_row_would_have_it),
      IN_A_STATE(values_are_shown_as_json),
      IN_A_STATE(what_is_shown_has_an_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
