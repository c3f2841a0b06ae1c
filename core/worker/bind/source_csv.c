/* source_csv.c - hoko.csv: rows of a CSV file as tables by column.
 *
 * A row costs the table and its strings, nothing else: the names of the columns
 * are Lua strings made once, in an array that the registry keeps. */
#include "base/utf8.h"
#include "worker/bind/args.h"
#include "worker/bind/columns.h"
#include "worker/bind/source.h"
#include "worker/raise.h"
#include "worker/source/csv.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

static const char function[] = "hoko.csv";

enum header { HEADER_READ, HEADER_NONE, HEADER_GIVEN };

struct source_csv {
  struct source source;
  struct csv csv;
  enum header header;
  char delimiter;
  bool keeps_empty, is_ragged;
  /* Of the registry.  Before the file is open: {header = given, columns = demanded};
   * then: {name…, the rows' metatable}. */
  int names_ref;
  size_t names_len;
};

/* ---- the header ---- */

/* Pushes {name…, room for one} from the record that was read. */
static int push_read_names(lua_State *L, struct source_csv *t, struct error *err) {
  size_t n = t->names_len = t->csv.cells_len;
  lua_createtable(L, (int)n + 1, 0);
  for (size_t i = 0; i < n; i++) {
    struct slice name = csv_cell(&t->csv, i);
    if (utf8_check(name) < name.len) {
      error_set(err, ERROR_DATA, "the header is no UTF-8");
      return error_hint(err, "name the encoding of the file: hoko.csv(path, { encoding = "
                             "\"windows-1256\" }), or \"UTF-16\"");
    }
    lua_pushlstring(L, name.ptr, name.len);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 0;
}

/* Pushes the same from option `header`. */
static void push_given_names(lua_State *L, struct source_csv *t, int options) {
  lua_getfield(L, options, "header");
  size_t n = t->names_len = lua_rawlen(L, -1);
  lua_createtable(L, (int)n + 1, 0);
  for (lua_Integer i = 1; i <= (lua_Integer)n; i++) {
    lua_rawgeti(L, -2, i);
    lua_rawseti(L, -2, i);
  }
  lua_remove(L, -2);
}

static void list_names(lua_State *L, const struct source_csv *t, int names, char *to, size_t size) {
  size_t len = 0;
  to[0] = '\0';
  for (size_t i = 0; i < t->names_len && len < size; i++) {
    lua_rawgeti(L, names, (lua_Integer)i + 1);
    int more = snprintf(to + len, size - len, "%s%s", i ? ", " : "", lua_tostring(L, -1));
    len += more > 0 ? (size_t)more : 0;
    lua_pop(L, 1);
  }
}

static int lacks(lua_State *L, const struct source_csv *t, int names, const char *column,
                 struct error *err) {
  char list[400];
  const char *near = columns_nearest(L, names, t->names_len, slice_of(column));
  list_names(L, t, names, list, sizeof list);
  if (near)
    error_set(err, ERROR_DATA, "the column '%s' is missing, did you mean '%s'?", column, near);
  else
    error_set(err, ERROR_DATA, "the column '%s' is missing", column);
  return t->names_len ? error_hint(err, "the columns are: %s", list)
                      : error_hint(err, "the file is empty");
}

/* All columns that the script demands must be there. */
static int check_columns(lua_State *L, const struct source_csv *t, int options, int names, int set,
                         struct error *err) {
  if (lua_getfield(L, options, "columns") == LUA_TNIL) return 0;
  for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
    const char *column = lua_tostring(L, -1);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, set) == LUA_TNIL) return lacks(L, t, names, column, err);
    lua_pop(L, 2);
  }
  return 0;
}

/* The names are on the top: their place in the registry is taken, rows get their metatable. */
static int use_names(lua_State *L, struct source_csv *t, int options, struct error *err) {
  int names = lua_gettop(L), set = names + 1;
  if (columns_push_set(L, names, t->names_len, err) ||
      check_columns(L, t, options, names, set, err))
    return -1;
  columns_push_metatable(L, names, set, t->source.name);
  lua_rawseti(L, names, (lua_Integer)t->names_len + 1);
  lua_pushvalue(L, names);
  lua_rawseti(L, LUA_REGISTRYINDEX, t->names_ref);
  return 0;
}

