#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/bind/json.h"
#include "worker/bind/sources.h"

#include "lua_state.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each script runs with write(name, text), which makes a file, and fails(fn, pattern…). */
static const char prelude[] = "function write(name, text) local f <close> = assert(io.open(name, "
                              "'wb')) f:write(text) return name end\n"
                              "function fails(want, f, ...) local ok, message = pcall(f, ...)\n"
                              "  assert(not ok, 'expected an error: ' .. want)\n"
                              "  if message ~= want then error('got  ' .. tostring(message) .. "
                              "'\\nwant ' .. want, 2) end end\n"
                              "function all(source) local rows = {} for row in source do "
                              "rows[#rows + 1] = row end return rows end\n"
                              "function open_files() return hoko.count_files() end\n";

struct world {
  struct worker_shared shared;
  lua_State *L;
};

static int count_files(lua_State *L) {
  lua_Integer open_now = 0;
  for (int fd = 0; fd < 256; fd++) open_now += fcntl(fd, F_GETFD) >= 0;
  lua_pushinteger(L, open_now);
  return 1;
}

static int pull_native(lua_State *L) {
  void *source;
  source_pull pull = source_native(L, 1, &source);
  if (!pull) return 0;
  return pull(L, source);
}

static int place(lua_State *L) {
  struct place p = worker_shared(L)->source.place;
  if (!p.file) return 0;
  lua_pushfstring(L, "%s:%d", p.file, (int)p.line);
  return 1;
}

/* What debug.getinfo() can give to a script that is called back from a pull. */
static int call_of(lua_State *L) { return luaL_getmetafield(L, 1, "__call") == LUA_TNIL ? 0 : 1; }

static int set_up(void **state) {
  struct world *w = calloc(1, sizeof *w);
  assert_non_null(w);
  w->L = state_new(&w->shared);
  bind_json(w->L);
  bind_sources(w->L);
  static const luaL_Reg ours[] = {{"count_files", count_files},
                                  {"pull_native", pull_native},
                                  {"place", place},
                                  {"call_of", call_of},
                                  {NULL, NULL}};
  luaL_setfuncs(w->L, ours, 0);
  lua_pop(w->L, 1);
  state_run(w->L, prelude);
  *state = w;
  return 0;
}

static int tear_down(void **state) {
  struct world *w = *state;
  lua_close(w->L);
  free(w);
  return 0;
}

static void run(void **state, const char *code) {
  struct world *w = *state;
  state_run(w->L, code);
}

static void rows_are_tables_by_column(void **state) {
  run(state, "write('a.csv', 'uuid,first name,e-mail\\n1,نورة,\\n2,\"a \"\"b\"\"\",x@y\\n')\n"
             "local rows = all(hoko.csv('a.csv'))\n"
             "assert(#rows == 2 and rows[1].uuid == '1' and rows[1]['first name'] == 'نورة')\n"
             "assert(rows[1]['e-mail'] == nil and rawget(rows[1], 'e-mail') == nil)\n"
             "assert(rows[2]['first name'] == 'a \"b\"' and rows[2]['e-mail'] == 'x@y')\n");
}

static void an_unknown_column_raises_at_the_script_s_line(void **state) {
  run(state,
      "write('a.csv', 'name,email\\nx,\\n')\n"
      "local row = hoko.csv('a.csv')()\n"
      "fails(\"script.lua:4: a.csv has no column 'emial', did you mean 'email'?\", function()\n"
      "  return row.emial end)\n"
      "fails(\"script.lua:6: a.csv has no column 'telephone'; it has name, email\", function()\n"
      "  return row.telephone end)\n"
      "fails(\"script.lua:8: a.csv has no column '1'; it has name, email\", function()\n"
      "  return row[1] end)\n"
      "row.added = 1 assert(row.added == 1)\n");
}

