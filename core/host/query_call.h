/* query_call.h - what hoko.sql asks for, read and allowed.
 *
 * The JSON is {"dsn","query","params":[…],"auth"}; a parameter is a string, a number, a
 * boolean or null. */
#ifndef HOKO_HOST_QUERY_CALL_H
#define HOKO_HOST_QUERY_CALL_H

#include "host/running.h"
#include "state/query.h"

/* Opens the query of JSON for R's script: its file or server must be allowed to it.  -1:
 * ERROR_DENIED names the option to add, ERROR_AUTH, or what is wrong with the query. */
MUST_USE int query_call_open(struct running *r, struct slice json, struct query **out,
                             struct error *err);

#endif