/* Pushes the names; a file without a byte has none. */
static int push_names(lua_State *L, struct source_csv *t, int options, struct error *err) {
  if (t->header == HEADER_GIVEN) {
    push_given_names(L, t, options);
    return 0;
  }
  enum csv_got got = csv_next(&t->csv, err);
  return got == CSV_RECORD || got == CSV_END ? push_read_names(L, t, err) : -1;
}

static int open_csv(lua_State *L, struct source *s, struct error *err) {
  struct source_csv *t = (struct source_csv *)s;
  int top = lua_gettop(L), options = top + 1;
  csv_init(&t->csv, &s->bytes, t->delimiter);
  lua_rawgeti(L, LUA_REGISTRYINDEX, t->names_ref);
  if (t->header != HEADER_NONE &&
      (push_names(L, t, options, err) || use_names(L, t, options, err))) {
    err->line = t->header == HEADER_READ ? (int)t->csv.line : 0;
    return -1;
  }
  t->csv.cells_expected = t->names_len;
  t->csv.is_ragged = t->is_ragged;
  lua_settop(L, top);
  return 0;
}

/* ---- rows ---- */

static inline bool is_nil(const struct source_csv *t, struct slice cell) {
  return cell.len == 0 && !t->keeps_empty;
}

static void push_table(lua_State *L, const struct source_csv *t) {
  size_t n = t->csv.cells_len;
  lua_rawgeti(L, LUA_REGISTRYINDEX, t->names_ref);
  lua_createtable(L, 0, (int)t->names_len);
  for (size_t i = 0; i < n; i++) {
    struct slice cell = csv_cell(&t->csv, i);
    if (is_nil(t, cell)) continue;
    lua_rawgeti(L, -2, (lua_Integer)i + 1);
    lua_pushlstring(L, cell.ptr, cell.len);
    lua_rawset(L, -3);
  }
  lua_rawgeti(L, -2, (lua_Integer)t->names_len + 1);
  lua_setmetatable(L, -2);
  lua_replace(L, -2);
}