static void options_shape_the_rows(void **state) {
  run(state,
      "write('a.csv', 'a;b\\n1;\\n\\n2\\n')\n"
      "local rows = all(hoko.csv('a.csv', { delimiter = ';', empty = 'string', ragged = true }))\n"
      "assert(#rows == 2 and rows[1].b == '' and rows[2].a == '2' and rows[2].b == nil)\n"
      "rows = all(hoko.csv('a.csv', { delimiter = ';', header = false, ragged = true }))\n"
      "assert(#rows == 3 and rows[1][2] == 'b' and rows[2][2] == nil and rows[2].x == nil)\n"
      "rows = all(hoko.csv('a.csv', { delimiter = ';', header = { 'x', 'y' }, ragged = true }))\n"
      "assert(#rows == 3 and rows[1].x == 'a' and rows[3].x == '2' and rows[3].y == nil)\n"
      "rows = all(hoko.csv(write('t.tsv', 'a\\tb\\r\\n1\\t2\\r\\n'), { delimiter = '\\t', header = "
      "true }))\n"
      "assert(#rows == 1 and rows[1].b == '2')\n");
}

static void demanded_columns_are_checked_at_the_first_pull(void **state) {
  run(state,
      "write('a.csv', 'name,mail\\nx,y\\n')\n"
      "assert(#all(hoko.csv('a.csv', { columns = { 'mail', 'name' } })) == 1)\n"
      "local source = hoko.csv('a.csv', { columns = { 'name', 'email' } })\n"
      "fails(\"script.lua:3: a.csv:1: the column 'email' is missing, did you mean 'mail'?\\n\" ..\n"
      "      'hint: the columns are: name, mail', source)\n"
      "fails(\"script.lua:7: a.csv: the column 'x' is missing, did you mean 'a'?\\nhint: the "
      "columns are: a\",\n"
      "      hoko.csv('a.csv', { columns = { 'x' }, header = { 'a' } }))\n"
      "write('empty.csv', '')\n"
      "fails(\"script.lua:10: empty.csv:1: the column 'x' is missing\\nhint: the file is empty\",\n"
      "      hoko.csv('empty.csv', { columns = { 'x' } }))\n");
}

static void headers_must_be_usable(void **state) {
  run(state, "fails(\"script.lua:1: a.csv:2: columns 1 and 3 are both named 'x'\", "
             "hoko.csv(write('a.csv', '\\nx,y,x\\n')))\n"
             "fails('script.lua:3: a.csv:1: the header is no UTF-8\\nhint: name the encoding of "
             "the file: '\n"
             "  .. 'hoko.csv(path, { encoding = \"windows-1256\" }), or \"UTF-16\"', "
             "hoko.csv(write('a.csv', 'a,\\xff\\n')))\n"
             "fails('script.lua:4: a.csv:1: the quote that opens cell 2 is never closed', "
             "hoko.csv(write('a.csv', 'a,\"b\\nc')))\n");
}

static void a_file_without_rows_gives_none(void **state) {
  run(state, "for _, text in ipairs{ '', 'a,b', 'a,b\\r\\n', '\\n\\n', '\\xef\\xbb\\xbf' } do\n"
             "  local source = hoko.csv(write('a.csv', text))\n"
             "  assert(source() == nil and source() == nil)\n"
             "end\n");
}

static void malformed_records_stop_with_both_lines(void **state) {
  run(state, "write('a.csv', 'a,b\\n1,2\\n3\\n')\n"
             "local source = hoko.csv('a.csv')\n"
             "assert(source().a == '1')\n"
             "fails('script.lua:2: a.csv:3: 1 cell where 2 are expected', source)\n"
             "fails('script.lua:5: the source of a.csv is closed', function() source() end)\n");
}

static void malformed_records_can_be_rejects(void **state) {
  run(state,
      "write('a.csv', 'a,b\\n1,2\\n3\\n\"4\"x,\\xff\\n5,6\\n7,\"8\\n')\n"
      "local rows = all(hoko.csv('a.csv', { on_error = 'reject' }))\n"
      "assert(#rows == 2 and rows[2].a == '5' and #rejects == 3)\n"
      "assert(rejects[1] == 'a.csv:3: source: 1 cell where 2 are expected: \"3\"', rejects[1])\n"
      "assert(rejects[2] == [[a.csv:4: source: text after the closing quote of cell 1: "
      "\"\\\"4\\\"x,\\\\xff\"]], rejects[2])\n"
      "assert(rejects[3] == [[a.csv:6: source: the quote that opens cell 2 is never closed: "
      "\"7,\\\"8\"]], rejects[3])\n");
}

