/* repl_mock.h - the mock beside `hoko repl --mock`, on a thread of its own. */
#ifndef HOKO_CLI_REPL_MOCK_H
#define HOKO_CLI_REPL_MOCK_H

#include "base/clock.h"
#include "base/error.h"

enum { REPL_MOCK_PARTNERS = 20 };

struct repl_mock;

/* Answers when it returns; signals that the caller blocks do not reach its thread. */
MUST_USE int repl_mock_start(struct repl_mock **out, const struct clock *clock, struct error *err);
const char *repl_mock_url(const struct repl_mock *m);
void repl_mock_end(struct repl_mock *m);

#endif