static void push_array(lua_State *L, const struct source_csv *t) {
  size_t n = t->csv.cells_len;
  lua_createtable(L, (int)n, 0);
  for (size_t i = 0; i < n; i++) {
    struct slice cell = csv_cell(&t->csv, i);
    if (is_nil(t, cell)) continue;
    lua_pushlstring(L, cell.ptr, cell.len);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
}

static int pull_csv(lua_State *L, struct source *s, struct error *err) {
  struct source_csv *t = (struct source_csv *)s;
  for (;;) {
    enum csv_got got = csv_next(&t->csv, err);
    if (__builtin_expect(got == CSV_RECORD, 1)) {
      source_place(L, s, t->csv.line);
      if (t->header == HEADER_NONE)
        push_array(L, t);
      else
        push_table(L, t);
      return 1;
    }
    if (got == CSV_END) return 0;
    err->line = (int)t->csv.line;
    struct slice raw = {t->csv.raw, t->csv.raw_len};
    if (got == CSV_FAILED || !source_reject(L, s, t->csv.line, err->message, raw)) return -1;
  }
}

static void close_csv(lua_State *L, struct source *s) {
  struct source_csv *t = (struct source_csv *)s;
  csv_free(&t->csv);
  luaL_unref(L, LUA_REGISTRYINDEX, t->names_ref);
  t->names_ref = LUA_NOREF;
}

/* ---- hoko.csv ---- */

static char check_delimiter(const struct args *a) {
  const char *text = args_text(a, "delimiter", ",");
  bool is_one = text[0] > 0 && text[1] == '\0' && !strchr("\"\r\n", text[0]);
  if (!is_one)
    raise_error(a->L,
                "%s: option 'delimiter' must be one ASCII character, such as ',', ';' or '\\t'",
                function);
  return text[0];
}

/* Pushes a copy of the array of texts on the stack's top, in its place. */
static void copy_names(const struct args *a, const char *option) {
  lua_State *L = a->L;
  lua_Integer n = (lua_Integer)lua_rawlen(L, -1);
  if (n == 0 || n > CSV_CELLS_MAX)
    raise_error(L, "%s: option '%s' must name 1 to %d columns", function, option, CSV_CELLS_MAX);
  lua_createtable(L, (int)n, 0);
  for (lua_Integer i = 1; i <= n; i++) {
    if (lua_rawgeti(L, -2, i) != LUA_TSTRING)
      raise_error(L, "%s: option '%s' must hold names, but element %d is a %s", function, option,
                  (int)i, luaL_typename(L, -1));
    lua_rawseti(L, -2, i);
  }
  lua_replace(L, -2);
}

static enum header check_header(const struct args *a) {
  lua_State *L = a->L;
  switch (args_push(a, "header", LUA_TNONE)) {
  case LUA_TNIL: return HEADER_READ;
  case LUA_TBOOLEAN: return lua_toboolean(L, -1) ? HEADER_READ : HEADER_NONE;
  case LUA_TTABLE: copy_names(a, "header"); return HEADER_GIVEN;
  default:
    raise_error(L, "%s: option 'header' must be true, false or an array of names, not a %s",
                function, luaL_typename(L, -1));
  }
}

/* Leaves {header = …, columns = …} on the stack. */
static enum header check_names(const struct args *a) {
  lua_State *L = a->L;
  lua_createtable(L, 0, 2);
  enum header header = check_header(a);
  lua_setfield(L, -2, "header");
  if (args_push(a, "columns", LUA_TTABLE) != LUA_TNIL) {
    copy_names(a, "columns");
    if (header == HEADER_NONE) raise_error(L, "%s: option 'columns' needs a header", function);
  }
  lua_setfield(L, -2, "columns");
  return header;
}

static const struct source_kind kind = {
    .size_bytes = sizeof(struct source_csv),
    .limit_bytes = CSV_RECORD_MAX,
    .open = open_csv,
    .pull = pull_csv,
    .close = close_csv,
};

int source_csv(lua_State *L) {
  static const char *const options[] = {"header", "delimiter", "columns",  "encoding",
                                        "empty",  "ragged",    "on_error", NULL};
  static const char *const empties[] = {"nil", "string", NULL};
  static const char *const on_errors[] = {"stop", "reject", NULL};
  (void)args_name(L, function, 1, "path");
  struct args a = args_open(L, function, 2, options);
  char delimiter = check_delimiter(&a);
  bool keeps_empty = args_choice(&a, "empty", empties) == 1,
       is_ragged = args_flag(&a, "ragged", false);
  bool has_rejects = args_choice(&a, "on_error", on_errors) == 1;
  const char *encoding = args_text(&a, "encoding", NULL);
  enum header header = check_names(&a);
  struct source_csv *t = (struct source_csv *)source_new(L, &kind, 1, encoding);
  t->names_ref = LUA_NOREF;
  t->source.has_rejects = has_rejects;
  t->header = header;
  t->delimiter = delimiter;
  t->keeps_empty = keeps_empty;
  t->is_ragged = is_ragged;
  lua_insert(L, -2);
  t->names_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  return source_return(L);
}

/* ---- columns that a map names ---- */

/* A file with a header has names, one without has numbers. */
static void check_demanded(lua_State *L, const struct source_csv *t) {
  bool is_number = lua_isinteger(L, -1), has_numbers = t->header == HEADER_NONE;
  if (is_number == has_numbers) return;
  const char *column = luaL_tolstring(L, -1, NULL);
  if (is_number)
    raise_error(L, "hoko.map: the file has a header, so column %s is to be named", column);
  raise_error(L, "hoko.map: the file has no header, so column '%s' is to be a number", column);
}

/* Pushes the array of the columns demanded already, a new one where there is none. */
static void push_columns(lua_State *L, const struct source_csv *t) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, t->names_ref);
  if (lua_getfield(L, -1, "columns") == LUA_TNIL) {
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, -4, "columns");
    lua_remove(L, -2);
  }
  lua_remove(L, -2);
}

int source_csv_demand(lua_State *L) {
  void *source;
  if (!source_native(L, 1, &source) || ((struct source *)source)->kind != &kind) return 0;
  struct source_csv *t = source;
  if (t->source.state != SOURCE_NEW) return 0;
  luaL_checktype(L, 2, LUA_TTABLE);
  push_columns(L, t);
  lua_Integer len = (lua_Integer)lua_rawlen(L, -1);
  for (lua_Integer i = 1; lua_rawgeti(L, 2, i) != LUA_TNIL; i++) {
    check_demanded(L, t);
    if (t->header == HEADER_NONE)
      lua_pop(L, 1);
    else
      lua_rawseti(L, -2, ++len);
  }
  return 0;
}
