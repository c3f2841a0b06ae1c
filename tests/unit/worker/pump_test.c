/* One upsert in the worker, with a host at the other end of the bridge that acknowledges
 * each row, or refuses it where its name says so. */
#include "worker/pump.h"

#include "base/row.h"
#include "worker/row/encode.h"
#include "worker/shared.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <lauxlib.h>
#include <lualib.h>
#include <cmocka.h>

struct heap {
  long left;
  bool is_limited;
};

struct world {
  lua_State *L;
  struct heap heap;
  struct worker_shared shared;
  struct channel *host;
  pthread_t thread;
  int64_t ordinal;
  int frames, rejects;
};

/* ---- the host ------------------------------------------------------------ */

static void say(struct world *w, const struct message *m) {
  (void)!channel_send(w->host, m); /* the worker that is gone is noticed by reading */
}

static void take_rows(struct world *w, struct slice rows) {
  struct row row;
  w->frames++;
  while (row_take(&rows, &row)) {
    bool is_bad = slice_is(row.field[ROW_NAME], "\"bad\"");
    struct message acked = {.kind = MESSAGE_ACKED,
                            .number = {w->ordinal, ACKED_WITH_OBJECT},
                            .text = {SLICE("{\"id\":\"7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11\"}")}};
    struct message refused = {.kind = MESSAGE_REFUSED,
                              .number = {w->ordinal, 400},
                              .text = {SLICE("refused"), SLICE("no"), SLICE("name")}};
    say(w, is_bad ? &refused : &acked);
    w->ordinal++;
  }
  say(w, &(struct message){.kind = MESSAGE_CREDIT, .number = {1}});
}

static void answer(struct world *w, const struct message *m) {
  switch (m->kind) {
  case MESSAGE_UPSERT:
    w->ordinal = 0;
    say(w, &(struct message){.kind = MESSAGE_CREDIT, .number = {2}});
    break;
  case MESSAGE_ROWS: take_rows(w, m->text[0]); break;
  case MESSAGE_REJECT: w->rejects++; break;
  case MESSAGE_END: {
    char json[64];
    (void)snprintf(json, sizeof json, "{\"created\":%d}", (int)w->ordinal);
    say(w, &(struct message){.kind = MESSAGE_RESULT, .text = {slice_of(json)}});
    break;
  }
  default: break;
  }
}

static void *be_host(void *user) {
  struct world *w = user;
  struct message m;
  struct error err;
  for (;;) {
    struct pollfd p = {.fd = channel_fd(w->host),
                       .events = (short)(POLLIN | (channel_queued(w->host) ? POLLOUT : 0))};
    (void)poll(&p, 1, -1);
    (void)!channel_flush(w->host);
    enum channel_got got;
    while ((got = channel_next(w->host, &m, &err)) == CHANNEL_MESSAGE) answer(w, &m);
    if (got != CHANNEL_NOTHING) return NULL;
  }
}

/* ---- the worker ---------------------------------------------------------- */

static void *allocate(void *user, void *ptr, size_t old_size, size_t size) {
  struct heap *heap = user;
  if (size == 0) {
    free(ptr);
    return NULL;
  }
  if (heap->is_limited && (!ptr || size > old_size) && --heap->left < 0) return NULL;
  return realloc(ptr, size);
}

static int open_world(void **state) {
  struct world *w = calloc(1, sizeof *w);
  struct error err;
  int fd[2];
  assert_non_null(w);
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
  w->host = channel_new(fd[0], false, &err);
  w->shared.channel = channel_new(fd[1], true, &err);
  assert_true(w->host && w->shared.channel);
  w->L = lua_newstate(allocate, &w->heap);
  *(struct worker_shared **)lua_getextraspace(w->L) = &w->shared;
  luaL_openlibs(w->L);
  lua_register(w->L, "pump", pump_upsert);
  assert_int_equal(pthread_create(&w->thread, NULL, be_host, w), 0);
  *state = w;
  return 0;
}

static int close_world(void **state) {
  struct world *w = *state;
  lua_close(w->L);
  channel_free(w->shared.channel);
  (void)pthread_join(w->thread, NULL);
  channel_free(w->host);
  free(w);
  return 0;
}

/* upsert(rows, more) as our Lua half calls it. */
static const char begin[] = "local function upsert(rows, more)\n"
                            "  local args = {rows=rows, row_max=60000, options='{}'}\n"
                            "  for k, v in pairs(more or {}) do args[k] = v end\n"
                            "  return pump(args)\nend\n";

static int load(struct world *w, const char *code) {
  lua_pushfstring(w->L, "%s%s", begin, code);
  int rc = luaL_loadstring(w->L, lua_tostring(w->L, -1));
  lua_remove(w->L, -2);
  return rc;
}