static void where_nobody_takes_rejects_they_are_errors(void **state) {
  struct world *w = *state;
  w->shared.source.reject = NULL;
  run(state, "local source = hoko.csv(write('a.csv', 'a,b\\n3\\n'), { on_error = 'reject' })\n"
             "fails('script.lua:1: a.csv:2: 1 cell where 2 are expected', source)\n");
}

static void a_binary_file_is_told(void **state) {
  run(state,
      "local bytes = {} for i = 0, 255 do bytes[i + 1] = string.char(255 - i) end\n"
      "local ok, message = pcall(hoko.csv(write('a.bin', table.concat(bytes):rep(100))))\n"
      "assert(not ok and message:find('a.bin:1: the header is no UTF-8', 1, true), message)\n"
      "ok, message = pcall(hoko.ndjson('a.bin'))\n"
      "assert(not ok and message:find('a.bin:1: column 1: expected a value', 1, true), message)\n"
      "ok, message = pcall(hoko.json('a.bin'))\n"
      "assert(not ok and message:find('a.bin:1: column 1: expected a value', 1, true), message)\n");
}

static void files_that_cannot_be_read_are_told(void **state) {
  run(state, "local function message(...) local _, text = pcall(hoko.csv(...)) return text end\n"
             "assert(message('none.csv') == 'script.lua:1: none.csv: cannot open: No such file or "
             "directory', message('none.csv'))\n"
             "fails('script.lua:3: .: this is a folder, not a file', hoko.csv('.'))\n");
}

static void files_close_at_the_end_at_break_at_errors_and_when_dropped(void **state) {
  run(state, "write('a.csv', 'a\\n1\\n2\\n')\n"
             "local before = open_files()\n"
             "local source = hoko.csv('a.csv')\n"
             "assert(open_files() == before)\n"
             "source()\n"
             "assert(open_files() == before + 1)\n"
             "source() source()\n"
             "assert(open_files() == before)\n"
             "for _ in hoko.csv('a.csv') do assert(open_files() == before + 1) break end\n"
             "assert(open_files() == before)\n"
             "pcall(function() for _ in hoko.csv('a.csv') do error('x') end end)\n"
             "assert(open_files() == before)\n"
             "pcall(hoko.csv(write('b.csv', 'a,b\\n1')))\n"
             "assert(open_files() == before)\n"
             "hoko.csv('a.csv')() collectgarbage() collectgarbage()\n"
             "assert(open_files() == before)\n");
}

static void packed_and_recoded_files_are_read_as_they_are(void **state) {
  run(state,
      "write('a.csv', 'name\\nx\\n')\n"
      "assert(os.execute('gzip -kf a.csv; cat a.csv.gz a.csv.gz > b.csv.gz; head -c 20 a.csv.gz > "
      "cut.csv.gz'))\n"
      "assert(all(hoko.csv('a.csv.gz'))[1].name == 'x' and #all(hoko.csv('b.csv.gz')) == 3)\n"
      "fails('script.lua:4: cut.csv.gz:1: the gzip data ends in the middle: the file is cut off', "
      "hoko.csv('cut.csv.gz'))\n"
      "write('w.csv', '\\xc7\\xe1\\xc7\\xd3\\xe3\\n\\xe4\\xe6\\xd1\\xc9\\n')\n"
      "assert(all(hoko.csv('w.csv', { encoding = 'windows-1256' }))[1]['الاسم'] == 'نورة')\n"
      "write('u.csv', '\\xff\\xfea\\0\\n\\0\\x46\\6\\n\\0')\n"
      "assert(all(hoko.csv('u.csv', { encoding = 'UTF-16' }))[1].a == 'ن')\n"
      "fails('script.lua:10: u.csv:1: the header is no UTF-8\\nhint: name the encoding of the "
      "file: '\n"
      "  .. 'hoko.csv(path, { encoding = \"windows-1256\" }), or \"UTF-16\"', hoko.csv('u.csv'))\n"
      "write('u.csv', '\\xff\\xfea\\0\\n\\0b\\0\\n\\0\\0\\xdcx\\0')\n"
      "local source = hoko.csv('u.csv', { encoding = 'UTF-16' })\n"
      "assert(source().a == 'b')\n"
      "fails('script.lua:12: u.csv:3: byte 11 (line 3) stands for no character of UTF-16', "
      "source)\n"
      "local ok, message = pcall(hoko.csv('u.csv', { encoding = 'klingon' }))\n"
      "assert(message:find(\"u.csv: the encoding 'klingon' is not known here\\nhint: those\", 1, "
      "true), message)\n");
}

