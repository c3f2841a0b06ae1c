/* topic.h - the manual of the Lua API, as scdoc source: `hoko help lua` is the whole
 * page, `hoko help hoko.csv` one function's part of it. */
#ifndef HOKO_CLI_TOPIC_H
#define HOKO_CLI_TOPIC_H

#include "base/buf.h"
#include "base/error.h"

/* Appends the page of NAME ("lua", "hoko", "hoko.csv" or "hoko.text", which has all its
 * functions).  The preamble that scdoc(1) wants is there only when HAS_PREAMBLE.  -1: there
 * is none, *err names the nearest. */
MUST_USE int topic_put(struct buf *b, struct slice name, bool has_preamble, struct error *err);

/* Whether NAME looks like one of the API, so that a topic and no command is meant. */
bool topic_is_meant(struct slice name);

#endif
