/* Wrong and right hoko.lua files, as a user would write them. */
#include "cli/config.h"

#include "base/buf.h"
#include "base/json_text.h"

#include <lauxlib.h>
#include <lua.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void put_value(lua_State *L, int index, struct buf *b);

static void put_array(lua_State *L, int index, struct buf *b) {
  for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(L, index); i++) {
    buf_add_char(b, i == 1 ? '[' : ',');
    lua_rawgeti(L, index, i);
    put_value(L, lua_gettop(L), b);
    lua_pop(L, 1);
  }
  buf_add_char(b, ']');
}

static void put_object(lua_State *L, int index, struct buf *b) {
  const char *before = "";
  buf_add_char(b, '{');
  for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
    buf_add_text(b, before);
    before = ",";
    lua_pushvalue(L, -2);
    json_put_string(b, slice_of(lua_tostring(L, -1)));
    lua_pop(L, 1);
    buf_add_char(b, ':');
    put_value(L, lua_gettop(L), b);
  }
  buf_add_char(b, '}');
}

/* What the worker hands over: JSON, with a stand-in for what JSON cannot say. */
static void put_value(lua_State *L, int index, struct buf *b) {
  size_t len;
  switch (lua_type(L, index)) {
  case LUA_TNIL: buf_add_text(b, "null"); break;
  case LUA_TBOOLEAN: buf_add_text(b, lua_toboolean(L, index) ? "true" : "false"); break;
  case LUA_TNUMBER:
    lua_pushvalue(L, index);
    buf_add_text(b, lua_tostring(L, -1));
    lua_pop(L, 1);
    break;
  case LUA_TSTRING: {
    const char *text = lua_tolstring(L, index, &len);
    json_put_string(b, (struct slice){text, len});
    break;
  }
  case LUA_TTABLE:
    if (lua_rawlen(L, index) > 0)
      put_array(L, index, b);
    else
      put_object(L, index, b);
    break;
  default: buf_printf(b, "{\"$type\":\"%s\"}", luaL_typename(L, index)); break;
  }
}

static int read_lua(const char *source, struct config **c, struct error *err) {
  lua_State *L = luaL_newstate();
  assert_int_equal(luaL_dostring(L, source), LUA_OK);
  if (lua_gettop(L) == 0) lua_pushnil(L);
  struct buf json = BUF_WITH_LIMIT(1 << 20);
  put_value(L, 1, &json);
  assert_true(buf_ok(&json));
  int outcome = config_read(c, buf_slice(&json), slice_of(source), "hoko.lua", err);
  buf_free(&json);
  lua_close(L);
  return outcome;
}

struct wrong {
  const char *source;
  int line;
  const char *message;
  const char *hint;
};

#define JOB(entries) "return {\n jobs = {\n  a = { script = 's.lua',\n   " entries "\n  },\n },\n}"