static void wrong_use_raises_at_the_caller_s_line(void **state) {
  run(state,
      "fails('script.lua:1: hoko.csv: the path must be a string, not nil', function() hoko.csv() "
      "end)\n"
      "fails('script.lua:2: hoko.csv: the path must be a string, not number', function() "
      "hoko.csv(1) end)\n"
      "fails('script.lua:3: hoko.csv: the path is empty', function() hoko.csv('') end)\n"
      "fails('script.lua:4: hoko.csv: the options must be a table, not a string', function() "
      "hoko.csv('a', ';') end)\n"
      "fails(\"script.lua:6: hoko.csv: unknown option 'delimeter', did you mean 'delimiter'?\",\n"
      "  function() hoko.csv('a', { delimeter = ';' }) end)\n"
      "fails(\"script.lua:8: hoko.csv: option 'delimiter' must be one ASCII character, such as "
      "',', ';' or '\\\\t'\",\n"
      "  function() hoko.csv('a', { delimiter = ';;' }) end)\n"
      "fails(\"script.lua:10: hoko.csv: option 'ragged' must be a boolean, not a number\",\n"
      "  function() hoko.csv('a', { ragged = 1 }) end)\n"
      "fails(\"script.lua:12: hoko.csv: option 'on_error' must be 'stop' or 'reject', not "
      "'skip'\",\n"
      "  function() hoko.csv('a', { on_error = 'skip' }) end)\n"
      "fails(\"script.lua:14: hoko.csv: option 'columns' needs a header\",\n"
      "  function() hoko.csv('a', { header = false, columns = { 'a' } }) end)\n"
      "fails(\"script.lua:16: hoko.csv: option 'header' must hold names, but element 2 is a "
      "number\",\n"
      "  function() hoko.csv('a', { header = { 'a', 2 } }) end)\n");
}

static void ndjson_gives_a_value_a_line(void **state) {
  run(state,
      "write('a.ndjson', '{\"id\":9007199254740993,\"tags\":[],\"x\":null}\\r\\n\\n  "
      "\\n[1,2.5]\\n\"last\"')\n"
      "local rows = all(hoko.ndjson('a.ndjson'))\n"
      "assert(#rows == 3 and rows[1].id == 9007199254740993 and rows[1].x == hoko.null)\n"
      "assert(hoko.json.encode(rows[1]) == '{\"id\":9007199254740993,\"tags\":[],\"x\":null}')\n"
      "assert(rows[2][2] == 2.5 and rows[3] == 'last')\n"
      "assert(#all(hoko.ndjson(write('empty.ndjson', ''))) == 0)\n");
}

static void a_bad_line_of_ndjson_stops_or_is_a_reject(void **state) {
  run(state,
      "write('a.ndjson', '{\"a\":1}\\n{\"a\":}\\n{\"a\":2} {\"a\":3}\\n{\"a\":4}\\n{\"a\":5')\n"
      "local source = hoko.ndjson('a.ndjson')\n"
      "assert(source().a == 1 and hoko.place() == 'a.ndjson:1')\n"
      "fails('script.lua:2: a.ndjson:2: column 6: expected a value', source)\n"
      "local rows = all(hoko.ndjson('a.ndjson', { on_error = 'reject' }))\n"
      "assert(#rows == 2 and rows[2].a == 4 and #rejects == 3)\n"
      "assert(rejects[1] == [[a.ndjson:2: source: column 6: expected a value: \"{\\\"a\\\":}\"]], "
      "rejects[1])\n"
      "assert(rejects[2]:find('a.ndjson:3: source: column 9: expected nothing behind the value', "
      "1, true), rejects[2])\n"
      "assert(rejects[3]:find('a.ndjson:5: source: column 7: the text ends too early', 1, true), "
      "rejects[3])\n");
}

