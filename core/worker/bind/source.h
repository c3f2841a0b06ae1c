/* source.h - what every native source has: a userdata that opens its file at the
 * first pull, gives a row a pull, and closes the file at its end, at an error,
 * when its loop is left, or when it is collected.
 *
 * A kind's functions return errors; only source.c raises them, as
 * "script.lua:5: partners.csv:17: what", with the line that made the source and
 * the line of the data.  Lua's own "not enough memory" may pass through a kind's
 * functions at any call into Lua, so what they hold is in their struct. */
#ifndef HOKO_WORKER_BIND_SOURCE_H
#define HOKO_WORKER_BIND_SOURCE_H

#include "base/buf.h"
#include "base/error.h"
#include "worker/bind/sources.h"
#include "worker/source/bytes.h"

#include <lua.h>

struct source;

struct source_kind {
  size_t size_bytes;  /* of the struct that begins with struct source */
  size_t limit_bytes; /* how much of the file may wait unread; 0: it reads no file */
  /* The file is open: reads its begin.  Leaves the stack as it was. */
  int (*open)(lua_State *L, struct source *s, struct error *err);
  /* 1: a row is pushed; 0: the end; -1: *err tells, its line is that of the data. */
  int (*pull)(lua_State *L, struct source *s, struct error *err);
  /* Frees all but BYTES, whether open() was called or not; never raises. */
  void (*close)(lua_State *L, struct source *s);
};

enum source_state { SOURCE_NEW, SOURCE_OPEN, SOURCE_ENDED, SOURCE_CLOSED };

struct source {
  const struct source_kind *kind;
  struct bytes bytes;
  const char *path;  /* as the script gave it; lives as long as the Lua state */
  const char *name;  /* the same for people */
  char encoding[64]; /* "" for UTF-8 */
  char made_at[80];  /* "script.lua:5: ", or "" */
  enum source_state state;
  bool has_rejects;      /* a bad record is reported and left out */
  bool is_pulling;       /* a finalizer of the script, or a report, may come back here */
  struct buf text, json; /* of the record that is reported */
};

/* Pushes a new source for the file named by the string at INDEX, with zeros behind its
 * struct source; returns it.  ENCODING NULL: UTF-8. */
struct source *source_new(lua_State *L, const struct source_kind *kind, int index,
                          const char *encoding);
/* To end a function that made a source, now on the stack's top: returns it with the
 * values behind it that make a `for` close it, as io.lines does. */
int source_return(lua_State *L);

/* Tells who asks where the record in hand stands. */
void source_place(lua_State *L, const struct source *s, uint64_t line);
/* Reports the record RAW of LINE as a reject; may raise.  false: it must be an error,
 * since the script did not ask for rejects, or nobody takes them. */
MUST_USE bool source_reject(lua_State *L, struct source *s, uint64_t line, const char *why,
                            struct slice raw);

/* The Lua functions hoko.csv, hoko.ndjson, hoko.json and hoko.sql. */
int source_csv(lua_State *L);
int source_ndjson(lua_State *L);
int source_json(lua_State *L);
int source_sql(lua_State *L);
/* (source, array of columns): a CSV source that is not open yet demands them too, as its
 * option `columns` does; any other is left as it is. */
int source_csv_demand(lua_State *L);

/* Makes the sources' common metatable, once a state. */
void source_register(lua_State *L);

#endif