static const struct wrong wrongs[] = {
    /* not a table */
    {"return 5", 1, "what it returns is 5; expected a table with names", ""},
    {"return 'x'", 1, "what it returns is \"x\"; expected a table with names", ""},
    {"return", 1, "what it returns is nil; expected a table with names", ""},
    {"-- nothing\nlocal a = 1", 1, "what it returns is nil; expected a table with names", ""},
    {"\nreturn function() end", 2, "what it returns is a function; expected a table with names",
     ""},
    {"return true", 1, "what it returns is true; expected a table with names", ""},
    {"return { 'a', 'b' }", 1, "what it returns is an array; expected a table with names", ""},
    /* unknown names */
    {"return { bas_url = 'x' }", 1,
     "unknown name \"bas_url\"; expected base_url, key, state, limits or jobs; the nearest is "
     "base_url",
     "base_url = \"https://hoko.to/api\""},
    {"return {\n\n  jbos = {} }", 3,
     "unknown name \"jbos\"; expected base_url, key, state, limits or jobs; the nearest is "
     "jobs",
     "jobs = { [\"partners\"] = { script = \"scripts/partners.lua\", schedule = \"@daily\" } }"},
    {"return { completely_else = 1 }", 1,
     "unknown name \"completely_else\"; expected base_url, key, state, limits or jobs", ""},
    {"return { limits = {\n concurency = 4 } }", 2,
     "limits: unknown name \"concurency\"; expected requests_per_minute, concurrency, "
     "batch_rows, batch_bytes, settle_window or give_up; the nearest is concurrency",
     "concurrency = 4"},
    {"return { limits = { [1.5] = 4 } }", 1,
     "limits: unknown name \"1.5\"; expected requests_per_minute, concurrency, batch_rows, "
     "batch_bytes, settle_window or give_up",
     ""},
    {JOB("shedule = '* * * * *'"), 4,
     "jobs.a: unknown name \"shedule\"; expected script, args, schedule, every, timezone, "
     "overlap, catch_up, catch_up_window, timeout, memory, retries, jitter, allow, on_failure "
     "or on_recovery; the nearest is schedule",
     "schedule = \"*/15 * * * *\""},
    {JOB("retries = {\n tims = 1 }"), 5,
     "jobs.a.retries: unknown name \"tims\"; expected times, delay or factor; the nearest is "
     "times",
     "times = 3"},
    {JOB("allow = { reed = { 'data' } }"), 4,
     "jobs.a.allow: unknown name \"reed\"; expected read, write, net, env or run; the nearest "
     "is read",
     "read = { \"data\" }"},
    /* texts */
    {"return { key = 5 }", 1, "key is 5; expected a text that is not empty", "key = \"default\""},
    {"return {\n base_url = '' }", 2, "base_url is \"\"; expected a text that is not empty",
     "base_url = \"https://hoko.to/api\""},
    {"return { state = { 'x' } }", 1, "state is an array; expected a text that is not empty",
     "state = \"sqlite:.hoko/state.db\""},
    {"return { state = {} }", 1, "state is an empty table; expected a text that is not empty",
     "state = \"sqlite:.hoko/state.db\""},
    {"return { state = { x = 1 } }", 1,
     "state is a table with names; expected a text that is not empty",
     "state = \"sqlite:.hoko/state.db\""},
    {"return { key = function() end }", 1, "key is a function; expected a text that is not empty",
     "key = \"default\""},
    {"return { key = 'a\\0b' }", 1, "key is \"a\\x00b\"; expected a text that is not empty",
     "key = \"default\""},
    {"return { key = true }", 1, "key is true; expected a text that is not empty",
     "key = \"default\""},
    /* tables */
    {"return { limits = 4 }", 1, "limits is 4; expected a table with names",
     "limits = { concurrency = 4 }"},
    {"return { limits = { 4 } }", 1, "limits is an array; expected a table with names",
     "limits = { concurrency = 4 }"},
    {"return { limits = function() end }", 1, "limits is a function; expected a table with names",
     "limits = { concurrency = 4 }"},
    /* whole numbers */
    {"return { limits = { concurrency = 0 } }", 1,
     "limits.concurrency is 0; expected a whole number from 1 to 64", "concurrency = 4"},
    {"return { limits = { concurrency = 65 } }", 1,
     "limits.concurrency is 65; expected a whole number from 1 to 64", "concurrency = 4"},
    {"return { limits = { concurrency = -1 } }", 1,
     "limits.concurrency is -1; expected a whole number from 1 to 64", "concurrency = 4"},
    {"return { limits = { concurrency = 1.5 } }", 1,
     "limits.concurrency is 1.5; expected a whole number from 1 to 64", "concurrency = 4"},
    {"return { limits = { concurrency = '4' } }", 1,
     "limits.concurrency is \"4\"; expected a whole number from 1 to 64", "concurrency = 4"},
    {"return { limits = { concurrency = {} } }", 1,
     "limits.concurrency is an empty table; expected a whole number from 1 to 64",
     "concurrency = 4"},
    {"return { limits = { batch_rows = 10001 } }", 1,
     "limits.batch_rows is 10001; expected a whole number from 1 to 10000", "batch_rows = 10000"},
    {"return { limits = { batch_rows = 9223372036854775807 } }", 1,
     "limits.batch_rows is 9223372036854775807; expected a whole number from 1 to 10000",
     "batch_rows = 10000"},
    {"return { limits = { batch_rows = false } }", 1,
     "limits.batch_rows is false; expected a whole number from 1 to 10000", "batch_rows = 10000"},
    {"return { limits = { requests_per_minute = 'fast' } }", 1,
     "limits.requests_per_minute is \"fast\"; expected \"auto\" or a whole number from 1 to "
     "1000000",
     "requests_per_minute = \"auto\""},
    {"return { limits = { requests_per_minute = 0 } }", 1,
     "limits.requests_per_minute is 0; expected \"auto\" or a whole number from 1 to 1000000",
     "requests_per_minute = \"auto\""},
    /* sizes */
    {"return { limits = { batch_bytes = '4MB' } }", 1,
     "limits.batch_bytes is \"4MB\"; expected a size from 1KiB to 64MiB", "batch_bytes = \"4MiB\""},
    {"return { limits = { batch_bytes = '1000' } }", 1,
     "limits.batch_bytes is \"1000\"; expected a size from 1KiB to 64MiB",
     "batch_bytes = \"4MiB\""},
    {"return { limits = { batch_bytes = '1GiB' } }", 1,
     "limits.batch_bytes is \"1GiB\"; expected a size from 1KiB to 64MiB",
     "batch_bytes = \"4MiB\""},
    {"return { limits = { batch_bytes = 1 } }", 1,
     "limits.batch_bytes is 1; expected a size from 1KiB to 64MiB", "batch_bytes = \"4MiB\""},
    {JOB("memory = '-1MiB'"), 4, "jobs.a.memory is \"-1MiB\"; expected a size from 1MiB to 64GiB",
     "memory = \"256MiB\""},
    {JOB("memory = true"), 4, "jobs.a.memory is true; expected a size from 1MiB to 64GiB",
     "memory = \"256MiB\""},
    /* durations */
    {"return { limits = { give_up = 15 } }", 1,
     "limits.give_up is 15; expected a duration from 0ms to 30d", "give_up = \"15m\""},
    {"return { limits = { give_up = '15 m' } }", 1,
     "limits.give_up is \"15 m\"; expected a duration from 0ms to 30d", "give_up = \"15m\""},
    {"return { limits = { settle_window = '15min' } }", 1,
     "limits.settle_window is \"15min\"; expected a duration from 0ms to 30d",
     "settle_window = \"15m\""},
    {"return { limits = { settle_window = '31d' } }", 1,
     "limits.settle_window is \"31d\"; expected a duration from 0ms to 30d",
     "settle_window = \"15m\""},
    {"return { limits = { settle_window = '-1s' } }", 1,
     "limits.settle_window is \"-1s\"; expected a duration from 0ms to 30d",
     "settle_window = \"15m\""},
    {JOB("every = '0s'"), 4, "jobs.a.every is \"0s\"; expected a duration from 1s to 366d",
     "every = \"90s\""},
    {JOB("every = '90'"), 4, "jobs.a.every is \"90\"; expected a duration from 1s to 366d",
     "every = \"90s\""},
    {JOB("timeout = '0s'"), 4, "jobs.a.timeout is \"0s\"; expected a duration from 1ms to 30d",
     "timeout = \"10m\""},
    {JOB("jitter = '2d'"), 4, "jobs.a.jitter is \"2d\"; expected a duration from 0ms to 1d",
     "jitter = \"30s\""},
    {JOB("catch_up_window = 1"), 4,
     "jobs.a.catch_up_window is 1; expected a duration from 1s to 366d",
     "catch_up_window = \"1d\""},
    /* choices */
    {JOB("overlap = 'skipp'"), 4,
     "jobs.a.overlap is \"skipp\"; expected \"skip\", \"queue\" or \"replace\"",
     "overlap = \"skip\""},
    {JOB("overlap = false"), 4,
     "jobs.a.overlap is false; expected \"skip\", \"queue\" or \"replace\"", "overlap = \"skip\""},
    {JOB("catch_up = 'Last'"), 4,
     "jobs.a.catch_up is \"Last\"; expected \"none\", \"last\" or \"all\"", "catch_up = \"last\""},
    /* arrays of texts */
    {JOB("args = 'x'"), 4, "jobs.a.args is \"x\"; expected an array of texts that are not empty",
     "args = { \"data/partners.csv\" }"},
    {JOB("args = { 'x', 5 }"), 4,
     "jobs.a.args[2] is 5; expected an array of texts that are not empty",
     "args = { \"data/partners.csv\" }"},
    {JOB("args = { 'x', '' }"), 4,
     "jobs.a.args[2] is \"\"; expected an array of texts that are not empty",
     "args = { \"data/partners.csv\" }"},
    {JOB("args = { x = 'y' }"), 4,
     "jobs.a.args is a table with names; expected an array of texts that are not empty",
     "args = { \"data/partners.csv\" }"},
    {JOB("allow = { read = 'data' }"), 4,
     "jobs.a.allow.read is \"data\"; expected an array of texts that are not empty",
     "read = { \"data\" }"},
    {JOB("allow = {\n net = { {} } }"), 5,
     "jobs.a.allow.net[1] is an empty table; expected an array of texts that are not empty",
     "net = { \"crm.example.com\" }"},
    {JOB("allow = { run = 'gzip' }"), 4,
     "jobs.a.allow.run is \"gzip\"; expected true, false or an array of command names",
     "run = { \"gzip\" }"},
    {JOB("allow = { run = { true } }"), 4,
     "jobs.a.allow.run[1] is true; expected true, false or an array of command names",
     "run = { \"gzip\" }"},
    {JOB("allow = true"), 4, "jobs.a.allow is true; expected a table with names",
     "allow = { read = { \"data\" } }"},
    /* numbers */
    {JOB("retries = { factor = 0.5 }"), 4,
     "jobs.a.retries.factor is 0.5; expected a number from 1 to 10", "factor = 2"},
    {JOB("retries = { factor = '2' }"), 4,
     "jobs.a.retries.factor is \"2\"; expected a number from 1 to 10", "factor = 2"},
    {JOB("retries = { factor = 11 }"), 4,
     "jobs.a.retries.factor is 11; expected a number from 1 to 10", "factor = 2"},
    {JOB("retries = { times = -1 }"), 4,
     "jobs.a.retries.times is -1; expected a whole number from 0 to 100", "times = 3"},
    {JOB("retries = 3"), 4, "jobs.a.retries is 3; expected a table with names",
     "retries = { times = 3, delay = \"1m\", factor = 2 }"},
    /* jobs */
    {"return { jobs = 'x' }", 1, "jobs is \"x\"; expected a table of jobs by name",
     "jobs = { [\"partners\"] = { script = \"scripts/partners.lua\", schedule = \"@daily\" } }"},
    {"return { jobs = { { script = 's.lua' } } }", 1,
     "jobs is an array; expected a table of jobs by name",
     "jobs = { [\"partners\"] = { script = \"scripts/partners.lua\", schedule = \"@daily\" } }"},
    {"return {\n jobs = {\n  a = 's.lua' } }", 3,
     "jobs.a is \"s.lua\"; expected a table with names", ""},
    {"return {\n jobs = {\n  a = {} } }", 3,
     "jobs.a: script is missing; expected a text that is not empty",
     "script = \"scripts/partners.lua\""},
    {"return {\n jobs = {\n  a = { every = '1m' } } }", 3,
     "jobs.a: script is missing; expected a text that is not empty",
     "script = \"scripts/partners.lua\""},
    {JOB("schedule = 5"), 4, "jobs.a.schedule is 5; expected a text that is not empty",
     "schedule = \"*/15 * * * *\""},
    {JOB("schedule = '@daily', every = '1m'"), 3,
     "jobs.a: it has schedule and every; expected one of them", ""},
    {"return {\n jobs = {\n  ['a/b'] = { script = 's.lua' } } }", 3,
     "jobs.a/b: a job's name has 1 to 100 bytes, no blank, no slash and no dash in front", ""},
    {"return {\n jobs = {\n  ['a b'] = { script = 's.lua' } } }", 3,
     "jobs.a b: a job's name has 1 to 100 bytes, no blank, no slash and no dash in front", ""},
    {"return {\n jobs = {\n  ['-n'] = { script = 's.lua' } } }", 3,
     "jobs.-n: a job's name has 1 to 100 bytes, no blank, no slash and no dash in front", ""},
    {"return { jobs = { [''] = { script = 's.lua' } } }", 1,
     "jobs.: a job's name has 1 to 100 bytes, no blank, no slash and no dash in front", ""},
    /* places */
    {"--[==[\n return { key = 1 }\n]==]\nlocal t = { key = 'a' }\nreturn {\n -- key = 3\n key = 5 "
     "}",
     7, "key is 5; expected a text that is not empty", "key = \"default\""},
    {"local t = {}\nt.limits = { concurrency = 4 }\nt.limits.concurrency = 0\nreturn t", 3,
     "limits.concurrency is 0; expected a whole number from 1 to 64", "concurrency = 4"},
    {"local zero = 0\nlocal limits = { concurrency = zero }\nreturn { limits = limits }", 2,
     "limits.concurrency is 0; expected a whole number from 1 to 64", "concurrency = 4"},
    {"return { ['limits'] = {\n [\"concurrency\"] = 0 } }", 2,
     "limits.concurrency is 0; expected a whole number from 1 to 64", "concurrency = 4"},
    {"return { [ [[limits]] ] = {\n [ [=[concurrency]=] ] = 0 } }", 2,
     "limits.concurrency is 0; expected a whole number from 1 to 64", "concurrency = 4"},
    {"return {\n jobs = {\n  b = { script = 'b', timeout = '1m' },\n"
     "  a = { script = 'a',\n        timeout = '1x' },\n  c = { script = 'c', timeout = '1m' },\n "
     "},\n}",
     5, "jobs.a.timeout is \"1x\"; expected a duration from 1ms to 30d", "timeout = \"10m\""},
    {"return {\n limits = { give_up = '1m' },\n"
     " jobs = { a = { script = 'x', args = { 'limits = {' }, give_up = '1s' } },\n}",
     3,
     "jobs.a: unknown name \"give_up\"; expected script, args, schedule, every, timezone, overlap, "
     "catch_up, catch_up_window, timeout, memory, retries, jitter, allow, on_failure or "
     "on_recovery",
     ""},
};