static void json_gives_the_items_at_a_path(void **state) {
  run(state, "write('a.json', "
             "'{\"total\":2,\\n\"items\":[{\"a\":1},\\n{\"a\":\"\\\\u00e9\",\"b\":[]}]}')\n"
             "local source = hoko.json('a.json', { at = '$.items' })\n"
             "assert(source().a == 1 and hoko.place() == 'a.json:2')\n"
             "local row = source()\n"
             "assert(row.a == 'é' and hoko.json.encode(row) == '{\"a\":\"é\",\"b\":[]}' and "
             "hoko.place() == 'a.json:3')\n"
             "assert(source() == nil and hoko.place() == nil)\n"
             "assert(#all(hoko.json(write('b.json', '[1,2,3]'))) == 3)\n"
             "fails('script.lua:9: a.json:1: $ is an object, not an array\\n'\n"
             "  .. 'hint: name where the rows are: hoko.json(path, { at = \"$.items\" })', "
             "hoko.json('a.json'))\n"
             "fails('script.lua:10: a.json:3: there is no $.rows in the file', hoko.json('a.json', "
             "{ at = '$.rows' }))\n"
             "local cut = hoko.json(write('c.json', '[{\"a\":1},\\n{\"a\"'))\n"
             "assert(cut().a == 1)\n"
             "fails('script.lua:11: c.json:2: column 5: the text ends too early', cut)\n"
             "local twice = hoko.json(write('d.json', '[{\"a\":1,\"a\":2}]'))\n"
             "fails(\"script.lua:14: d.json:1: column 12: the key 'a' stands twice in an object\", "
             "twice)\n");
}

static void wrong_use_of_json_sources_raises(void **state) {
  run(state,
      "fails('script.lua:1: hoko.json: the path must be a string, not nil', function() hoko.json() "
      "end)\n"
      "fails('script.lua:2: hoko.ndjson: the path must be a string, not nil', function() "
      "hoko.ndjson() end)\n"
      "fails(\"script.lua:4: hoko.json: unknown option 'att', did you mean 'at'?\",\n"
      "  function() hoko.json('a', { att = '$' }) end)\n"
      "fails(\"script.lua:7: hoko.json: the path 'items' does not begin with $ at its character "
      "1\\n\"\n"
      "  .. \"hint: a path is like $.items, $.data['all rows'], $[0].rows or $.pages[*].items\",\n"
      "  function() hoko.json('a', { at = 'items' }) end)\n");
}

static void the_pump_pulls_without_lua_and_learns_the_place(void **state) {
  run(state, "local source = hoko.csv(write('a.csv', 'a\\n\"1\\n\"\\n2\\n'))\n"
             "assert(hoko.place() == nil)\n"
             "assert(hoko.pull_native(source).a == '1\\n' and hoko.place() == 'a.csv:2')\n"
             "assert(hoko.pull_native(source).a == '2' and hoko.place() == 'a.csv:4')\n"
             "assert(hoko.pull_native(source) == nil and hoko.place() == nil)\n"
             "for _, other in ipairs{ {}, print, 'x', io.stdout } do assert(select('#', "
             "hoko.pull_native(other)) == 0) end\n");
}

static void a_pull_inside_a_pull_raises(void **state) {
  run(state, "write('a.csv', 'a\\n1\\n' .. ('x\\n'):rep(50000))\n"
             "local source = hoko.csv('a.csv')\n"
             "local inside = {}\n"
             "local function plant()\n"
             "  setmetatable({}, { __gc = function()\n"
             "    local ok, message = pcall(source)\n"
             "    if not ok then inside[message] = true end\n"
             "    ok, message = pcall(function() local closing <close> = source end)\n"
             "    if not ok then inside[message] = true end\n"
             "    plant() end })\n"
             "end\n"
             "plant()\n"
             "for row in source do assert(row.a == 'x' or row.a == '1') if next(inside) then break "
             "end end\n"
             "for message in pairs(inside) do\n"
             "  assert(message:find('the source of a.csv is in the middle of a row', 1, true), "
             "message) end\n"
             "source = nil\n");
}