static void run(void **state, const char *code) {
  struct world *w = *state;
  if (load(w, code) || lua_pcall(w->L, 0, 0, 0)) fail_msg("%s\n%s", lua_tostring(w->L, -1), code);
  assert_null(w->shared.pump);
}

static void rows_are_sent_and_told(void **state) {
  run(state, "local acks = 0\n"
             "local r = upsert({{name='a'}, {name='b'}}, {on_ack=function(row, p) acks = acks + 1 "
             "assert(#p.id == 36) end})\n"
             "assert(r.created == 2 and acks == 2)");
}

static void many_rows_go_in_frames_of_a_quarter_of_a_mebibyte(void **state) {
  struct world *w = *state;
  run(state, "local n = 0\n"
             "local r = upsert(function() n = n + 1 if n <= 50000 then return {name='name' .. n} "
             "end end)\n"
             "assert(r.created == 50000)");
  assert_in_range(w->frames, 5, 15);
}

static void refused_rows_reach_the_script_in_their_order(void **state) {
  run(state, "local rows, called = {}, {}\n"
             "for i = 1, 300 do rows[i] = i % 3 == 0 and {name='bad'} or i % 3 == 1 and {nam=i} or "
             "{name='ok'} end\n"
             "local r = upsert(rows, {wants_partners=true, on_reject=function(row, why) "
             "called[#called + 1] = why.code end})\n"
             "assert(#r.rejects == 100 and #called == 200)\n"
             "local before = 0\n"
             "for i, why in ipairs(r.rejects) do assert(why.code == 'refused' or why.code == "
             "'unknown_field') end\n"
             "for i = 1, 300 do assert((r.partners[i] == false) == (i % 3 ~= 2), i) end");
}

static void a_raise_anywhere_ends_the_upsert_and_the_next_one_works(void **state) {
  run(state, "for _, more in ipairs{{on_ack=error}, {on_reject=error}, {key=error}, "
             "{transform=error, stops_on_error=true}} do\n"
             "  assert(not pcall(upsert, {{name='a'}, {nam='b'}, {name='c'}}, more))\n"
             "  assert(upsert({{name='d'}}).created == 1)\nend\n"
             "assert(not pcall(upsert, function() error('x') end))\n"
             "assert(not pcall(upsert, {5}))\n"
             "assert(upsert({{name='d'}}).created == 1)");
}

static void one_upsert_runs_at_a_time(void **state) {
  run(state, "local ok, why = pcall(upsert, function() upsert({}) end)\n"
             "assert(not ok and why:find('another upsert is running', 1, true), why)\n"
             "assert(upsert({{name='a'}}).created == 1)");
}

/* ---- out of memory ------------------------------------------------------- */

static const char *const scripts[] = {
    "upsert({{name='a'}, {name='bad'}, {nam='x'}}, {wants_partners=true, on_ack=function() end, "
    "on_reject=function() end})",
    "local n = 0 upsert(function() n = n + 1 if n < 4 then return {ref=n, name='n' .. n} end end, "
    "{key='ref'})",
    ("local n = 0 upsert(function() n = n + 1 if n < 4 then return {ref=n, name='n'} end end,\n"
     "{key='ref', key_of_source=true, transform=function(r) if r.ref == 2 then error('two') end "
     "return {name=r.name} end})"),
};

static void each_allocation_that_fails_leaves_the_next_upsert_whole(void **state) {
  struct world *w = *state;
  for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
    int status = LUA_ERRMEM;
    for (long left = 0; status != LUA_OK; left++) {
      if (load(w, scripts[i])) fail_msg("%s", lua_tostring(w->L, -1));
      w->heap = (struct heap){left, true};
      status = lua_pcall(w->L, 0, 0, 0);
      w->heap.is_limited = false;
      if (status != LUA_OK && !strstr(lua_tostring(w->L, -1), "not enough memory"))
        fail_msg("%s", lua_tostring(w->L, -1));
      lua_settop(w->L, 0);
      assert_null(w->shared.pump);
      assert_null(w->shared.source.reject);
      run(state, "assert(upsert({{name='a'}}).created == 1)");
    }
  }
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_A_WORLD(rows_are_sent_and_told),
      IN_A_WORLD(many_rows_go_in_frames_of_a_quarter_of_a_mebibyte),
      IN_A_WORLD(refused_rows_reach_the_script_in_their_order),
      IN_A_WORLD(a_raise_anywhere_ends_the_upsert_and_the_next_one_works),
      IN_A_WORLD(one_upsert_runs_at_a_time),
      IN_A_WORLD(each_allocation_that_fails_leaves_the_next_upsert_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