static void a_wrong_file_is_told_with_line_name_and_expectation(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
    struct config *c = NULL;
    struct error err;
    if (read_lua(wrongs[i].source, &c, &err) != -1) fail_msg("accepted: %s", wrongs[i].source);
    assert_string_equal(err.message, wrongs[i].message);
    assert_string_equal(err.hint, wrongs[i].hint);
    assert_string_equal(err.file, "hoko.lua");
    assert_int_equal(err.line, wrongs[i].line);
    assert_int_equal(err.code, ERROR_USAGE);
  }
}

static void the_manuals_example_is_read_whole(void **state) {
  (void)state;
  struct config *c = NULL;
  struct error err;
  const char *source =
      "return {\n"
      "  base_url = 'https://hoko.to/api', key = 'work',\n"
      "  limits = { requests_per_minute = 60, concurrency = 2 * 4.0 / 2, batch_rows = 100,\n"
      "             batch_bytes = '64KiB', settle_window = '0s', give_up = '500ms' },\n"
      "  jobs = {\n"
      "    ['crm-partners'] = {\n"
      "      script = 'scripts/crm.lua', args = { 'a', 'b' },\n"
      "      schedule = '*/15 * * * *',\n"
      "      timezone = 'Asia/Riyadh', overlap = 'queue', catch_up = 'all',\n"
      "      catch_up_window = '2d', timeout = '10m', memory = '256MiB',\n"
      "      retries = { times = 3, delay = '2m', factor = 1.5 }, jitter = '30s',\n"
      "      allow = { read = { 'data' }, write = {}, net = { 'x.example' }, env = { 'U' },\n"
      "                run = { 'gzip' } },\n"
      "      on_failure = 'scripts/alert.lua', on_recovery = 'scripts/ok.lua',\n"
      "    },\n"
      "    b = { script = 'b.lua', every = '90s', allow = { run = true } },\n"
      "  },\n"
      "}\n";
  assert_int_equal(read_lua(source, &c, &err), 0);
  assert_string_equal(c->base_url, "https://hoko.to/api");
  assert_string_equal(c->key, "work");
  assert_null(c->state);
  assert_int_equal(c->limits.requests_per_minute, 60);
  assert_int_equal(c->limits.concurrency, 4);
  assert_int_equal(c->limits.batch_rows, 100);
  assert_int_equal(c->limits.batch_bytes, 65536);
  assert_int_equal(c->limits.settle_window_ms, 0);
  assert_int_equal(c->limits.give_up_ms, 500);
  assert_int_equal(c->jobs_len, 2);

  const struct config_job *b = &c->jobs[0], *crm = &c->jobs[1];
  assert_string_equal(crm->name, "crm-partners");
  assert_int_equal(config_job_line(crm, NULL), 6);
  assert_int_equal(crm->args.len, 2);
  assert_string_equal(crm->args.at[1], "b");
  assert_null(crm->args.at[2]);
  assert_string_equal(crm->schedule, "*/15 * * * *");
  assert_int_equal(config_job_line(crm, "schedule"), 8);
  assert_int_equal(config_job_line(crm, "timezone"), 9);
  assert_int_equal(crm->overlap, CONFIG_OVERLAP_QUEUE);
  assert_int_equal(crm->catch_up, CONFIG_CATCH_UP_ALL);
  assert_int_equal(crm->catch_up_window_ms, 2 * 86400000);
  assert_int_equal(crm->timeout_ms, 600000);
  assert_int_equal(crm->memory_bytes, 256 << 20);
  assert_int_equal(crm->retries.times, 3);
  assert_int_equal(crm->retries.delay_ms, 120000);
  assert_true(crm->retries.factor == 1.5);
  assert_int_equal(crm->jitter_ms, 30000);
  assert_int_equal(crm->allow.write.len, 0);
  assert_string_equal(crm->allow.run.at[0], "gzip");
  assert_false(crm->allow.is_run_any);
  assert_string_equal(crm->on_recovery, "scripts/ok.lua");
  assert_string_equal(b->name, "b");
  assert_int_equal(b->every_ms, 90000);
  assert_true(b->allow.is_run_any);
  config_free(c);
}

