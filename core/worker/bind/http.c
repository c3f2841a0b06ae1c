#include "worker/bind/http.h"

#include "worker/host.h"
#include "worker/raise.h"

#include <lauxlib.h>
#include <stdio.h>

enum { ASK_MAX = 48 << 20 };

static struct slice text_at(lua_State *L, int index) {
  struct slice s;
  s.ptr = luaL_optlstring(L, index, "", &s.len);
  return s;
}

/* Sends M and waits for its answer.  Pushing may raise, and then nothing is lost but the
 * answer itself. */
static bool is_answered(lua_State *L, const struct message *m, struct message *answer) {
  (void)fflush(stdout); /* what was printed before comes before */
  host_send(L, m);
  host_wait(L, MESSAGE_ANSWER, answer);
  return answer->number[0] == 0;
}

static void push_text(lua_State *L, struct slice s) { lua_pushlstring(L, s.ptr, s.len); }

static int push_failure(lua_State *L, const struct message *answer) {
  lua_pushnil(L);
  push_text(L, answer->text[2]);
  if (answer->text[3].len) {
    lua_pushliteral(L, " (");
    push_text(L, answer->text[3]);
    lua_pushliteral(L, ")");
    lua_concat(L, 4);
  }
  lua_pushstring(L, error_code_name((enum error_code)answer->number[0]));
  return 3;
}

static void push_stream(lua_State *L, const struct message *answer) {
  if (answer->number[2])
    lua_pushinteger(L, answer->number[2]);
  else
    lua_pushnil(L);
}

int http_ask(lua_State *L) {
  struct message answer;
  struct message ask = {.kind = MESSAGE_HTTP,
                        .number = {lua_toboolean(L, 8) ? HTTP_STREAM : 0, luaL_checkinteger(L, 6),
                                   luaL_checkinteger(L, 7)}};
  size_t size = 0;
  for (int i = 0; i < 5; i++) size += (ask.text[i] = text_at(L, i + 1)).len;
  if (size > ASK_MAX) raise_error(L, "hoko.http: a request is larger than %d MiB", ASK_MAX >> 20);
  if (!is_answered(L, &ask, &answer)) return push_failure(L, &answer);
  lua_pushinteger(L, answer.number[1]);
  push_text(L, answer.text[0]);
  push_text(L, answer.text[1]);
  push_stream(L, &answer);
  if (answer.number[3] >= 0)
    lua_pushinteger(L, answer.number[3]);
  else
    lua_pushnil(L);
  return 5;
}

int http_pull(lua_State *L) {
  struct message answer, pull = {.kind = MESSAGE_HTTP_PULL, .number = {luaL_checkinteger(L, 1)}};
  if (!is_answered(L, &pull, &answer)) return push_failure(L, &answer);
  push_text(L, answer.text[1]);
  push_stream(L, &answer);
  return 2;
}

int http_drop(lua_State *L) {
  host_send(L, &(struct message){.kind = MESSAGE_HTTP_DROP, .number = {luaL_checkinteger(L, 1)}});
  return 0;
}
