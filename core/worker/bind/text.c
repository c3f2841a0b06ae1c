#include "worker/bind/text.h"

#include "base/utf8.h"
#include "base/utf8_form.h"
#include "worker/bind/phone.h"
#include "worker/raise.h"

#include <lauxlib.h>

enum { SHORT_MAX = 256, TEXT_MAX = 1 << 20 };

typedef int (*text_form)(struct buf *b, struct slice s);

/* A whole number as its digits, so that 5e8 is "500000000". */
static void number_to_text(lua_State *L) {
  lua_Integer whole;
  if (lua_isinteger(L, 1) || !lua_numbertointeger(lua_tonumber(L, 1), &whole)) return;
  if ((lua_Number)whole != lua_tonumber(L, 1)) return;
  lua_pushinteger(L, whole);
  lua_replace(L, 1);
}

/* Nothing, or JSON's null. */
static bool is_none(lua_State *L, int index) {
  return lua_isnoneornil(L, index) || (lua_islightuserdata(L, index) && !lua_touserdata(L, index));
}

/* Argument 1, of a number its text, or the empty slice for nil and for JSON's null;
 * raises for anything else. */
static struct slice argument(lua_State *L, const char *function) {
  struct slice s = {"", 0};
  int type = lua_type(L, 1);
  if (type == LUA_TNUMBER) number_to_text(L);
  if (type == LUA_TSTRING || type == LUA_TNUMBER)
    s.ptr = lua_tolstring(L, 1, &s.len);
  else if (!is_none(L, 1))
    raise_error(L, "hoko.text.%s: expected a string or nil, got a %s", function,
                luaL_typename(L, 1));
  return s;
}

static int push(lua_State *L, struct slice s) {
  if (s.len)
    lua_pushlstring(L, s.ptr, s.len);
  else
    lua_pushnil(L);
  return 1;
}

/* Argument 1 itself: nothing is made. */
static int push_itself(lua_State *L) {
  lua_pushvalue(L, 1);
  return 1;
}

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static bool is_high(char c) { return (unsigned char)c >= 0x80; }

/* Blanks of ASCII here, which is nearly all there is; the rest by their table. */
static struct slice trimmed(struct slice s) {
  while (s.len && is_blank(s.ptr[0])) s = (struct slice){s.ptr + 1, s.len - 1};
  while (s.len && is_blank(s.ptr[s.len - 1])) s.len--;
  return s.len && (is_high(s.ptr[0]) || is_high(s.ptr[s.len - 1])) ? utf8_trim(s) : s;
}

static int trim(lua_State *L) {
  struct slice s = argument(L, "trim"), rest = trimmed(s);
  return rest.len && rest.len == s.len ? push_itself(L) : push(L, rest);
}

static int free_form(lua_State *L) {
  buf_free(lua_touserdata(L, 1));
  return 0;
}

/* Pushes what FORM makes of S.  A full Lua heap may raise between the making and
 * the pushing, so a userdata owns the bytes. */
static int push_form(lua_State *L, struct slice s, text_form form, const char *function) {
  if (utf8_check(s) < s.len)
    raise_error(L, "hoko.text.%s: the text is no valid UTF-8 (hoko.csv has the option encoding)",
                function);
  struct buf *out = lua_newuserdatauv(L, sizeof *out, 0);
  *out = BUF_WITH_LIMIT(TEXT_MAX);
  if (luaL_newmetatable(L, "hoko.text.form")) {
    lua_pushcfunction(L, free_form);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  if (form(out, s)) raise_error(L, "hoko.text.%s: the text is longer than 1 MiB", function);
  (void)push(L, trimmed(buf_slice(out)));
  buf_free(out);
  return 1;
}

/* Lower case of ASCII; the rest by its table. */
static int email(lua_State *L) {
  struct slice whole = argument(L, "email"), s = trimmed(whole);
  char lower[SHORT_MAX];
  bool has_high = s.len > sizeof lower, is_same = s.len == whole.len;
  for (size_t i = 0; i < s.len && !has_high; i++) {
    char c = s.ptr[i];
    bool is_upper = c >= 'A' && c <= 'Z';
    lower[i] = is_upper ? (char)(c | 0x20) : c;
    is_same = is_same && !is_upper;
    has_high = is_high(c);
  }
  if (has_high) return push_form(L, s, utf8_form_lower, "email");
  return is_same && s.len ? push_itself(L) : push(L, (struct slice){lower, s.len});
}

static int squeeze(lua_State *L) {
  return push_form(L, argument(L, "squeeze"), utf8_form_squeeze, "squeeze");
}
static int fold(lua_State *L) { return push_form(L, argument(L, "fold"), utf8_form_loose, "fold"); }
static int slug(lua_State *L) { return push_form(L, argument(L, "slug"), utf8_form_slug, "slug"); }

/* Pushes BEFORE and the digits of S, or nil. */
static int push_digits(lua_State *L, struct slice s, struct slice before) {
  luaL_Buffer room;
  char *to = luaL_buffinitsize(L, &room, before.len + s.len);
  memcpy(to, before.ptr, before.len);
  size_t len = phone_digits(to + before.len, s);
  luaL_pushresultsize(&room, len ? before.len + len : 0);
  if (len == 0) lua_pushnil(L);
  return 1;
}

static int digits(lua_State *L) { return push_digits(L, argument(L, "digits"), SLICE("")); }

static const struct phone_country *check_country(lua_State *L) {
  struct slice iso;
  if (lua_type(L, 2) != LUA_TSTRING)
    raise_error(L, "hoko.text.phone: the country must be a string such as \"SA\", not a %s",
                luaL_typename(L, 2));
  iso.ptr = lua_tolstring(L, 2, &iso.len);
  const struct phone_country *country = phone_country(iso);
  if (!country)
    raise_error(
        L, "hoko.text.phone: no country '%s' is known (two letters of ISO 3166, such as \"SA\")",
        iso.ptr);
  return country;
}

static int phone(lua_State *L) {
  struct slice s = argument(L, "phone");
  if (is_none(L, 2)) return push_digits(L, s, SLICE("+"));
  char number[PHONE_SIZE];
  if (phone_read(s, check_country(L), number))
    lua_pushstring(L, number);
  else
    lua_pushnil(L);
  return 1;
}

void text_bind(lua_State *L) {
  static const luaL_Reg functions[] = {{"trim", trim},     {"squeeze", squeeze}, {"fold", fold},
                                       {"digits", digits}, {"phone", phone},     {"email", email},
                                       {"slug", slug},     {NULL, NULL}};
  luaL_newlib(L, functions);
  lua_setfield(L, -2, "text");
}