static void what_is_not_said_has_its_default(void **state) {
  (void)state;
  struct config *c = NULL;
  struct error err;
  assert_int_equal(
      read_lua("return { limits = {}, jobs = { a = { script = 'a.lua' } } }", &c, &err), 0);
  assert_null(c->base_url);
  assert_int_equal(c->limits.requests_per_minute, 0);
  assert_int_equal(c->limits.concurrency, 4);
  assert_int_equal(c->limits.batch_rows, 10000);
  assert_int_equal(c->limits.batch_bytes, 4 << 20);
  assert_int_equal(c->limits.settle_window_ms, 900000);
  assert_int_equal(c->limits.give_up_ms, 900000);
  assert_string_equal(c->jobs[0].timezone, "UTC");
  assert_null(c->jobs[0].schedule);
  assert_int_equal(c->jobs[0].overlap, CONFIG_OVERLAP_SKIP);
  assert_int_equal(c->jobs[0].catch_up, CONFIG_CATCH_UP_LAST);
  assert_int_equal(c->jobs[0].catch_up_window_ms, 86400000);
  assert_int_equal(c->jobs[0].retries.times, 0);
  assert_int_equal(c->jobs[0].retries.delay_ms, 60000);
  assert_true(c->jobs[0].retries.factor == 2);
  config_free(c);
  assert_int_equal(read_lua("return {}", &c, &err), 0);
  assert_int_equal(c->jobs_len, 0);
  config_free(c);
}

