/* text.h - hoko.text: helpers that normalise, natively, since they run once a row.
 *
 * All take a string or nil and give a string, or nil where nothing is left.  A
 * string that is as it should be already is given back itself. */
#ifndef HOKO_WORKER_BIND_TEXT_H
#define HOKO_WORKER_BIND_TEXT_H

#include <lua.h>

/* Adds text = { trim, squeeze, fold, digits, phone, email, slug } to the table at
 * the top of the stack. */
void text_bind(lua_State *L);

#endif
