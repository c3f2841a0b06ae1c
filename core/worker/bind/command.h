/* command.h - programs that the host starts for a script that may (contract 4.5). */
#ifndef HOKO_WORKER_BIND_COMMAND_H
#define HOKO_WORKER_BIND_COMMAND_H

#include <lua.h>

/* (line) → true or nil, "exit" or "signal", code, as os.execute; or nil, message, code of
 * the error, if it did not start. */
int command_execute(lua_State *L);
/* (line, "r" or "w") → a file of Lua's io library, as io.popen; or nil, message, code. */
int command_open(lua_State *L);

#endif