static void an_unknown_job_is_told_with_the_nearest(void **state) {
  (void)state;
  struct config *c = NULL;
  struct error err;
  assert_int_equal(read_lua("return { jobs = { crm = { script = 'a.lua' } } }", &c, &err), 0);
  assert_non_null(config_job_named(c, "crm", &err));
  assert_null(config_job_named(c, "crn", &err));
  assert_string_equal(err.message, "hoko.lua has no job \"crn\"; the nearest is crm");
  assert_null(config_job_named(c, "something", &err));
  assert_string_equal(err.message, "hoko.lua has no job \"something\"");
  config_free(c);
}

static void damaged_json_is_an_error_and_no_crash(void **state) {
  (void)state;
  const char *whole =
      "{\"limits\":{\"concurrency\":4},\"jobs\":{\"a\":{\"script\":\"x\",\"args\":[\"y\"]}}}";
  for (size_t len = 0; len < strlen(whole); len++) {
    struct config *c = NULL;
    struct error err;
    assert_int_equal(config_read(&c, (struct slice){whole, len}, SLICE(""), "hoko.lua", &err), -1);
    assert_int_not_equal(err.code, ERROR_NONE);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_wrong_file_is_told_with_line_name_and_expectation),
      cmocka_unit_test(the_manuals_example_is_read_whole),
      cmocka_unit_test(what_is_not_said_has_its_default),
      cmocka_unit_test(an_unknown_job_is_told_with_the_nearest),
      cmocka_unit_test(damaged_json_is_an_error_and_no_crash),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
