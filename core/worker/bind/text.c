#include "worker/bind/text.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "worker/raise.h"

#include <lauxlib.h>
#include <string.h>

enum { SHORT = 256, TEXT_MAX = 1 << 20 };

/* Argument 1, or the empty slice for nil; raises for anything else. */
static struct slice argument(lua_State *L, const char *function) {
  struct slice s = {NULL, 0};
  int type = lua_type(L, 1);
  if (type == LUA_TSTRING) s.ptr = lua_tolstring(L, 1, &s.len);
  else if (type != LUA_TNIL && type != LUA_TNONE)
    raise_error(L, "hoko.text.%s: expected a string or nil, got %s", function, luaL_typename(L, 1));
  return s;
}

static int push(lua_State *L, struct slice s) {
  if (s.len) lua_pushlstring(L, s.ptr, s.len);
  else lua_pushnil(L);
  return 1;
}

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* ASCII blanks by hand, which is nearly all there is; the rest by utf8proc. */
static struct slice trimmed(struct slice s) {
  while (s.len && is_blank(s.ptr[0])) s.ptr++, s.len--;
  while (s.len && is_blank(s.ptr[s.len - 1])) s.len--;
  bool has_high = s.len && ((unsigned char)s.ptr[0] >= 0x80 || (unsigned char)s.ptr[s.len - 1] >= 0x80);
  return has_high && utf8_check(s) == s.len ? utf8_trim(s) : s;
}

static int trim(lua_State *L) {
  struct slice s = argument(L, "trim"), t = trimmed(s);
  if (t.len && t.len == s.len) {
    lua_settop(L, 1); /* the string itself: nothing is made */
    return 1;
  }
  return push(L, t);
}

static bool is_ascii(struct slice s) {
  for (size_t i = 0; i < s.len; i++)
    if ((unsigned char)s.ptr[i] >= 0x80) return false;
  return true;
}

static int push_folded(lua_State *L, struct slice s, const char *function) {
  struct buf out = BUF_WITH_LIMIT(TEXT_MAX);
  if (utf8_check(s) != s.len) raise_error(L, "hoko.text.%s: the text is not valid UTF-8", function);
  int rc = utf8_fold(&out, s);
  if (rc == 0) (void)push(L, buf_slice(&out));
  buf_free(&out);
  if (rc) raise_error(L, "hoko.text.%s: the text is too long", function);
  return 1;
}

/* Trimmed, letters in lower case. */
static int email(lua_State *L) {
  struct slice s = trimmed(argument(L, "email"));
  char lower[SHORT];
  if (s.len > sizeof lower || !is_ascii(s)) return push_folded(L, s, "email");
  for (size_t i = 0; i < s.len; i++) {
    char c = s.ptr[i];
    lower[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
  }
  return push(L, (struct slice){lower, s.len});
}

static int fold(lua_State *L) { return push_folded(L, argument(L, "fold"), "fold"); }

/* Appends the decimal digits of S; those of Arabic and Persian as ASCII. */
static size_t put_digits(char *to, struct slice s) {
  size_t n = 0;
  for (size_t i = 0; i < s.len; i++) {
    unsigned char c = (unsigned char)s.ptr[i], next = i + 1 < s.len ? (unsigned char)s.ptr[i + 1] : 0;
    if (c >= '0' && c <= '9') to[n++] = (char)c;
    else if (c == 0xd9 && next >= 0xa0 && next <= 0xa9) to[n++] = (char)('0' + next - 0xa0); /* U+0660… */
    else if (c == 0xdb && next >= 0xb0 && next <= 0xb9) to[n++] = (char)('0' + next - 0xb0); /* U+06F0… */
  }
  return n;
}

static int push_digits(lua_State *L, struct slice s, const char *before) {
  luaL_Buffer room;
  size_t before_len = strlen(before);
  char *to = luaL_buffinitsize(L, &room, before_len + s.len + 1);
  memcpy(to, before, before_len);
  size_t n = put_digits(to + before_len, s);
  luaL_pushresultsize(&room, n ? before_len + n : 0);
  if (n == 0) lua_pushnil(L);
  return 1;
}

static int digits(lua_State *L) { return push_digits(L, argument(L, "digits"), ""); }
static int phone(lua_State *L) { return push_digits(L, argument(L, "phone"), "+"); }

/* Trimmed, each run of white space inside one space. */
static int squeeze(lua_State *L) {
  struct slice s = trimmed(argument(L, "squeeze"));
  luaL_Buffer room;
  char *to = luaL_buffinitsize(L, &room, s.len + 1);
  size_t n = 0;
  for (size_t i = 0; i < s.len; i++) {
    bool is_nbsp = i + 1 < s.len && s.ptr[i] == '\xc2' && s.ptr[i + 1] == '\xa0';
    if (is_blank(s.ptr[i]) || is_nbsp) {
      if (n && to[n - 1] != ' ') to[n++] = ' ';
      if (is_nbsp) i++;
    } else {
      to[n++] = s.ptr[i];
    }
  }
  luaL_pushresultsize(&room, n);
  if (n == 0) lua_pushnil(L);
  return 1;
}

void bind_text(lua_State *L) {
  static const luaL_Reg functions[] = {{"trim", trim},     {"squeeze", squeeze}, {"fold", fold}, {"digits", digits},
                                       {"phone", phone},   {"email", email},     {NULL, NULL}};
  luaL_newlib(L, functions);
  lua_setfield(L, -2, "text");
}