static void names_that_come_in_another_order_are_right(void **state) {
  run(state,
      "write('a.ndjson', "
      "'{\"a\":1,\"b\":2,\"c\":3}\\n{\"a\":1,\"c\":3}\\n{\"a\":1,\"c\":3,\"b\":2,\"d\":4}\\n'\n"
      "  .. "
      "'{\"\\\\u0061\":1,\"c\":3,\"b\":{\"a\":5}}\\n{}\\n{\"a\":1,\"c\":3,\"b\":2}\\n{\"a\":1,"
      "\"c\":3,\"c\":4}')\n"
      "local source = hoko.ndjson('a.ndjson')\n"
      "for _, want in ipairs{ '{\"a\":1,\"b\":2,\"c\":3}', '{\"a\":1,\"c\":3}', "
      "'{\"a\":1,\"b\":2,\"c\":3,\"d\":4}',\n"
      "  '{\"a\":1,\"b\":{\"a\":5},\"c\":3}', '{}', '{\"a\":1,\"b\":2,\"c\":3}' } do\n"
      "  local got = hoko.json.encode(source()) assert(got == want, got) end\n"
      "fails(\"script.lua:3: a.ndjson:7: column 17: the key 'c' stands twice in an object\", "
      "source)\n"
      "local many = {} for i = 1, 200 do many[i] = '\"k' .. i .. '\":' .. i end\n"
      "local line = '{' .. table.concat(many, ',') .. '}\\n'\n"
      "for row in hoko.ndjson(write('b.ndjson', line:rep(3))) do assert(row.k200 == 200 and "
      "row.k64 == 64) end\n");
}

static void its_functions_refuse_what_is_no_source(void **state) {
  run(state, "local source = hoko.csv('a.csv')\n"
             "assert(getmetatable(source) == false and tostring(source) == 'source: a.csv')\n"
             "local call = hoko.call_of(source)\n"
             "for _, other in ipairs{ 1, 'x', {}, print, io.stdout } do\n"
             "  fails('script.lua:5: this is not a source', function() call(other) end)\n"
             "end\n");
}

int main(void) {
  char folder[] = "/tmp/hoko-sources-XXXXXX";
  if (!mkdtemp(folder) || chdir(folder)) return 1;
#define IN_A_STATE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      IN_A_STATE(rows_are_tables_by_column),
      IN_A_STATE(an_unknown_column_raises_at_the_script_s_line),
      IN_A_STATE(options_shape_the_rows),
      IN_A_STATE(demanded_columns_are_checked_at_the_first_pull),
      IN_A_STATE(headers_must_be_usable),
      IN_A_STATE(a_file_without_rows_gives_none),
      IN_A_STATE(malformed_records_stop_with_both_lines),
      IN_A_STATE(malformed_records_can_be_rejects),
      IN_A_STATE(where_nobody_takes_rejects_they_are_errors),
      IN_A_STATE(a_binary_file_is_told),
      IN_A_STATE(files_that_cannot_be_read_are_told),
      IN_A_STATE(files_close_at_the_end_at_break_at_errors_and_when_dropped),
      IN_A_STATE(packed_and_recoded_files_are_read_as_they_are),
      IN_A_STATE(wrong_use_raises_at_the_caller_s_line),
      IN_A_STATE(ndjson_gives_a_value_a_line),
      IN_A_STATE(a_bad_line_of_ndjson_stops_or_is_a_reject),
      IN_A_STATE(json_gives_the_items_at_a_path),
      IN_A_STATE(wrong_use_of_json_sources_raises),
      IN_A_STATE(the_pump_pulls_without_lua_and_learns_the_place),
      IN_A_STATE(a_pull_inside_a_pull_raises),
      IN_A_STATE(names_that_come_in_another_order_are_right),
      IN_A_STATE(its_functions_refuse_what_is_no_source),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return system("rm -r \"$PWD\"") ? 1 : failed;
}
